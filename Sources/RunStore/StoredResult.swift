package import Tiling

/// A committed unit as the journal keeps it.
package struct StoredResult: Hashable, Sendable {
    /// The lease under which it was computed.
    package var lease: LeaseID
    /// Its object.
    package var object: TileObject
    /// The worker that computed it.
    package var worker: String
    /// When it was committed, seconds since 1970.
    package var committedSeconds: Double

    /// A committed unit.
    package init(lease: LeaseID, object: TileObject, worker: String, committedSeconds: Double) {
        self.lease = lease
        self.object = object
        self.worker = worker
        self.committedSeconds = committedSeconds
    }

    /// The same result under another attempt at its unit, as its file is then named.
    package func renamed(to attempt: Attempt) -> StoredResult {
        let lease = LeaseID(unit: lease.unit, attempt: attempt)
        return StoredResult(
            lease: lease,
            object: TileObject(
                key: TileObjectKey(lease: lease, nonce: object.key.nonce),
                bytes: object.bytes,
                fileDigest: object.fileDigest,
                samplesDigest: object.samplesDigest
            ),
            worker: worker,
            committedSeconds: committedSeconds
        )
    }
}

/// Counts of a round of a stage.
package struct RoundCounts: Hashable, Sendable {
    /// The stage.
    package var stage: Stage
    /// The round.
    package var round: Int
    /// Tiles that the plan gives the stage.
    package var tileCount: Int
    /// Units with a result.
    package var committedCount: Int
    /// Units that will not be tried again unless an operator asks.
    package var quarantinedCount: Int
    /// Leases under way.
    package var openLeaseCount: Int
    /// Units that took more than one attempt.
    package var retriedCount: Int
    /// True when its reduction is journaled.
    package var isReduced: Bool

    /// Counts of a round.
    package init(
        stage: Stage,
        round: Int,
        tileCount: Int,
        committedCount: Int,
        quarantinedCount: Int,
        openLeaseCount: Int,
        retriedCount: Int,
        isReduced: Bool
    ) {
        self.stage = stage
        self.round = round
        self.tileCount = tileCount
        self.committedCount = committedCount
        self.quarantinedCount = quarantinedCount
        self.openLeaseCount = openLeaseCount
        self.retriedCount = retriedCount
        self.isReduced = isReduced
    }
}

/// Where a run stands, for someone who looks from outside.
package struct RunStatus: Hashable, Sendable {
    /// Identity of the run.
    package var runID: String
    /// The plan's name.
    package var name: String
    /// Incarnation of the coordinator.
    package var epoch: UInt64
    /// Where the run stands.
    package var phase: RunPhase
    /// Why, where that needs saying.
    package var phaseMessage: String
    /// When the run was begun, seconds since 1970.
    package var startedSeconds: Double
    /// When a unit was last committed, seconds since 1970; nil before the first.
    package var lastCommitSeconds: Double?
    /// Commits per second over the window that was asked for.
    package var commitsPerSecond: Double
    /// Each stage of the plan with its rounds, in order; a stage not begun has its round 0.
    package var rounds: [RoundCounts]
}

/// A worker as the journal knows it.
package struct StoredWorker: Hashable, Sendable {
    /// What it said of itself.
    package var description: WorkerDescription
    /// Its last epoch.
    package var epoch: UInt64
    /// When it first joined, seconds since 1970.
    package var joinedSeconds: Double
    /// When its last session ended, nil while it lasts.
    package var leftSeconds: Double?
    /// Why it ended.
    package var leftReason: String?
    /// When it last got or ended a lease, seconds since 1970.
    package var lastSeenSeconds: Double
    /// Leases under way.
    package var openLeaseCount: Int
    /// Its committed attempts.
    package var committedCount: Int
    /// Its failed attempts.
    package var failedCount: Int
}

/// A unit that will not be tried again unless an operator asks.
package struct QuarantinedUnit: Hashable, Sendable {
    /// The unit.
    package var unit: WorkUnit
    /// Attempts made.
    package var attempts: Int
    /// The last thing that went wrong.
    package var message: String

    /// A quarantined unit.
    package init(
        unit: WorkUnit,
        attempts: Int,
        message: String
    ) {
        self.unit = unit
        self.attempts = attempts
        self.message = message
    }
}

/// An attempt as the journal keeps it.
package struct StoredAttempt: Hashable, Sendable {
    /// The lease.
    package var lease: LeaseID
    /// The worker that held it.
    package var worker: String
    /// The worker's host; empty when it is not known.
    package var host: String
    /// Incarnation of the coordinator that granted it.
    package var epoch: UInt64
    /// True when another lease of the unit was under way.
    package var isSpeculative: Bool
    /// When it was granted, seconds since 1970.
    package var grantedSeconds: Double
    /// The event that led to the grant.
    package var grantedCause: String
    /// When it ended, nil while it lasts.
    package var endedSeconds: Double?
    /// The event that ended it.
    package var endedCause: String?
    /// How it ended, nil while it lasts.
    package var outcome: AttemptOutcome?
    /// The class of its failure.
    package var failureClass: FailureClass?
    /// True when it counts against the tile.
    package var isCharged: Bool
    /// What was said about its end.
    package var message: String
    /// Time from grant to end by the coordinator's clock, seconds; 0 when unknown.
    package var elapsedSeconds: Double
    /// What the computation took; zero unless it was committed.
    package var cost: TileCost
}

/// A row of the history.
package struct StoredEvent: Hashable, Sendable {
    /// When, seconds since 1970.
    package var wallSeconds: Double
    /// The event of the coordinator that it follows from.
    package var cause: String
    /// What happened, a constant name.
    package var kind: String
    /// The unit concerned.
    package var unit: WorkUnit?
    /// The worker concerned.
    package var worker: String?
    /// The particulars.
    package var message: String
}
