import Coordination
import Execution
import Messaging
import Tiling
import WireProtocol

// The workers: their connections, their work, and how they end.

extension SimulatedCluster {
    private mutating func nextPeer() -> PeerID {
        lastPeer += 1
        return PeerID(bytes: [UInt8(lastPeer >> 8 & 255), UInt8(lastPeer & 255)])
    }

    mutating func startWorker(_ worker: Int) {
        guard workers[worker] == nil else { return }
        lives[worker] += 1
        startedCount += 1
        workers[worker] = SimulatedWorker(
            id: Self.workerID(&random),
            slots: random.integer(in: 1...2),
            transportsObjects: random.chance(0.4),
            peer: nextPeer(),
            policy: options.pace.workers,
            at: now
        )
        note("w\(worker) starts")
        dial(worker)
        after(options.pace.pulseMilliseconds, .pulse(worker: worker, life: lives[worker]))
    }

    /// Begins to make the worker's present connection.
    private mutating func dial(_ worker: Int) {
        guard let peer = workers[worker]?.peer else { return }
        after(
            random.integer(in: 0...2),
            .connect(worker: worker, life: lives[worker], peer: peer)
        )
    }

    /// A connection comes about when both sides are there and hear each other; until then it is tried.
    mutating func connect(worker: Int, life: Int, peer: PeerID) {
        guard lives[worker] == life, workers[worker]?.peer == peer else { return }
        guard state != nil, !network.isCut(worker) else {
            after(
                outage(10...150),
                .connect(worker: worker, life: life, peer: peer)
            )
            return
        }
        say(worker, workers[worker]?.connected(at: now) ?? [])
    }

    /// The worker's system tells it that the connection is gone.
    mutating func disconnect(worker: Int, life: Int, peer: PeerID) {
        guard lives[worker] == life, workers[worker]?.peer == peer else { return }
        note("w\(worker) \(peer) is disconnected")
        let next = nextPeer()
        let acts = workers[worker]?.disconnect(redialling: next, at: now) ?? []
        dial(worker)
        say(worker, acts)
    }

    private static func workerID(_ random: inout SeededRandom) -> WorkerID {
        let digits = Array("0123456789abcdef")
        func part(_ count: Int) -> String {
            String((0..<count).map { _ in digits[random.integer(in: 0...15)] })
        }
        let text = "\(part(8))-\(part(4))-\(part(4))-\(part(4))-\(part(12))"
        guard let id = WorkerID(text) else { preconditionFailure("no identity: \(text)") }
        return id
    }

    mutating func killWorker() {
        schedule(options.workerKillMilliseconds, .killWorker)
        guard !isCalm else { return }
        let worker = random.integer(in: 0...workers.count - 1)
        guard workers[worker] != nil else { return }
        // A process that stands still hears no signal but the one that kills it.
        guard random.chance(0.3), backlogs[worker] == nil else { return kill(worker) }
        note("w\(worker) is told to end")
        let grace = outage(0...600)
        say(worker, workers[worker]?.drain(graceMilliseconds: grace, at: now) ?? [])
    }

    mutating func kill(_ worker: Int) {
        note("w\(worker) dies")
        workers[worker] = nil
        backlogs[worker] = nil
        lives[worker] += 1
        after(outage(10...2000), .startWorker(worker: worker))
    }

    mutating func partition() {
        schedule(options.partitionMilliseconds, .partition)
        guard !isCalm else { return }
        let worker = random.integer(in: 0...workers.count - 1)
        switch random.integer(in: 0...2) {
        case 0: network.cut(worker, .outward)
        case 1: network.cut(worker, .inward)
        default:
            for direction in FaultyNetwork.Direction.allCases { network.cut(worker, direction) }
        }
        note("w\(worker) is cut off")
        after(outage(50...2000), .heal(worker: worker))
    }

