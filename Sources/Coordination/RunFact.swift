package import Tiling
package import WireProtocol

/// A line for the operator's log: one for each transition.
package struct RunFact: Hashable, Sendable {
    /// The constant names of what can be logged.
    package enum Name: String, Hashable, Sendable, CaseIterable {
        case runStarted = "run.started"
        case runResumed = "run.resumed"
        case runPaused = "run.paused"
        case runFinished = "run.finished"
        case runStalled = "run.stalled"
        case runNoWorkers = "run.noWorkers"
        case stageStarted = "stage.started"
        case stageReduced = "stage.reduced"
        case stageInvalidated = "stage.invalidated"
        case workerJoined = "worker.joined"
        case workerRefused = "worker.refused"
        case workerRejoined = "worker.rejoined"
        case workerLeft = "worker.left"
        case workerLost = "worker.lost"
        case workerBenched = "worker.benched"
        case workerDraining = "worker.draining"
        case peerUnknown = "peer.unknown"
        case peerRefused = "peer.refused"
        case peerHandshakeFailed = "peer.handshakeFailed"
        case channelOverflowed = "channel.overflowed"
        case channelAcceptFailed = "channel.acceptFailed"
        case leaseGranted = "lease.granted"
        case leaseAdopted = "lease.adopted"
        case leaseExpired = "lease.expired"
        case leaseReleased = "lease.released"
        case leaseRevoked = "lease.revoked"
        case attemptFailed = "attempt.failed"
        case tileCommitted = "tile.committed"
        case tileQuarantined = "tile.quarantined"
        case tileRequeued = "tile.requeued"
        case resultStale = "result.stale"
        case resultRejected = "result.rejected"
        case resultConflict = "result.conflict"
        case resultArbitrated = "result.arbitrated"
        case workerDistrusted = "worker.distrusted"
        case objectLost = "object.lost"
        case objectStored = "object.stored"
        case journalFailed = "journal.failed"
        case journalRecovered = "journal.recovered"
        case coordinatorStalled = "coordinator.stalled"
    }

    /// How loudly it is said, in the terms of swift-log.
    package enum Severity: String, Hashable, Sendable, CaseIterable {
        /// Of each tile.
        case debug
        /// Recovered trouble.
        case info
        /// Milestones of the run.
        case notice
        /// Needs a look.
        case warning
        /// A tile is lost.
        case error
        /// The run stops.
        case critical
    }

    /// What happened.
    package var name: Name
    /// How loudly it is said.
    package var severity: Severity
    /// Which event of the coordinator it follows from.
    package var cause = ""
    /// The stage.
    package var stage: Stage?
    /// Its round.
    package var round: Int?
    /// The tile.
    package var tile: TileID?
    /// The try at it.
    package var attempt: Attempt?
    /// The worker.
    package var worker: WorkerID?
    /// Its host.
    package var host: String?
    /// Its session.
    package var session: UInt64?
    /// The class of a failure.
    package var failureClass: FailureClass?
    /// How long it took, milliseconds.
    package var durationMilliseconds: Int?
    /// Peak resident memory, MiB.
    package var peakMebibytes: Int?
    /// Size of an object, bytes.
    package var bytes: Int?
    /// True for a lease of a unit that another worker is slow with.
    package var isSpeculative = false
    /// The particulars in words.
    package var message: String = ""

    /// A fact without particulars.
    package init(_ name: Name, _ severity: Severity, message: String = "") {
        self.name = name
        self.severity = severity
        self.message = message
    }

    /// Says which unit it is about.
    mutating func concern(_ unit: WorkUnit) {
        stage = unit.stage
        round = unit.round
        tile = unit.tile
    }
}

/// Where facts go: the log, and whatever counts them.
package protocol RunLog: Sendable {
    /// Takes a fact; returns at once.
    func record(_ fact: RunFact)
}
