// Workers that stand still: stopped processes, which go on later.

extension SimulatedCluster {
    /// Stops a worker for less or for more than a lease; what happens to it meanwhile waits.
    mutating func stallWorker() {
        schedule(options.workerStallMilliseconds, .stallWorker)
        guard !isCalm else { return }
        let worker = random.integer(in: 0...workers.count - 1)
        guard workers[worker] != nil, backlogs[worker] == nil else { return }
        note("w\(worker) stalls")
        backlogs[worker] = []
        after(outage(50...1000), .goOn(worker: worker, life: lives[worker]))
    }

    /// A stopped worker goes on: it hears at once, in order, what waited for it.
    mutating func goOn(worker: Int) throws {
        guard let backlog = backlogs.removeValue(forKey: worker) else { return }
        note("w\(worker) goes on")
        for happening in backlog { try happen(happening) }
    }

    /// Keeps what happens to a stopped worker for later; false where nobody is stopped.
    mutating func isWaiting(_ happening: Happening) -> Bool {
        guard !backlogs.isEmpty, let worker = worker(of: happening), backlogs[worker] != nil else {
            return false
        }
        backlogs[worker]?.append(happening)
        return true
    }

    /// The worker whose process has to run for something to happen; nil where none has to.
    private func worker(of happening: Happening) -> Int? {
        switch happening {
        case .inward(let worker, _, _, _), .pulse(let worker, _), .connect(let worker, _, _),
            .disconnect(let worker, _, _), .storageSeen(let worker, _, _),
            .computed(let worker, _, _):
            worker
        case .collected(_, let peer, _): workers.firstIndex { $0?.peer == peer }
        default: nil
        }
    }
}
