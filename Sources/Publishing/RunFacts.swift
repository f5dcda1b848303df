package import ContentDigest
package import Tiling

/// What happened during a run, as the report and `run.json` tell it.
package struct RunFacts: Sendable {
    /// How a run ended.
    package enum State: String, Hashable, Sendable {
        /// Every tile is committed.
        case done
        /// Some tiles are missing.
        case incomplete
    }

    /// A program or library and its version.
    package struct Version: Hashable, Sendable {
        /// Such as `GDAL`.
        package let name: String
        /// Such as `3.6.2`.
        package let version: String

        /// A program and its version.
        package init(name: String, version: String) {
            self.name = name
            self.version = version
        }
    }

    /// A labelled text, such as a fact about the host.
    package struct Note: Hashable, Sendable {
        /// What is told.
        package let label: String
        /// The text.
        package let text: String

        /// A labelled text.
        package init(label: String, text: String) {
            self.label = label
            self.text = text
        }
    }

    /// Counts and times of a round of a stage.
    package struct StageFacts: Hashable, Sendable {
        /// The stage.
        package var stage: Stage
        /// Its round, from 0.
        package var round: Int
        /// Units planned.
        package var tileCount: Int
        /// Units with a result.
        package var committedCount: Int
        /// Units given up.
        package var quarantinedCount: Int
        /// Attempts granted.
        package var attemptCount: Int
        /// Time from the first grant to the reduction, seconds; nil when unknown.
        package var wallSeconds: Double?
        /// Reading of all committed units, seconds.
        package var readSeconds: Double
        /// Computing of all committed units, seconds.
        package var computeSeconds: Double
        /// Writing of all committed units, seconds.
        package var writeSeconds: Double
        /// Largest memory of a computing process, bytes; nil when unknown.
        package var peakResidentBytes: Int?

        /// The facts of a round of a stage.
        package init(
            stage: Stage,
            round: Int = 0,
            tileCount: Int,
            committedCount: Int,
            quarantinedCount: Int,
            attemptCount: Int,
            wallSeconds: Double?,
            readSeconds: Double,
            computeSeconds: Double,
            writeSeconds: Double,
            peakResidentBytes: Int?
        ) {
            self.stage = stage
            self.round = round
            self.tileCount = tileCount
            self.committedCount = committedCount
            self.quarantinedCount = quarantinedCount
            self.attemptCount = attemptCount
            self.wallSeconds = wallSeconds
            self.readSeconds = readSeconds
            self.computeSeconds = computeSeconds
            self.writeSeconds = writeSeconds
            self.peakResidentBytes = peakResidentBytes
        }

        /// Attempts beyond the first of each unit.
        package var retryCount: Int {
            max(0, attemptCount - committedCount - quarantinedCount)
        }
    }

    /// Identity of the run.
    package var runID: String
    /// Start, ISO 8601 UTC.
    package var startedAt: String
    /// End, ISO 8601 UTC; it dates every output, so that publishing again gives the same files.
    package var finishedAt: String
    /// How it ended.
    package var state: State
    /// Identity of the plan.
    package var planDigest: ContentDigest
    /// The stages in order.
    package var stages: [StageFacts]
    /// Workers that took part.
    package var workerCount: Int
    /// Programs and libraries; the first is sectile.
    package var versions: [Version]
    /// The machine.
    package var host: [Note]
    /// The configuration with every default filled in, as JSON text.
    package var configuration: String

    /// The facts of a run.
    package init(
        runID: String,
        startedAt: String,
        finishedAt: String,
        state: State,
        planDigest: ContentDigest,
        stages: [StageFacts],
        workerCount: Int,
        versions: [Version],
        host: [Note],
        configuration: String
    ) {
        self.runID = runID
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.state = state
        self.planDigest = planDigest
        self.stages = stages
        self.workerCount = workerCount
        self.versions = versions
        self.host = host
        self.configuration = configuration
    }

    /// Attempts beyond the first, over all stages.
    package var retryCount: Int { stages.reduce(0) { $0 + $1.retryCount } }

    /// The version of sectile itself.
    package var softwareVersion: String {
        versions.first { $0.name == "sectile" }?.version ?? versions.first?.version ?? "unknown"
    }

    /// The day on which the run ended, such as `2026-11-23`.
    package var day: String { String(finishedAt.prefix(10)) }
}
