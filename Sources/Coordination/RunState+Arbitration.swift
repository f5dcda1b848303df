import ContentDigest
import RunStore
import Tiling
import WireProtocol

/// A unit with different results, until a third worker has decided.
struct Dispute: Hashable, Sendable {
    /// What was said, each by an attempt of its own; the first one was committed.
    var claims: [ResultClaim] = []
    /// Since when the unit waits for a third worker; nil until the next look while nobody could get it.
    var waitsSince: MonotonicInstant?
}

// Two results of one unit differ: a third worker computes it, and the majority is right.

extension RunState {
    /// What follows when a third worker has spoken.
    struct Verdict {
        /// The worker and its claim, for each that was wrong.
        var wrong: [ResultClaim] = []
        /// True when what was committed before was wrong.
        var wasCommittedWrong = false
    }

    /// A result that is not taken is compared with the one that was; where they differ, the unit is
    /// put back for a third worker.
    mutating func challenge(_ result: TileResult, by slot: Int, at now: MonotonicInstant) {
        let unit = result.lease.unit
        guard !phase.isOver, let challenger = workers[slot],
            let index = rounds.firstIndex(where: {
                $0.stage == unit.stage && $0.round == unit.round
            }), let ordinal = rounds[index].ordinal(of: unit.tile),
            let committed = rounds[index].object(of: unit.tile),
            committed.samplesDigest != result.object.samplesDigest
        else { return }
        let holder = roll.entry(rounds[index].committedBy[Int(ordinal)])
        let claims = [
            ResultClaim(
                lease: committed.key.lease,
                worker: holder?.id ?? "",
                host: holder?.host ?? "",
                samplesDigest: committed.samplesDigest
            ),
            ResultClaim(
                lease: result.lease,
                worker: challenger.id.text,
                host: challenger.host,
                samplesDigest: result.object.samplesDigest
            ),
        ]
        let message = Self.text(of: claims, about: unit)
        log(
            fact(
                .resultConflict,
                .error,
                result.lease,
                worker: slot,
                message: message + "; a third worker decides"
            )
        )
        for claim in claims { journal(.claimed(claim)) }
        if index != current { rewind(to: index, at: now) }
        isReducing = false
        putBack(ordinal, reason: "another attempt has other samples")
        disputes[unit] = Dispute(claims: claims, waitsSince: now)
        dispatchScope = .everyone
    }

    /// Takes a commit of the current round back.
    private mutating func putBack(_ ordinal: Int32, reason: String) {
        rounds[current].takeBack(ordinal)
        rounds[current].committedBy[Int(ordinal)] = -1
        journal(.resultDiscarded(rounds[current].unit(ordinal), reason: reason))
    }

    private static func text(of claims: [ResultClaim], about unit: WorkUnit) -> String {
        let parts = claims.map { claim in
            let place = claim.host.isEmpty ? "" : " on \(claim.host)"
            return "attempt \(claim.lease.attempt) by worker \(claim.worker.prefix(8))\(place) has "
                + "the samples \(claim.samplesDigest.short)"
        }
        return "attempts at \(unit) differ: \(parts.joined(separator: ", "))"
    }

    /// The result of another live attempt at a unit that is looked at and says something else.
    func rival(of result: TileResult, ordinal: Int32) -> (result: TileResult, slot: Int)? {
        for attempt in liveAttempts[ordinal] ?? [] {
            guard let lease = leases[LeaseKey(ordinal: ordinal, attempt: attempt)],
                let reported = lease.reported,
                reported.object.samplesDigest != result.object.samplesDigest
            else { continue }
            return (reported, lease.worker)
        }
        return nil
    }

    /// True when a worker may not decide about a unit: it said something itself, or it is on the host
    /// of one who did although there are others.
    func isParty(_ slot: Int, to ordinal: Int32, at now: MonotonicInstant) -> Bool {
        guard let dispute = disputes[rounds[current].unit(ordinal)], let worker = workers[slot]
        else { return false }
        let parties = Set(dispute.claims.map(\.worker))
        if parties.contains(worker.id.text) { return true }
        let hosts = Set(dispute.claims.map(\.host))
        guard hosts.contains(worker.host) else { return false }
        return usedSlots.contains { other in
            guard let candidate = workers[other], candidate.canServe(at: now) else { return false }
            return !parties.contains(candidate.id.text) && !hosts.contains(candidate.host)
        }
    }

    /// What a result that is about to be committed decides.
    ///
    /// - Returns: nil when there is no majority: the run is over then.
    mutating func verdict(
        on result: TileResult,
        by slot: Int,
        at now: MonotonicInstant
    ) -> Verdict? {
        let unit = result.lease.unit
        guard let dispute = disputes[unit], let judge = workers[slot] else { return Verdict() }
        let digest = result.object.samplesDigest
        let third = ResultClaim(
            lease: result.lease,
            worker: judge.id.text,
            host: judge.host,
            samplesDigest: digest
        )
        let text = Self.text(of: dispute.claims + [third], about: unit)
        let wrong = dispute.claims.filter { $0.samplesDigest != digest }
        guard wrong.count < dispute.claims.count else {
            endWithoutMajority(text, unit: unit, at: now)
            return nil
        }
        disputes[unit] = nil
        journal(.claimsSettled(unit, message: text))
        log(fact(.resultArbitrated, .notice, result.lease, worker: slot, message: text))
        return Verdict(
            wrong: wrong,
            wasCommittedWrong: dispute.claims.first.map { $0.samplesDigest != digest } ?? false
        )
    }

