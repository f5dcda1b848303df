import RunStore
import Tiling
import WireProtocol

// What follows from the mere passing of time.

extension RunState {
    /// Ends what has lasted too long, unless it was this process that stood still.
    mutating func passTime(at now: MonotonicInstant) {
        lastTick = now
        lookAtWorkers(at: now)
        endNeedlessBenches(at: now)
        watchProgress(at: now)
        guard !phase.isOver, currentRound != nil else { return }
        if rounds[current].endBackoffs(at: now) { dispatchScope = .everyone }
        endOverlong(at: now)
        endHopelessDisputes(at: now)
        if policy.speculates, rounds[current].pending.isEmpty, !leases.isEmpty {
            updateSpeculationAge()
            isTimeToSpeculate = true
            dispatchScope = .everyone
        }
    }

    /// Notes that a worker is there; one without leases has nothing to lose, and longer to say so again.
    mutating func noteHearing(of slot: Int, at now: MonotonicInstant) {
        let isIdle = workers[slot]?.held.isEmpty ?? true
        let silence = policy.leaseMilliseconds * (isIdle ? Welcome.idlePatience : 1)
        let deadline = now.advanced(byMilliseconds: silence)
        modifyWorker(slot) { worker in
            worker.heardAt = now
            worker.deadline = deadline
        }
        // A deadline that a stall had put off is nearer again.
        nextLook = nextLook.map { min($0, deadline) }
    }

    /// Ends what time ends for workers; a thousand of them are looked at when something may be due.
    private mutating func lookAtWorkers(at now: MonotonicInstant) {
        if let nextLook, now < nextLook { return }
        var earliest: MonotonicInstant?
        for slot in usedSlots {
            expire(slot, at: now)
            endRests(of: slot, at: now)
            guard let worker = workers[slot] else { continue }
            for time in [worker.deadline, worker.restsUntil, worker.benchedUntil] {
                if let time { earliest = min(time, earliest ?? time) }
            }
        }
        nextLook = earliest
    }

    /// Extends all deadlines by a gap in which nobody could be heard.
    ///
    /// After a frozen virtual machine or a stopped process, the workers' silence was ours. It comes before
    /// whatever event is the first one afterwards: a heartbeat from before the gap must not count as
    /// silence about a lease.
    mutating func forgiveStall(at now: MonotonicInstant) {
        guard let last = lastTick else { return }
        let gap = now.milliseconds(since: last)
        guard gap > policy.stallMilliseconds else { return }
        lastTick = now
        var fact = RunFact(.coordinatorStalled, .warning, message: "deadlines are extended")
        fact.durationMilliseconds = gap
        log(fact)
        let earliest = now.advanced(byMilliseconds: policy.leaseMilliseconds)
        alarms.skip(milliseconds: gap)
        for (unit, dispute) in disputes {
            disputes[unit]?.waitsSince = dispute.waitsSince?.advanced(byMilliseconds: gap)
        }
        for slot in usedSlots {
            modifyWorker(slot) { worker in
                worker.deadline = max(worker.deadline.advanced(byMilliseconds: gap), earliest)
            }
            for key in workers[slot]?.held ?? [] {
                guard let lease = leases[key] else { continue }
                leases[key]?.grantedAt = lease.grantedAt.advanced(byMilliseconds: gap)
                leases[key]?.confirmedAt = lease.confirmedAt.advanced(byMilliseconds: gap)
            }
        }
    }

    /// True while some tile is being computed, or its result is looked at.
    package var hasLeases: Bool { !leases.isEmpty }

    /// When the first worker that holds leases has been silent for too long; nil when none may be.
    package func nextExpiry(after now: MonotonicInstant) -> MonotonicInstant? {
        guard hasLeases else { return nil }
        var earliest: MonotonicInstant?
        for slot in usedSlots {
            guard let deadline = workers[slot]?.deadline, deadline > now,
                deadline < earliest ?? deadline.advanced(byMilliseconds: 1),
                !(workers[slot]?.held.isEmpty ?? true)
            else { continue }
            earliest = deadline
        }
        return earliest
    }

    private mutating func expire(_ slot: Int, at now: MonotonicInstant) {
        guard let deadline = workers[slot]?.deadline, deadline <= now, let worker = workers[slot]
        else { return }
        let isWaiting = worker.held.contains { leases[$0]?.needsWorker ?? false }
        guard worker.session != nil || isWaiting else {
            forget(slot, at: now)
            return
        }
        let reason =
            worker.userID == nil
            ? "did not come back after a restart of the coordinator"
            : "silent for \(now.milliseconds(since: worker.heardAt)) ms"
        loseWorker(slot, nil, isCounted: worker.userID != nil, reason: reason, at: now)
    }

    private mutating func endRests(of slot: Int, at now: MonotonicInstant) {
        if let until = workers[slot]?.restsUntil, until <= now {
            workers[slot]?.restsUntil = nil
            dispatchScope = .everyone
        }
        if let until = workers[slot]?.benchedUntil, until <= now {
            workers[slot]?.benchedUntil = nil
            dispatchScope = .everyone
        }
    }

    /// A worker is benched for others to take over: when the last of them leaves, it plays again.
    private mutating func endNeedlessBenches(at now: MonotonicInstant) {
        var benched: [Int] = []
        for slot in usedSlots {
            guard let worker = workers[slot], worker.session != nil, !worker.isDraining,
                !worker.isDistrusted
            else { continue }
            guard worker.benchedUntil != nil else { return }
            benched.append(slot)
        }
        guard !benched.isEmpty else { return }
        for slot in benched {
            workers[slot]?.benchedUntil = nil
            if let place = workers[slot]?.place { benches[place]?.until = now }
        }
        dispatchScope = .everyone
    }

    /// Ends leases that the worker itself should have ended long ago.
    private mutating func endOverlong(at now: MonotonicInstant) {
        guard hasLeases else { return }
        for slot in usedSlots {
            guard !(workers[slot]?.held.isEmpty ?? true), let worker = workers[slot] else {
                continue
            }
            let turns = 1 + worker.credit / max(1, worker.slots)
            let limit = policy.wallLimitSeconds * 1000 * turns + policy.leaseMilliseconds
            for key in worker.held {
                guard let lease = leases[key], lease.reported == nil,
                    now.milliseconds(since: lease.grantedAt) > limit
                else { continue }
                let id = leaseID(key)
                endLease(
                    key,
                    .failed,
                    .timeout,
                    message: "not ended by its worker within \(limit / 1000) s",
                    name: .attemptFailed,
                    at: now
                )
                workers[slot]?.remember(revoked: id)
                if let peer = workers[slot]?.session?.peer {
                    effects.append(.send(.stale([id]), to: peer))
                }
                if phase.isOver { return }
            }
        }
    }

    /// How old a lease must be for a second worker to try its unit.
    ///
    /// Where too few of the round have ended, what the round before took is a guess, and so is a part of
    /// the time that any unit may take: twice the age is waited for then.
    private mutating func updateSpeculationAge() {
        let guess = earlierQuartileSeconds ?? Double(policy.wallLimitSeconds) / 16
        let seconds = quartileSeconds ?? 2 * max(guess, durations.max() ?? 0)
        let age = min(seconds * policy.speculationFactor * 1000, 1e12)
        speculationAgeMilliseconds = max(policy.speculationFloorMilliseconds, Int(age))
    }

    /// The third quartile of the round's durations, seconds; nil of fewer than four.
    var quartileSeconds: Double? {
        guard durations.count >= 4 else { return nil }
        return durations.sorted()[durations.count * 3 / 4]
    }
}
