import Messaging
import RunStore
import Tiling
import WireProtocol

// Rounds begin, are reduced, and lead to the next one or to the end of the run.

extension RunState {
    /// Units that will not be tried again unless an operator asks, in all rounds.
    var quarantinedCount: Int { rounds.reduce(0) { $0 + $1.count(.quarantined) } }

    /// How the run ended; meaningful once its phase is over.
    var outcome: RunOutcome {
        switch phase {
        case .done: .done
        case .incomplete: .incomplete(quarantined: quarantinedCount)
        case .cancelled: .cancelled
        case .failed: .failed(phaseMessage)
        case .running, .paused: .interrupted
        }
    }

    /// Begins the run, or goes on with a restored one.
    mutating func start(at now: MonotonicInstant) {
        startedAt = now
        lastTick = now
        let isNew = laterRounds.isEmpty && reductions.isEmpty
        let units = "\(plan.tileCount) tiles in \(plan.stages.count) stages"
        log(RunFact(isNew ? .runStarted : .runResumed, .notice, message: units))
        if phase == .failed || (phase == .cancelled && revivesCancelled) {
            // What failed it, such as too many quarantined tiles, is found again unless it was mended.
            let message = phase == .failed ? "started again after: \(phaseMessage)" : "resumed"
            phase = .running
            phaseMessage = ""
            journal(.phaseChanged(.running, message: message))
        }
        if phase.isOver {
            takeUpRounds()
            adoptRestoredAttempts(at: now)
            return
        }
        guard let first = plan.stages.first else {
            finishRun(.done, at: now)
            return
        }
        begin(first.stage, round: 0, at: now)
        adoptRestoredAttempts(at: now)
    }

    /// Takes up the rounds of a run that is over, so that it can be told and be taken up again.
    private mutating func takeUpRounds() {
        for stage in plan.stages {
            for round in 0..<WorkUnit.maximumRounds {
                let key = RoundKey(stage: stage.stage, round: round)
                guard var state = laterRounds.removeValue(forKey: key) else { break }
                block(&state)
                rounds.append(state)
            }
        }
        current = max(0, rounds.count - 1)
    }

    /// Begins a round, taking up what is known of it.
    mutating func begin(_ stage: Stage, round: Int, at now: MonotonicInstant) {
        guard let tiles = plan.plan(of: stage)?.tiles else {
            preconditionFailure("the plan has no stage \(stage.rawValue)")
        }
        if !rounds.isEmpty { rounds[rounds.count - 1].compact() }
        var state =
            laterRounds.removeValue(forKey: RoundKey(stage: stage, round: round))
            ?? RoundState(stage: stage, round: round, tiles: tiles)
        state.expand()
        block(&state)
        if let earlier = rounds.last(where: { $0.stage <= stage }) {
            state.prefer(workersOf: earlier)
        }
        rounds.append(state)
        current = rounds.count - 1
        forgetRound()
        if !state.isSettled || !state.isReduced {
            var fact = RunFact(
                .stageStarted,
                .notice,
                message: "round \(round): \(state.count(.committed)) of \(tiles.count) tiles done"
            )
            fact.stage = stage
            fact.round = round
            log(fact)
        }
        settleRound(at: now)
    }

    /// Marks the units whose tile is quarantined in an earlier stage, and unmarks all others.
    private func block(_ state: inout RoundState) {
        var blocked: Set<Int32> = []
        for earlier in rounds where earlier.stage < state.stage {
            guard earlier.count(.quarantined) + earlier.count(.blocked) > 0 else { continue }
            for (index, tile) in earlier.tiles.enumerated() {
                let earlierState = earlier.state(of: Int32(index))
                guard earlierState == .quarantined || earlierState == .blocked,
                    let ordinal = state.ordinal(of: tile.id)
                else { continue }
                blocked.insert(ordinal)
            }
        }
        for ordinal in 0..<Int32(state.tiles.count) {
            if blocked.contains(ordinal) {
                if state.state(of: ordinal) != .committed { state.set(ordinal, .blocked) }
            } else if state.state(of: ordinal) == .blocked {
                state.set(ordinal, .pending)
            }
        }
    }

    /// Drops what belongs to the round before.
    private mutating func forgetRound() {
        earlierQuartileSeconds = quartileSeconds ?? earlierQuartileSeconds
        let key = RoundKey(stage: rounds[current].stage, round: rounds[current].round)
        durations = Array(
            (restoredDurations.removeValue(forKey: key) ?? []).suffix(Self.historyLimit)
        )
        durationCursor = 0
        commits = []
        commitCursor = 0
        speculationAgeMilliseconds = nil
        brief = []
        isReducing = false
        for slot in usedSlots {
            modifyWorker(slot) { worker in
                worker.failedInRow = []
                worker.session?.briefedRound = nil
            }
        }
        dispatchScope = .everyone
    }

