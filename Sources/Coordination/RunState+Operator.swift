import RunStore
import Tiling
import WireProtocol

// What an operator asks for.

extension RunState {
    /// Begins nothing new; what runs is finished.
    mutating func pause() {
        guard phase == .running else { return }
        phase = .paused
        journal(.phaseChanged(.paused, message: "paused by the operator"))
        log(RunFact(.runPaused, .notice))
    }

    /// Goes on after a pause, or with a run that was cancelled.
    mutating func resume(at now: MonotonicInstant) {
        guard phase == .paused || phase == .cancelled else { return }
        let wasCancelled = phase == .cancelled
        phase = .running
        phaseMessage = ""
        journal(.phaseChanged(.running, message: "resumed by the operator"))
        log(RunFact(.runResumed, .notice))
        dispatchScope = .everyone
        if wasCancelled { beginAgain(at: now) }
    }

    /// Takes a run up that was over, at the first round that has work.
    private mutating func beginAgain(at now: MonotonicInstant) {
        for round in rounds {
            laterRounds[RoundKey(stage: round.stage, round: round.round)] = round
        }
        rounds = []
        current = 0
        guard let first = plan.stages.first else { return finishRun(.done, at: now) }
        begin(first.stage, round: 0, at: now)
    }

    /// Ends the run; asking twice is as good as once.
    mutating func cancel(at now: MonotonicInstant) {
        finishRun(.cancelled, at: now)
    }

    /// Leaves, to be started again: leases stay with their workers.
    mutating func shutDown() {
        guard !phase.isOver, !isShuttingDown else { return }
        isShuttingDown = true
        journal(.noted("coordinator.stopped", message: "to be started again", worker: nil))
        sayGoodbye(.restarting)
        effects.append(.finish(.interrupted))
    }

    /// Lets a worker finish what it has and leave, also one that is away: it is told until it has left.
    mutating func drain(_ id: WorkerID) {
        guard roll.knownNumber(of: id.text) != nil, drains.insert(id.text).inserted else { return }
        var fact = RunFact(.workerDraining, .notice)
        fact.worker = id
        fact.host = roll.host(of: id.text)
        log(fact)
        if let slot = slotOfWorker[id] {
            workers[slot]?.isDraining = true
            remindOfDrain(slot)
        }
        journal(.drainRequested(id: id.text))
    }

    /// Forgets that a worker is to leave: its process is gone.
    mutating func endDrain(_ id: WorkerID) {
        guard drains.remove(id.text) != nil else { return }
        journal(.drainEnded(id: id.text))
    }

    /// Tells a worker to leave if an operator wants that; it may have been told in vain.
    mutating func remindOfDrain(_ slot: Int) {
        guard let worker = workers[slot], drains.contains(worker.id.text),
            let peer = worker.session?.peer
        else { return }
        effects.append(.send(.drain(reason: "asked for by the operator"), to: peer))
    }

    /// Puts quarantined units back: those of one tile, or all.
    ///
    /// Where a later stage has begun, its results were computed without the tile: the reduction is
    /// made again and later stages follow from the new one.
    mutating func retry(_ tile: TileID?, at now: MonotonicInstant) {
        var earliest: Int?
        for index in rounds.indices {
            let round = rounds[index]
            guard round.count(.quarantined) > 0 else { continue }
            for (position, candidate) in round.tiles.enumerated() {
                let ordinal = Int32(position)
                guard round.state(of: ordinal) == .quarantined,
                    tile == nil || candidate.id == tile
                else { continue }
                earliest = earliest ?? index
                rounds[index].expand()
                rounds[index].set(ordinal, .pending)
                rounds[index].tallies[ordinal] = nil
                let unit = rounds[index].unit(ordinal)
                journal(.requeued(unit))
                var fact = RunFact(.tileRequeued, .notice)
                fact.concern(unit)
                log(fact)
            }
        }
        guard let earliest else { return }
        if phase.isOver {
            phase = .running
            phaseMessage = ""
            journal(.phaseChanged(.running, message: "quarantined tiles are tried again"))
        }
        if earliest != current || isReducing || rounds[current].isReduced {
            invalidate(from: earliest, at: now)
        }
        dispatchScope = .everyone
        settleRound(at: now)
    }

    /// Forgets all that followed from a round without the units that were put back.
    mutating func invalidate(from index: Int, at now: MonotonicInstant) {
        let stage = rounds[index].stage
        let firstOfStage = rounds.firstIndex { $0.stage == stage } ?? index
        rewind(to: firstOfStage, at: now)
        journal(.invalidated(from: stage))
        var fact = RunFact(.stageInvalidated, .notice)
        fact.stage = stage
        log(fact)
        rounds[current].isReduced = false
        for later in Stage.allCases where later >= stage { reductions[later] = nil }
        dropDisputes(after: stage)
        for (key, round) in laterRounds {
            // Attempt numbers stay used: workers may still hold leases under them.
            var fresh = RoundState(stage: key.stage, round: key.round, tiles: round.tiles)
            fresh.attempts = round.attempts
            laterRounds[key] = fresh
        }
    }

    /// A committed object cannot be used any more: its unit is computed again.
    ///
    /// What followed from it stays: the same inputs give the same samples. A run that an operator ended,
    /// or that failed, does not come to life by it: what is missing is found again when it is resumed.
    mutating func reopen(_ unit: WorkUnit, reason: String, at now: MonotonicInstant) {
        guard phase != .cancelled, phase != .failed, committedObject(of: unit) != nil else {
            return
        }
        let key = RoundKey(stage: unit.stage, round: unit.round)
        let index = rounds.firstIndex { $0.stage == unit.stage && $0.round == unit.round }
        if let ordinal = laterRounds[key]?.ordinal(of: unit.tile) {
            // Its turn comes when the run gets there.
            laterRounds[key]?.takeBack(ordinal)
        } else if let index, let ordinal = rounds[index].ordinal(of: unit.tile) {
            if index != current { rewind(to: index, at: now) }
            isReducing = false
            rounds[index].takeBack(ordinal)
        }
        journal(.resultDiscarded(unit, reason: reason))
        var fact = RunFact(.objectLost, .warning, message: reason)
        fact.concern(unit)
        log(fact)
        if phase.isOver, index != nil {
            phase = .running
            phaseMessage = ""
            journal(.phaseChanged(.running, message: "a committed object was lost"))
        }
        dispatchScope = .everyone
    }
}
