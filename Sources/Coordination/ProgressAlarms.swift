import RunStore
import WireProtocol

/// Since when a run has work and nothing comes of it; each occurrence is told once.
struct ProgressAlarms: Sendable {
    /// Since the last commit, or since there was no work, a pause or a failed journal before it; nil then.
    var quietSince: MonotonicInstant?
    /// Since when no worker could take work; nil while one can.
    var unattendedSince: MonotonicInstant?
    /// True once the quiet was told, until the next commit.
    var hasToldOfQuiet = false
    /// True once it was told that nobody could take work, until somebody can.
    var hasToldOfAbsence = false

    /// Nothing is expected of the run now; what comes later is another occurrence.
    mutating func expectNothing() { self = ProgressAlarms() }

    /// Something was committed: the quiet begins anew.
    mutating func noteCommit(at now: MonotonicInstant) {
        quietSince = now
        hasToldOfQuiet = false
    }

    /// Leaves out a time in which the coordinator stood still.
    mutating func skip(milliseconds: Int) {
        quietSince = quietSince?.advanced(byMilliseconds: milliseconds)
        unattendedSince = unattendedSince?.advanced(byMilliseconds: milliseconds)
    }
}

extension RunState {
    /// Tells the operator when work waits and nothing comes of it.
    mutating func watchProgress(at now: MonotonicInstant) {
        guard phase == .running, !isJournalDown, !isReducing, !isShuttingDown,
            let round = currentRound,
            !round.isSettled
        else {
            alarms.expectNothing()
            return
        }
        let isAttended = usedSlots.contains { slot in
            workers[slot].map { $0.session != nil && $0.isTrusted(at: now) } ?? false
        }
        watchAttendance(isAttended, at: now)
        guard let since = alarms.quietSince else {
            alarms.quietSince = now
            return
        }
        // A stage of long tiles is not stalled before its speculation would call them slow.
        let usual = (quartileSeconds ?? earlierQuartileSeconds ?? 0) * 4000
        let limit = max(policy.stallAlarmMilliseconds, Int(min(usual, 1e12)))
        let quiet = now.milliseconds(since: since)
        guard quiet > limit, isAttended, !alarms.hasToldOfQuiet else { return }
        alarms.hasToldOfQuiet = true
        let waiting = round.count(.pending) + round.count(.backingOff)
        var fact = RunFact(
            .runStalled,
            .warning,
            message: "no tile was committed; \(leases.count) leases run, \(waiting) tiles wait"
        )
        fact.stage = round.stage
        fact.round = round.round
        fact.durationMilliseconds = quiet
        log(fact)
    }

    private mutating func watchAttendance(_ isAttended: Bool, at now: MonotonicInstant) {
        guard !isAttended else {
            alarms.unattendedSince = nil
            alarms.hasToldOfAbsence = false
            return
        }
        guard let since = alarms.unattendedSince else {
            alarms.unattendedSince = now
            return
        }
        let absence = now.milliseconds(since: since)
        guard absence > policy.noWorkersAlarmMilliseconds, !alarms.hasToldOfAbsence else { return }
        alarms.hasToldOfAbsence = true
        let count = usedSlots.count { workers[$0]?.session != nil }
        var fact = RunFact(
            .runNoWorkers,
            .warning,
            message: count == 0
                ? "work waits and no worker is connected"
                : "work waits, and each of \(count) workers is draining, benched or distrusted"
        )
        fact.durationMilliseconds = absence
        log(fact)
    }
}