    /// Ends the round when nothing in it can make progress any more.
    mutating func settleRound(at now: MonotonicInstant) {
        guard !phase.isOver, !isReducing, rounds.indices.contains(current),
            rounds[current].isSettled
        else { return }
        // Bound only now: a copy held while units change would copy the arrays of all tiles.
        let round = rounds[current]
        if round.isReduced {
            advance(at: now)
            return
        }
        guard round.count(.committed) > 0 || round.tiles.isEmpty else {
            finishRun(.incomplete(quarantined: quarantinedCount), at: now)
            return
        }
        isReducing = true
        effects.append(
            .reduce(round.stage, round: round.round, constants: constants(before: round))
        )
    }

    /// A round was reduced.
    mutating func finishReduction(
        of stage: Stage,
        round: Int,
        _ reduction: StageReduction,
        at now: MonotonicInstant
    ) {
        guard !phase.isOver, isReducing, let state = currentRound, state.stage == stage,
            state.round == round
        else { return }
        isReducing = false
        rounds[current].isReduced = true
        reductions[stage, default: []].append(reduction)
        journal(.reduced(stage, round: round, reduction))
        var fact = RunFact(.stageReduced, .notice, message: "round \(round)")
        fact.stage = stage
        fact.round = round
        log(fact)
        advance(at: now)
    }

    /// A round cannot be reduced: nothing that follows could be computed.
    mutating func failReduction(
        of stage: Stage,
        round: Int,
        reason: String,
        at now: MonotonicInstant
    ) {
        guard !phase.isOver, isReducing, let state = currentRound, state.stage == stage,
            state.round == round
        else { return }
        isReducing = false
        finishRun(.failed("stage \(stage.rawValue) cannot be reduced: \(reason)"), at: now)
    }

    /// Goes from a reduced round to the next one, or to the end.
    private mutating func advance(at now: MonotonicInstant) {
        let round = rounds[current]
        guard let ofStage = reductions[round.stage], ofStage.indices.contains(round.round) else {
            preconditionFailure("round \(round.round) of \(round.stage) has no reduction")
        }
        switch ofStage[round.round] {
        case .anotherRound:
            guard round.round + 1 < WorkUnit.maximumRounds else {
                let limit = WorkUnit.maximumRounds
                finishRun(
                    .failed("stage \(round.stage.rawValue) asks for more than \(limit) rounds"),
                    at: now
                )
                return
            }
            begin(round.stage, round: round.round + 1, at: now)
        case .finished:
            if let next = plan.stages.first(where: { $0.stage > round.stage }) {
                begin(next.stage, round: 0, at: now)
            } else {
                let quarantined = quarantinedCount
                finishRun(
                    quarantined == 0 ? .done : .incomplete(quarantined: quarantined),
                    at: now
                )
            }
        }
    }

    /// Ends the run for good.
    mutating func finishRun(_ outcome: RunOutcome, at now: MonotonicInstant) {
        guard !phase.isOver else { return }
        let (newPhase, message): (RunPhase, String) =
            switch outcome {
            case .done: (.done, "")
            case .incomplete(let count): (.incomplete, "\(count) tiles are quarantined")
            case .cancelled: (.cancelled, "cancelled by the operator")
            case .failed(let reason): (.failed, reason)
            case .interrupted: preconditionFailure("an interruption does not end a run")
            }
        phase = newPhase
        phaseMessage = message
        revokeAll(message: message.isEmpty ? "the run is over" : message, at: now)
        journal(.phaseChanged(newPhase, message: message))
        let severity: RunFact.Severity = newPhase == .failed ? .critical : .notice
        let text = message.isEmpty ? newPhase.rawValue : "\(newPhase.rawValue): \(message)"
        log(RunFact(.runFinished, severity, message: text))
        sayGoodbye(newPhase == .cancelled ? .cancelled : .finished)
        effects.append(.finish(outcome))
    }

    /// Takes every lease back.
    mutating func revokeAll(message: String, at now: MonotonicInstant) {
        for slot in usedSlots {
            for key in workers[slot]?.held ?? [] {
                revoke(key, .revoked, message: message, at: now)
            }
        }
    }

    /// Takes leave of every session.
    mutating func sayGoodbye(_ reason: GoodbyeReason) {
        for slot in usedSlots {
            guard let peer = workers[slot]?.session?.peer else { continue }
            effects.append(.send(.goodbye(reason), to: peer))
        }
    }

    /// Goes back to an earlier round; what is known of later ones is kept.
    mutating func rewind(to index: Int, at now: MonotonicInstant) {
        revokeAll(message: "an earlier stage has work again", at: now)
        for later in rounds[(index + 1)...] {
            laterRounds[RoundKey(stage: later.stage, round: later.round)] = later
        }
        rounds.removeSubrange((index + 1)...)
        current = index
        rounds[current].expand()
        forgetRound()
        for slot in usedSlots {
            guard let peer = workers[slot]?.session?.peer else { continue }
            workers[slot]?.session?.isOutdated = true
            effects.append(.send(.resync, to: peer))
        }
    }
}