    private mutating func endWithoutMajority(
        _ text: String,
        unit: WorkUnit,
        at now: MonotonicInstant
    ) {
        let message = "\(text); no majority: results do not depend on inputs alone"
        var fact = RunFact(.resultConflict, .critical, message: message)
        fact.concern(unit)
        log(fact)
        finishRun(.failed(message), at: now)
    }

    /// Benches those that were wrong, and forgets what they and their results led to.
    mutating func carryOut(_ verdict: Verdict, at now: MonotonicInstant) {
        guard !verdict.wrong.isEmpty else { return }
        var earliest = verdict.wasCommittedWrong ? current : nil
        for worker in Set(verdict.wrong.map(\.worker)).sorted() {
            guard let first = distrust(worker, verdict.wrong, at: now) else { continue }
            earliest = min(earliest ?? first, first)
        }
        guard let earliest else { return }
        computeAnew(from: earliest, at: now)
    }

    /// Forgets what followed from a round whose commits were put back.
    private mutating func computeAnew(from earliest: Int, at now: MonotonicInstant) {
        let hasFollowers =
            earliest != current || isReducing || rounds[current].isReduced || !laterRounds.isEmpty
        if hasFollowers { invalidate(from: earliest, at: now) }
        dispatchScope = .everyone
    }

    /// Distrusts a new worker that joins from where one was found out.
    mutating func inheritDistrust(_ slot: Int) {
        guard let worker = workers[slot], let place = worker.place,
            distrustedWorkers.contains(where: { roll.place(of: $0) == place })
        else { return }
        let reason =
            "an earlier worker with its host and key computed something else than two others"
        noteDistrust(of: worker.id.text, reason: reason)
    }

    /// Keeps and tells that a worker gets nothing in this run any more.
    private mutating func noteDistrust(of worker: String, reason: String) {
        distrustedWorkers.insert(worker)
        journal(.workerDistrusted(id: worker, reason: reason))
        var fact = RunFact(.workerDistrusted, .error, message: reason)
        fact.worker = WorkerID(worker)
        fact.host = roll.host(of: worker)
        log(fact)
        if let id = fact.worker, let slot = slotOfWorker[id] { workers[slot]?.isDistrusted = true }
    }

    /// Gives a worker nothing any more and puts back what it committed.
    ///
    /// - Returns: the earliest round that has commits of it; nil when there is none.
    private mutating func distrust(
        _ worker: String,
        _ wrong: [ResultClaim],
        at now: MonotonicInstant
    ) -> Int? {
        guard !worker.isEmpty, !distrustedWorkers.contains(worker) else { return nil }
        let claim = wrong.first { $0.worker == worker }
        let reason =
            "its samples of \(claim.map { "\($0.lease.unit)" } ?? "a unit") are not those of two others"
        noteDistrust(of: worker, reason: reason)
        if let id = WorkerID(worker), let slot = slotOfWorker[id] {
            for key in workers[slot]?.held ?? [] {
                revoke(key, .revoked, message: reason, at: now)
            }
        }
        return putBack(commitsOf: worker, reason: reason)
    }

    /// Puts back what a worker committed.
    ///
    /// - Returns: the earliest round that has commits of it; nil when there is none.
    private mutating func putBack(commitsOf worker: String, reason: String) -> Int? {
        guard let number = roll.knownNumber(of: worker) else { return nil }
        var earliest: Int?
        for index in rounds.indices {
            guard rounds[index].committedBy.contains(number) else { continue }
            earliest = earliest ?? index
            for ordinal in rounds[index].ordinals(committedBy: number) {
                rounds[index].takeBack(ordinal)
                rounds[index].committedBy[Int(ordinal)] = -1
                let unit = rounds[index].unit(ordinal)
                journal(.resultDiscarded(unit, reason: "computed by a worker whose results differ"))
                var fact = RunFact(.tileRequeued, .warning, message: reason)
                fact.concern(unit)
                log(fact)
            }
        }
        // Later rounds are forgotten as a whole, whoever computed them.
        if earliest == nil, laterRounds.values.contains(where: { $0.committedBy.contains(number) })
        {
            earliest = current
        }
        return earliest
    }

    /// Ends a run in which nobody comes who could decide.
    ///
    /// Only time in which somebody could have been granted the unit counts.
    mutating func endHopelessDisputes(at now: MonotonicInstant) {
        let mayGrant = phase == .running && !isShuttingDown && !isJournalDown && !isReducing
        for unit in disputes.keys.sorted() {
            guard let dispute = disputes[unit] else { continue }
            guard mayGrant, let round = currentRound, round.stage == unit.stage,
                round.round == unit.round, let ordinal = round.ordinal(of: unit.tile),
                ![.leased, .quarantined].contains(round.state(of: ordinal))
            else {
                disputes[unit]?.waitsSince = nil
                continue
            }
            guard let since = dispute.waitsSince else {
                disputes[unit]?.waitsSince = now
                continue
            }
            let limit = policy.arbitrationMilliseconds
            guard now.milliseconds(since: since) > limit else { continue }
            endWithoutMajority(
                Self.text(of: dispute.claims, about: unit)
                    + "; no third worker came within \(limit / 1000) s",
                unit: unit,
                at: now
            )
            return
        }
    }

    /// Forgets disputes about units that are to be computed anew anyhow.
    mutating func dropDisputes(after stage: Stage) {
        for unit in disputes.keys.sorted()
        where unit.stage > stage || (unit.stage == stage && unit.round > 0) {
            disputes[unit] = nil
            journal(.claimsSettled(unit, message: "computed anew"))
        }
    }
}