    mutating func pulse(worker: Int, life: Int) {
        let wallSeconds = wallSeconds()
        guard lives[worker] == life,
            let acts = workers[worker]?.passTime(at: now, wallSeconds: wallSeconds)
        else { return }
        say(worker, acts)
        after(options.pace.pulseMilliseconds, .pulse(worker: worker, life: life))
    }

    mutating func hear(worker: Int, life: Int, peer: PeerID, _ message: CoordinatorMessage) {
        // A connection's messages end with it.
        guard lives[worker] == life, workers[worker]?.peer == peer,
            let acts = workers[worker]?.hear(message, at: now)
        else { return }
        say(worker, acts)
    }

    mutating func say(_ worker: Int, _ acts: [SimulatedWorker.Act]) {
        for act in acts {
            guard let peer = workers[worker]?.peer else { return }
            switch act {
            case .send(let message):
                let delays = network.delays(worker: worker, .outward, at: now, using: &random)
                for delay in delays {
                    after(
                        delay,
                        .outward(worker: worker, peer: peer, message)
                    )
                }
            case .reconnect:
                let next = nextPeer()
                workers[worker]?.dial(as: next)
                dial(worker)
            case .verifyStorage(let welcome):
                after(
                    random.integer(in: 0...10),
                    .storageSeen(worker: worker, life: lives[worker], welcome)
                )
            case .compute(let request):
                let isSlow = !isCalm && random.chance(0.03)
                after(
                    random.integer(in: options.pace.computingMilliseconds) * (isSlow ? 40 : 1),
                    .computed(worker: worker, life: lives[worker], request)
                )
            case .remove(let key): remove(key, by: "worker \(worker)")
            case .leave(let exit):
                note("w\(worker) leaves: \(exit)")
                kill(worker)
            }
        }
    }

    mutating func finish(worker: Int, life: Int, _ request: TileRequest) {
        let lease = request.lease
        guard lives[worker] == life, workers[worker] != nil else { return }
        var outcome: Result<TileResult, TileFailure>
        func failure(_ failureClass: FailureClass) -> Result<TileResult, TileFailure> {
            .failure(TileFailure(failureClass, "simulated"))
        }
        if work.unreadable.contains(lease.unit.tile),
            lease.unit.stage == work.plan.stages.first?.stage
        {
            outcome = failure(.input)
        } else if !isCalm, random.chance(attemptFailure(of: worker)) {
            outcome = failure(random.chance(0.5) ? .crash : .outOfMemory)
        } else if request.inputs.contains(where: { rotten.contains($0.key) }) {
            outcome = failure(.storage)
        } else {
            let error = error(of: worker)
            let result = work.result(
                of: lease,
                inputs: request.inputs,
                constants: request.constants,
                halo: request.halo,
                nonce: UInt32(truncatingIfNeeded: random.next()),
                error: error
            )
            outcome =
                disk.write(result.object, using: &random) ? .success(result) : failure(.storage)
        }
        let crashes = !isCalm && random.chance(options.crashAtReport)
        let isBefore = crashes && random.chance(0.5)
        if !isBefore { say(worker, workers[worker]?.finish(lease, outcome, at: now) ?? []) }
        if crashes { kill(worker) }
    }

    private func attemptFailure(of worker: Int) -> Double {
        worker == 0
            ? max(options.attemptFailure, options.firstWorkerFailure) : options.attemptFailure
    }

    /// What a worker adds to a result when it computes wrongly.
    private mutating func error(of worker: Int) -> String {
        guard worker == 0, options.wrongResult > 0, random.chance(options.wrongResult),
            let id = workers[worker]?.id.text
        else { return "" }
        wrongWorkers.insert(id)
        return id
    }

    mutating func remove(_ key: TileObjectKey, by whom: String) {
        if journal.object(of: key.lease.unit)?.key == key {
            violations.append("\(whom) removed the committed object \(key)")
        }
        disk.remove(key)
    }
}
