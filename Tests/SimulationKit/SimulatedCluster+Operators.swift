import Coordination
import RunStore
import Tiling
import WireProtocol

// Operators who change their minds, and files that change behind everybody's back.

extension SimulatedCluster {
    /// An operator asks for something.
    mutating func operate() {
        schedule(options.operatorMilliseconds, .operate)
        guard !isCalm, state != nil else { return }
        switch random.integer(in: 0...9) {
        case 0...3:
            note("an operator pauses the run")
            apply(.pauseRequested)
            after(outage(20...800), .resume)
        case 4...6:
            let worker = random.integer(in: 0...workers.count - 1)
            guard let id = workers[worker]?.id else { return }
            note("an operator drains w\(worker)")
            apply(.drainRequested(id))
        case 7...8:
            note("an operator retries")
            apply(.retryRequested(nil))
        default:
            note("an operator cancels the run")
            apply(.cancelRequested)
        }
    }

    /// The operator who paused the run lets it go on.
    mutating func resume() {
        guard state != nil else { return after(200, .resume) }
        apply(.resumeRequested)
    }

    /// A cancelled run ends with its coordinator and its workers; an operator thinks better of it.
    mutating func comeBackFromCancellation() {
        note("the run is cancelled")
        state = nil
        batch = []
        actionsLeft = nil
        coordinatorLife += 1
        for worker in workers.indices where workers[worker] != nil { kill(worker) }
        after(outage(10...500), .startCoordinator)
    }

    /// A committed object is lost or cut: its readers find it, or somebody who looks.
    mutating func rot() {
        schedule(options.rotMilliseconds, .rot)
        guard !isCalm else { return }
        let objects = journal.objects.values.filter { !rotten.contains($0.key) }
            .sorted { $0.key.path < $1.key.path }
        guard !objects.isEmpty else { return }
        let object = objects[random.integer(in: 0...objects.count - 1)]
        // Nobody reads what the last stage made: it is looked at by whoever starts.
        let isLast = object.key.lease.unit.stage == work.plan.stages.last?.stage
        let isSeen = isLast || random.chance(0.3)
        guard state != nil || !isSeen else { return }
        note("\(object.key) rots")
        rotten.insert(object.key)
        disk.spoil(object.key, isRemoved: random.chance(0.5))
        if isSeen { loseObject(object, reason: "rotten") }
    }
}
