package import RunStore
package import Tiling
package import WireProtocol

/// Where a run stands, for the progress line, metrics and the status command.
package struct RunProgress: Hashable, Sendable {
    /// Where one round of a stage stands.
    package struct RoundProgress: Hashable, Sendable {
        /// The stage.
        package var stage: Stage
        /// The round.
        package var round: Int
        /// All units.
        package var tileCount: Int
        /// Units with a result.
        package var committedCount: Int
        /// Units waiting for a worker or for time to pass.
        package var waitingCount: Int
        /// Units under way.
        package var leasedCount: Int
        /// Units that will not be tried again unless an operator asks.
        package var quarantinedCount: Int
        /// Units that an earlier stage's quarantine keeps from being computed.
        package var blockedCount: Int
    }

    /// A worker at work.
    package struct WorkerProgress: Hashable, Sendable {
        /// Identity of the process.
        package var id: WorkerID
        /// Its host.
        package var host: String
        /// Its process number.
        package var processID: Int
        /// Its session; nil while it is away.
        package var session: UInt64?
        /// Units it computes at a time.
        package var slots: Int
        /// Leases it holds.
        package var leaseCount: Int
        /// Units it has committed.
        package var committedCount: Int
        /// Resident memory as it last said, bytes.
        package var residentBytes: Int
        /// Its wall clock as it last said, seconds since 1970; 0 when it has not.
        package var wallClockSeconds: Double
        /// True when it gets nothing new.
        package var isDraining: Bool
        /// True when it is benched.
        package var isBenched: Bool
    }

    /// Where the run stands.
    package var phase: RunPhase
    /// Incarnation of the coordinator.
    package var epoch: UInt64
    /// Rounds begun, and the stages still to come, in order.
    package var rounds: [RoundProgress]
    /// Units of all stages, as far as known.
    package var tileCount: Int
    /// Units with a result.
    package var committedCount: Int
    /// Units that will not be tried again unless an operator asks.
    package var quarantinedCount: Int
    /// Units that took more than one attempt.
    package var retriedCount: Int
    /// Leases under way.
    package var leaseCount: Int
    /// Commits per second, lately; nil before there are any in this round.
    package var tilesPerSecond: Double?
    /// Time to the end at the present rate, weighted by cost, seconds; nil when it is not known.
    package var remainingSeconds: Double?
    /// The workers, by slot.
    package var workers: [WorkerProgress]
    /// True while records cannot be made durable.
    package var isJournalDown: Bool
}

extension RunState {
    /// Where the run stands; costs a few microseconds for each worker.
    package func progress(at now: MonotonicInstant) -> RunProgress {
        var roundProgress = rounds.map { round in
            RunProgress.RoundProgress(
                stage: round.stage,
                round: round.round,
                tileCount: round.tiles.count,
                committedCount: round.count(.committed),
                waitingCount: round.count(.pending) + round.count(.backingOff),
                leasedCount: round.count(.leased),
                quarantinedCount: round.count(.quarantined),
                blockedCount: round.count(.blocked)
            )
        }
        let lastStage = rounds.last?.stage
        for stage in plan.stages where lastStage.map({ stage.stage > $0 }) ?? true {
            roundProgress.append(
                RunProgress.RoundProgress(
                    stage: stage.stage,
                    round: 0,
                    tileCount: stage.tiles.count,
                    committedCount: 0,
                    waitingCount: stage.tiles.count,
                    leasedCount: 0,
                    quarantinedCount: 0,
                    blockedCount: 0
                )
            )
        }
        let rate = rate(at: now)
        return RunProgress(
            phase: phase,
            epoch: identity.epoch,
            rounds: roundProgress,
            tileCount: roundProgress.reduce(0) { $0 + $1.tileCount },
            committedCount: roundProgress.reduce(0) { $0 + $1.committedCount },
            quarantinedCount: quarantinedCount,
            retriedCount: retriedCount,
            leaseCount: leases.count,
            tilesPerSecond: rate?.tiles,
            remainingSeconds: remainingSeconds(rate),
            workers: workerProgress(at: now),
            isJournalDown: isJournalDown
        )
    }

    private func rate(at now: MonotonicInstant) -> (tiles: Double, cost: Double)? {
        // The ring is full of the latest commits; its oldest entry opens the window.
        let oldest = commits.count < Self.historyLimit ? commits.first : commits[commitCursor]
        guard commits.count >= 2, let oldest else { return nil }
        let seconds = now.seconds(since: oldest.at)
        guard seconds > 0 else { return nil }
        let cost = commits.reduce(0.0) { $0 + Double($1.cost) } - Double(oldest.cost)
        return (Double(commits.count - 1) / seconds, cost / seconds)
    }

    /// Later stages are taken to cost as much for each tile as the present one.
    private func remainingSeconds(_ rate: (tiles: Double, cost: Double)?) -> Double? {
        guard let rate, let round = currentRound, rate.cost > 0, rate.tiles > 0, !phase.isOver
        else { return nil }
        let here = Double(round.costTotal - round.costDone) / rate.cost
        let laterTiles = plan.stages.reduce(0) { sum, stage in
            stage.stage > round.stage ? sum + stage.tiles.count : sum
        }
        return here + Double(laterTiles) / rate.tiles
    }

    private func workerProgress(at now: MonotonicInstant) -> [RunProgress.WorkerProgress] {
        usedSlots.compactMap { slot in
            guard let worker = workers[slot] else { return nil }
            return RunProgress.WorkerProgress(
                id: worker.id,
                host: worker.host,
                processID: worker.processID,
                session: worker.session?.number,
                slots: worker.slots,
                leaseCount: worker.held.count,
                committedCount: worker.committedCount,
                residentBytes: worker.residentBytes,
                wallClockSeconds: worker.wallClockSeconds,
                isDraining: worker.isDraining,
                isBenched: worker.benchedUntil.map { $0 > now } ?? false
            )
        }
    }
}
