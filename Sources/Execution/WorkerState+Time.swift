internal import Tiling
internal import WireProtocol

// Deadlines.

extension WorkerState {
    /// When ``WorkerEvent/timePassed`` is due next; nil when nothing waits for time.
    package var nextDeadline: Duration? {
        var deadlines: [Duration?] = [phaseDeadline, giveUpDeadline, lastCall]
        deadlines += running.filter { !$0.isCancelled }.map(\.deadline)
        if liveCount > 0 || !results.isEmpty || !failures.isEmpty {
            deadlines.append(drain?.deadline)
        }
        if isInSession {
            deadlines += results.map { entry in entry.sentAt.map { $0 + patience } }
        }
        return exit == nil ? deadlines.compactMap { $0 }.min() : nil
    }

    mutating func timePassed(_ now: Duration) {
        endOverlongTiles(now)
        if let lastCall, lastCall <= now {
            startDrain(deadline: policy.endsAt, reason: "the time limit is near")
        }
        if let deadline = drain?.deadline, deadline <= now {
            releaseEverything(reason: drain?.reason ?? "")
        }
        if let deadline = giveUpDeadline, deadline <= now {
            let wait = policy.giveUpAfter ?? .zero
            leave(.coordinatorLost("the coordinator was not found for \(wait)"))
            return
        }
        if let deadline = phaseDeadline, deadline <= now {
            if isInSession { log(.silence(now - lastHeard)) }
            redial(now)
        }
        resendResults(now)
    }

    /// When the present phase has lasted too long.
    private var phaseDeadline: Duration? {
        switch phase {
        case .connecting(let since): since + policy.dialPatience
        case .greeting(let since): since + patience
        case .backingOff(let until): until
        case .inSession:
            lastHeard
                + (welcome.map { .milliseconds($0.silenceMilliseconds(isIdle: isIdle)) } ?? patience)
        case .created, .left: nil
        }
    }

    /// When the time limit is so near that nothing new is taken; nil once the worker drains.
    private var lastCall: Duration? {
        drain == nil ? policy.endsAt.map { $0 - policy.grace } : nil
    }

    private var giveUpDeadline: Duration? {
        guard let since = outOfSessionSince, let limit = policy.giveUpAfter else { return nil }
        return since + limit
    }

    private mutating func endOverlongTiles(_ now: Duration) {
        for index in running.indices
        where !running[index].isCancelled && running[index].deadline <= now {
            let tile = running[index]
            running[index].isCancelled = true
            effects.append(.cancel(tile.lease))
            report(
                AttemptFailure(
                    lease: tile.lease,
                    failureClass: .timeout,
                    message: "\(tile.lease) took longer than \(tile.wallLimitSeconds) s"
                )
            )
        }
    }

    /// A result that was told and not acknowledged for long is told again: the answer was lost.
    private mutating func resendResults(_ now: Duration) {
        guard isInSession else { return }
        for index in results.indices {
            guard let sentAt = results[index].sentAt, sentAt + patience <= now else { continue }
            effects.append(.send(.completed(results[index].result)))
            results[index].sentAt = now
        }
    }
}
