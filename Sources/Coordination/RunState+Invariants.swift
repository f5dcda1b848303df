import RunStore
import Tiling
import WireProtocol

extension RunState {
    /// Stops the program when the state contradicts itself; for tests and for debugging.
    package func checkInvariants() {
        let violations = invariantViolations()
        precondition(violations.isEmpty, violations.joined(separator: "\n"))
    }

    /// Derives every cross-reference again and says what does not agree.
    ///
    /// Costs a pass over all tiles.
    package func invariantViolations() -> [String] {
        var violations: [String] = []
        func require(_ condition: Bool, _ text: @autoclosure () -> String) {
            if !condition { violations.append(text()) }
        }
        guard startedAt != nil, let round = currentRound else {
            require(leases.isEmpty, "leases without a round")
            return violations
        }
        require(current == rounds.count - 1, "the current round is not the last begun")
        checkRound(round, require)
        checkLeases(round, require)
        checkWorkers(require)
        checkDisputes(require)
        for earlier in rounds.dropLast() {
            require(earlier.isSettled, "\(earlier.stage) is left but not settled")
            require(earlier.isReduced, "\(earlier.stage) is left but not reduced")
        }
        if phase.isOver { require(leases.isEmpty, "the run is over with leases under way") }
        return violations
    }

    /// How much is remembered beyond the arrays that have an entry for each tile, for a bound in tests.
    ///
    /// Counts entries of the roll, departures, benches, drains, distrusted workers, and what each worker
    /// holds, failed and had taken away; leases, disputes and claims; failures and waits of units in all
    /// rounds; rounds, reductions, durations and commits.
    package var rememberedCount: Int {
        let ofWorkers = workers.reduce(workers.count) { sum, worker in
            guard let worker else { return sum }
            return sum + worker.held.count + worker.failedInRow.count + worker.revoked.count
        }
        let ofPlaces = slotOfWorker.count + slotOfPeer.count + usedSlots.count + benches.count
        let ofPast = roll.count + departures.count + drains.count + distrustedWorkers.count
        let ofLeases =
            aloneKeys.count + restoredAttempts.count
            + liveAttempts.values.reduce(leases.count) { $0 + $1.count }
        let ofDisputes = disputes.values.reduce(disputes.count) { $0 + $1.claims.count }
        let ofRounds = (rounds + laterRounds.values).reduce(0) { $0 + 1 + $1.rememberedCount }
        let ofHistory =
            restoredDurations.values.reduce(durations.count + commits.count) { $0 + $1.count }
            + reductions.values.reduce(brief.count) { $0 + $1.count }
        return ofWorkers + ofPlaces + ofPast + ofLeases + ofDisputes + ofRounds + ofHistory
    }

    private typealias Requirement = (Bool, @autoclosure () -> String) -> Void

    private func checkRound(_ round: RoundState, _ require: Requirement) {
        var counts = [Int](repeating: 0, count: 6)
        var costDone = 0
        for index in round.tiles.indices {
            let ordinal = Int32(index)
            let state = round.state(of: ordinal)
            counts[Int(state.rawValue)] += 1
            let live = liveAttempts[ordinal] ?? []
            require(
                (state == .leased) == !live.isEmpty,
                "\(round.unit(ordinal)): \(state), \(live)"
            )
            require(live.count <= (policy.speculates ? 2 : 1), "\(live.count) leases of one unit")
            require(
                (state == .committed) == (round.objects[index].attempt > 0),
                "\(round.unit(ordinal)) is \(state) but its object disagrees"
            )
            require(
                round.objects[index].attempt <= round.attempts[index],
                "\(round.unit(ordinal)) has an object of an attempt never granted"
            )
            if state == .committed { costDone += round.tiles[index].cost }
        }
        require(counts == round.counts, "counts \(round.counts) should be \(counts)")
        require(costDone == round.costDone, "cost done \(round.costDone) should be \(costDone)")
        for (rank, ordinal) in round.order.enumerated() {
            require(
                round.pending.contains(rank) == (round.state(of: ordinal) == .pending),
                "\(round.unit(ordinal)) and the pending set disagree"
            )
        }
        require(round.backoffs.count == round.count(.backingOff), "backoffs and states disagree")
    }

    private func checkLeases(_ round: RoundState, _ require: Requirement) {
        for (key, lease) in leases {
            require(key.attempt <= round.attempts[Int(key.ordinal)], "\(leaseID(key)) not granted")
            require(
                workers[lease.worker]?.held.filter { $0 == key }.count == 1,
                "\(leaseID(key)) is not with its worker"
            )
            require(
                liveAttempts[key.ordinal]?.contains(key.attempt) ?? false,
                "\(leaseID(key)) is not among the live attempts"
            )
        }
        require(
            aloneKeys == Set(leases.filter(\.value.runsAlone).keys),
            "leases that run alone disagree"
        )
        let live = liveAttempts.values.reduce(0) { $0 + $1.count }
        require(live == leases.count, "\(live) live attempts, \(leases.count) leases")
    }

    private func checkDisputes(_ require: Requirement) {
        for (unit, dispute) in disputes {
            require(committedObject(of: unit) == nil, "\(unit) is disputed and committed")
            require(
                Set(dispute.claims.map(\.samplesDigest)).count > 1,
                "\(unit) is disputed although all agree"
            )
        }
        for (key, lease) in leases {
            guard let worker = workers[lease.worker] else { continue }
            require(!worker.isDistrusted, "\(worker.id) is distrusted and holds \(leaseID(key))")
            let claims = disputes[leaseID(key).unit]?.claims ?? []
            require(
                !claims.contains { $0.worker == worker.id.text },
                "\(worker.id) is party and judge of \(leaseID(key))"
            )
        }
        let numbers = Set(distrustedWorkers.map { roll.knownNumber(of: $0) ?? -2 })
        guard !numbers.isEmpty else { return }
        for round in rounds + laterRounds.values {
            for index in round.tiles.indices
            where round.state(of: Int32(index)) == .committed {
                require(
                    !numbers.contains(round.committedBy[index]),
                    "\(round.unit(Int32(index))) is committed by a distrusted worker"
                )
            }
        }
    }

    private func checkWorkers(_ require: Requirement) {
        require(usedSlots == workers.indices.filter { workers[$0] != nil }, "slots disagree")
        var held = 0
        for slot in usedSlots {
            guard let worker = workers[slot] else { continue }
            held += worker.held.count
            for time in [worker.deadline, worker.restsUntil, worker.benchedUntil] {
                guard let nextLook, let time else { continue }
                require(time >= nextLook, "\(worker.id) is not looked at in time")
            }
            require(slotOfWorker[worker.id] == slot, "\(worker.id) is not at its slot")
            if let session = worker.session {
                require(slotOfPeer[session.peer] == slot, "\(worker.id) is not at its peer")
                require(
                    worker.held.count <= max(worker.credit, worker.slots),
                    "\(worker.id) holds \(worker.held.count) of \(worker.credit)"
                )
            }
        }
        require(held == leases.count, "workers hold \(held) of \(leases.count) leases")
        let slots = usedSlots.reduce(0) { $0 + (workers[$1]?.slots ?? 0) }
        require(slots == slotTotal, "\(slotTotal) slots should be \(slots)")
        require(slotOfWorker.count == usedSlots.count, "workers and slots disagree")
        let sessions = usedSlots.filter { workers[$0]?.session != nil }.count
        require(sessions == slotOfPeer.count, "\(sessions) sessions, \(slotOfPeer.count) peers")
    }
}
