package import RunStore
package import Tiling
import WireProtocol

extension RunState {
    /// The state of a run as the journal knows it.
    ///
    /// Leases that were open stay open: their workers have twice the lease to come back and go on with
    /// them. A run that failed is begun again. One that was cancelled stays so until `resumeRequested` or
    /// `retryRequested`, one that is done or incomplete until `retryRequested` or `objectLost`.
    ///
    /// - Parameters:
    ///   - snapshot: the journal's content; its plan digest is that of `plan`.
    ///   - plan: the plan.
    ///   - identity: who the coordinator is; its epoch is later than that of any lease.
    ///   - policy: durations and limits.
    ///   - revivesCancelled: true when the operator wants a run to go on that was cancelled.
    /// - Returns: the state, to which the first event gives its time.
    package static func restored(
        from snapshot: JournalSnapshot,
        plan: RunPlan,
        identity: RunIdentity,
        policy: LeasePolicy = LeasePolicy(),
        revivesCancelled: Bool = false
    ) -> RunState {
        precondition(snapshot.planDigest == plan.digest, "the journal belongs to another plan")
        var state = RunState(plan: plan, identity: identity, policy: policy)
        state.revivesCancelled = revivesCancelled
        state.phase = snapshot.phase
        state.phaseMessage = snapshot.phaseMessage
        state.attemptBase = Int32(clamping: snapshot.attemptBase)
        state.distrustedWorkers = snapshot.distrustedWorkers
        state.drains = snapshot.drainedWorkers
        for (id, host) in snapshot.hosts.sorted(by: { $0.key < $1.key }) {
            state.roll.enter(id, host: host, key: snapshot.keys[id] ?? "")
        }
        for claim in snapshot.claims {
            state.disputes[claim.lease.unit, default: Dispute()].claims.append(claim)
        }
        for duration in snapshot.durations {
            let key = RoundKey(stage: duration.stage, round: duration.round)
            state.restoredDurations[key, default: []].append(duration.seconds)
        }
        for unit in snapshot.units { state.restore(unit) }
        for failure in snapshot.chargedFailures {
            state.withRestoredRound(of: failure.unit) { round, ordinal in
                var tally = round.tallies[ordinal] ?? FailureTally()
                tally.chargedWorkers.append(failure.worker)
                if failure.failureClass == .outOfMemory { tally.exceededMemory = true }
                round.tallies[ordinal] = tally
            }
        }
        for reduction in snapshot.reductions {
            state.reductions[reduction.stage, default: []].append(reduction.reduction)
            let key = RoundKey(stage: reduction.stage, round: reduction.round)
            if state.laterRounds[key] == nil, let stage = plan.plan(of: reduction.stage) {
                state.laterRounds[key] = RoundState(
                    stage: reduction.stage,
                    round: reduction.round,
                    tiles: stage.tiles
                )
            }
            state.laterRounds[key]?.isReduced = true
        }
        state.restoredAttempts = snapshot.openAttempts
        return state
    }

    private mutating func restore(_ unit: UnitSnapshot) {
        let number = unit.committedBy.map { roll.number(of: $0) } ?? -1
        withRestoredRound(of: unit.unit) { round, ordinal in
            let index = Int(ordinal)
            round.attempts[index] = Int32(clamping: unit.attempts)
            if unit.storageFailures > 0 || unit.losses > 0 {
                var tally = FailureTally()
                tally.storageFailures = unit.storageFailures
                tally.losses = unit.losses
                round.tallies[ordinal] = tally
            }
            switch unit.state {
            case .open: break
            case .quarantined: round.set(ordinal, .quarantined)
            case .committed:
                guard let object = unit.object, let packed = PackedObject(object) else { return }
                round.objects[index] = packed
                round.committedBy[index] = number
                round.set(ordinal, .committed)
            }
        }
        if unit.attempts > 1, unit.state == .committed { retriedCount += 1 }
    }

    /// Changes a unit in the rounds that are not begun, in place; units outside the plan are ignored.
    private mutating func withRestoredRound(
        of unit: WorkUnit,
        _ change: (inout RoundState, Int32) -> Void
    ) {
        let key = RoundKey(stage: unit.stage, round: unit.round)
        if laterRounds[key] == nil {
            guard let stage = plan.plan(of: unit.stage) else { return }
            laterRounds[key] = RoundState(
                stage: unit.stage,
                round: unit.round,
                tiles: stage.tiles
            )
        }
        guard let ordinal = laterRounds[key]?.ordinal(of: unit.tile),
            let place = laterRounds.index(forKey: key)
        else { return }
        change(&laterRounds.values[place], ordinal)
    }

    /// Lets leases from before a restart wait for their workers.
    mutating func adoptRestoredAttempts(at now: MonotonicInstant) {
        let attempts = restoredAttempts
        restoredAttempts = []
        let deadline = now.advanced(byMilliseconds: 2 * policy.leaseMilliseconds)
        for attempt in attempts {
            guard !phase.isOver, let id = WorkerID(attempt.worker), let round = currentRound,
                round.stage == attempt.lease.unit.stage, round.round == attempt.lease.unit.round,
                let ordinal = round.ordinal(of: attempt.lease.unit.tile),
                let number = Int32(exactly: attempt.lease.attempt.number),
                number <= round.attempts[Int(ordinal)],
                [.pending, .leased].contains(round.state(of: ordinal)),
                liveAttempts[ordinal]?.count ?? 0 < 2
            else {
                journal(
                    .attemptEnded(
                        AttemptEnd(
                            lease: attempt.lease,
                            outcome: .revoked,
                            message: "its unit was settled when the coordinator started again"
                        )
                    )
                )
                if let id = WorkerID(attempt.worker) {
                    departures.add(attempt.lease, of: id, limit: policy.sessionLimit)
                }
                continue
            }
            let slot = slotOfWorker[id] ?? addWorker(id, at: now)
            let key = LeaseKey(ordinal: ordinal, attempt: number)
            leases[key] = Lease(
                worker: slot,
                grantedAt: now,
                confirmedAt: deadline,
                isSpeculative: attempt.isSpeculative,
                runsAlone: round.tallies[ordinal]?.exceededMemory ?? false
            )
            if leases[key]?.runsAlone ?? false { aloneKeys.insert(key) }
            liveAttempts[ordinal, default: []].append(number)
            rounds[current].set(ordinal, .leased)
            modifyWorker(slot) { worker in
                worker.held.append(key)
                worker.deadline = deadline
            }
        }
    }
}
