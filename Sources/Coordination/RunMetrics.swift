package import RunStore
package import Telemetry
internal import Tiling

/// A run in numbers, for monitoring; names and labels are constant, so their number is bounded.
package struct RunMetrics: Sendable {
    /// Commits into the journal that succeeded.
    package struct JournalCommits: Hashable, Sendable {
        /// Their number.
        package var count: Int
        /// The time that they took altogether, seconds.
        package var seconds: Double

        /// So many, none by default.
        package init(count: Int = 0, seconds: Double = 0) {
            self.count = count
            self.seconds = seconds
        }
    }

    /// Where the run stands.
    package var progress: RunProgress
    /// Who works; nobody once the coordinator has ended.
    package var workers: [WorkerReport]
    /// What has passed the log since the coordinator's start.
    package var facts: FactCounts
    /// What was made durable since then.
    package var commits: JournalCommits

    /// A run in numbers.
    package init(
        progress: RunProgress,
        workers: [WorkerReport],
        facts: FactCounts,
        commits: JournalCommits
    ) {
        self.progress = progress
        self.workers = workers
        self.facts = facts
        self.commits = commits
    }

    /// Workers for which there is work at once: open tiles of the stage under way ÷ slots of a worker, rounded
    /// up; 0 when the run is over.
    ///
    /// A worker has the mean slots of those in session, 1 without any. A paused run wants only what it has
    /// begun.
    package var desiredWorkerCount: Int {
        let round = progress.rounds.first { $0.waitingCount + $0.leasedCount > 0 }
        guard let round, !progress.phase.isOver else { return 0 }
        let open = round.leasedCount + (progress.phase == .paused ? 0 : round.waitingCount)
        let present = workers.filter(\.isPresent)
        let slots = present.reduce(0) { $0 + max(1, $1.slots) }
        guard slots > 0 else { return open }
        return (open * present.count + slots - 1) / slots
    }

    /// The metrics, in the order in which they are written.
    package var families: [MetricFamily] {
        [tiles, attempts] + events + workerMetrics + times
    }

    /// The metrics as the content of a `.prom` file.
    package var text: String { families.map(\.text).joined() }

    private var tiles: MetricFamily {
        func sample(_ state: String, _ count: KeyPath<RunProgress.RoundProgress, Int>)
            -> MetricFamily.Sample
        {
            .init(
                Double(progress.rounds.reduce(0) { $0 + $1[keyPath: count] }),
                ["state": state]
            )
        }
        return MetricFamily(
            "sectile_tiles",
            .gauge,
            "Tiles of all stages by state.",
            [
                sample("waiting", \.waitingCount), sample("leased", \.leasedCount),
                sample("committed", \.committedCount),
                sample("quarantined", \.quarantinedCount), sample("blocked", \.blockedCount),
            ]
        )
    }

    private var attempts: MetricFamily {
        func sample(_ outcome: String, _ name: RunFact.Name) -> MetricFamily.Sample {
            .init(Double(facts.count(of: name)), ["outcome": outcome, "class": ""])
        }
        return MetricFamily(
            "sectile_tile_attempts_total",
            .counter,
            "Attempts at tiles that ended, by outcome and class of failure.",
            [
                sample("committed", .tileCommitted), sample("released", .leaseReleased),
                sample("revoked", .leaseRevoked), sample("expired", .leaseExpired),
            ]
                + FailureClass.allCases.map { failureClass in
                    .init(
                        Double(facts.count(of: .attemptFailed, failureClass)),
                        ["outcome": "failed", "class": failureClass.rawValue]
                    )
                }
        )
    }

    private var events: [MetricFamily] {
        [
            MetricFamily(
                "sectile_lease_expiries_total",
                .counter,
                "Leases that ended because their worker was not heard.",
                [.init(Double(facts.count(of: .leaseExpired)))]
            ),
            MetricFamily(
                "sectile_speculations_total",
                .counter,
                "Tiles given to a second worker because the first was slow.",
                [.init(Double(facts.speculationCount))]
            ),
            MetricFamily(
                "sectile_sessions_rejected_total",
                .counter,
                "Peers that were not admitted, by the event of the log.",
                [RunFact.Name.peerRefused, .peerHandshakeFailed, .workerRefused].map { name in
                    .init(Double(facts.count(of: name)), ["reason": name.rawValue])
                }
            ),
        ]
    }

    private var workerMetrics: [MetricFamily] {
        let present = workers.filter(\.isPresent)
        let slots = present.reduce(0) { $0 + $1.slots }
        let busy = present.reduce(0) { $0 + min($1.leaseCount, $1.slots) }
        return [
            MetricFamily(
                "sectile_workers",
                .gauge,
                "Workers by state.",
                [WorkerReport.State.active, .draining, .benched, .away].map { state in
                    .init(
                        Double(workers.count { $0.state == state }),
                        ["state": state.rawValue]
                    )
                }
            ),
            MetricFamily(
                "sectile_worker_slots",
                .gauge,
                "Slots of the workers in session, by whether they have a tile.",
                [
                    .init(Double(busy), ["busy": "true"]),
                    .init(Double(slots - busy), ["busy": "false"]),
                ]
            ),
            MetricFamily(
                "sectile_workers_desired",
                .gauge,
                "Workers for which there is work at once; 0 when the run is over.",
                [.init(Double(desiredWorkerCount))]
            ),
            MetricFamily(
                "sectile_clock_skew_seconds",
                .gauge,
                "Largest distance of a worker's clock from the coordinator's.",
                workers.compactMap { $0.clockSkewSeconds.map(abs) }.max().map { [.init($0)] } ?? []
            ),
        ]
    }

    private var times: [MetricFamily] {
        [
            MetricFamily(
                "sectile_journal_commit_seconds",
                .summary,
                "Time that commits into the journal took.",
                [
                    .init(commits.seconds, suffix: "_sum"),
                    .init(Double(commits.count), suffix: "_count"),
                ]
            ),
            MetricFamily(
                "sectile_loop_stall_seconds_max",
                .gauge,
                "Longest time for which the coordinator stood still.",
                [.init(facts.longestStallSeconds)]
            ),
        ]
    }
}

extension WorkerReport {
    /// True while it is in session.
    fileprivate var isPresent: Bool { state != .away && state != .left }
}
