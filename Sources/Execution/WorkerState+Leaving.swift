internal import WireProtocol

// Draining, halting, leaving.

extension WorkerState {
    /// Takes nothing new; what waits is given back at once, what runs has until the deadline.
    ///
    /// Asked again, the earlier deadline counts.
    mutating func startDrain(deadline: Duration?, reason: String) {
        let earliest = [drain?.deadline, deadline].compactMap { $0 }.min()
        drain = Drain(deadline: earliest, reason: drain?.reason ?? reason)
        log(.draining(reason: reason))
        let leases = waiting.map(\.lease)
        waiting = []
        release(leases, reason: reason)
    }

    mutating func halt(_ isInterrupt: Bool, _ reason: String) {
        releaseEverything(reason: reason)
        sendGoodbye(reason: reason)
        leave(isInterrupt ? .interrupted(reason: reason) : .drained(reason: reason))
    }

    /// What follows from any event: free slots are filled, a finished drain ends.
    mutating func settle(_ now: Duration) {
        guard exit == nil else { return }
        beginWaiting(now)
        guard let drain, liveCount == 0 else { return }
        let isOverdue = drain.deadline.map { $0 <= now } ?? false
        guard isOverdue || (results.isEmpty && failures.isEmpty) else { return }
        sendGoodbye(reason: drain.reason)
        leave(.drained(reason: drain.reason))
    }

    mutating func sendGoodbye(reason: String) {
        guard isInSession else { return }
        effects.append(.send(.goodbye(reason: reason)))
    }

    mutating func leave(_ exit: WorkerExit) {
        cancelRunning()
        waiting = []
        phase = .left(exit)
        log(.left(exit))
        effects.append(.leave(exit))
    }

    mutating func log(_ fact: WorkerFact) {
        effects.append(.log(fact))
    }
}
