package import ContentDigest
package import Tiling

/// What the journal knows of a unit that anything ever happened to.
package struct UnitSnapshot: Hashable, Sendable {
    /// Where a unit stands.
    package enum State: Int, Hashable, Sendable {
        /// To be computed.
        case open = 0
        /// It has its result.
        case committed = 1
        /// Not to be tried again unless an operator asks.
        case quarantined = 2
    }

    /// The unit.
    package var unit: WorkUnit
    /// Where it stands.
    package var state: State
    /// The highest attempt number granted.
    package var attempts: Int
    /// Failures that count against it.
    package var charges: Int
    /// Failures to read or write tile files.
    package var storageFailures: Int
    /// Leases that were lost together with their worker.
    package var losses: Int
    /// The last thing that went wrong.
    package var message: String
    /// The committed object.
    package var object: TileObject?
    /// The worker that computed it.
    package var committedBy: String?

    /// A unit that nothing has happened to.
    package init(unit: WorkUnit) {
        self.unit = unit
        state = .open
        attempts = 0
        charges = 0
        storageFailures = 0
        losses = 0
        message = ""
        object = nil
        committedBy = nil
    }
}

/// A lease that was granted and has not ended.
package struct OpenAttempt: Hashable, Sendable {
    /// The lease.
    package var lease: LeaseID
    /// The worker that holds it.
    package var worker: String
    /// True for the second of two concurrent leases.
    package var isSpeculative: Bool

    /// An attempt under way.
    package init(lease: LeaseID, worker: String, isSpeculative: Bool) {
        self.lease = lease
        self.worker = worker
        self.isSpeculative = isSpeculative
    }
}

/// A failure that counts against a unit, and who reported it.
package struct ChargedFailure: Hashable, Sendable {
    /// The unit.
    package var unit: WorkUnit
    /// The worker.
    package var worker: String
    /// What it was; nil when it is not known.
    package var failureClass: FailureClass?

    /// A charged failure.
    package init(unit: WorkUnit, worker: String, failureClass: FailureClass? = nil) {
        self.unit = unit
        self.worker = worker
        self.failureClass = failureClass
    }
}

/// The outcome of a round of a stage.
package struct ReductionSnapshot: Hashable, Sendable {
    /// The stage.
    package var stage: Stage
    /// The round.
    package var round: Int
    /// What followed from its partials.
    package var reduction: StageReduction

    /// A reduction.
    package init(stage: Stage, round: Int, reduction: StageReduction) {
        self.stage = stage
        self.round = round
        self.reduction = reduction
    }
}

/// How long a committed attempt took.
package struct AttemptDuration: Hashable, Sendable {
    /// The stage.
    package var stage: Stage
    /// The round.
    package var round: Int
    /// Time from grant to commit, seconds.
    package var seconds: Double

    /// A duration.
    package init(stage: Stage, round: Int, seconds: Double) {
        self.stage = stage
        self.round = round
        self.seconds = seconds
    }

    /// How many of the latest the journal hands out.
    package static let limit = 512
}

/// All that a coordinator needs to go on with a run.
package struct JournalSnapshot: Hashable, Sendable {
    /// Identity of the run.
    package var runID: String
    /// Identity of the plan.
    package var planDigest: ContentDigest
    /// Incarnation of the coordinator.
    package var epoch: UInt64
    /// Attempts up to this number are used, in all units: raised when the journal was lost.
    package var attemptBase: Int
    /// Stages whose tile files were removed on purpose, after the run was done.
    package var removedStages: Set<Stage>
    /// Where the run stands.
    package var phase: RunPhase
    /// Why, where that needs saying.
    package var phaseMessage: String
    /// Every unit that anything happened to, in ascending order.
    package var units: [UnitSnapshot]
    /// Leases under way, in ascending order.
    package var openAttempts: [OpenAttempt]
    /// Failures that count, in ascending order of attempts.
    package var chargedFailures: [ChargedFailure]
    /// Reductions in the order of stages and rounds.
    package var reductions: [ReductionSnapshot]
    /// What workers say about units of which another said otherwise, in ascending order of leases.
    package var claims: [ResultClaim]
    /// Workers that computed something else than two others.
    package var distrustedWorkers: Set<String>
    /// Workers that an operator wants to leave.
    package var drainedWorkers: Set<String>
    /// How long the latest commits took, the earliest of them first.
    package var durations: [AttemptDuration]
    /// The hosts of all workers that ever joined, by their identity.
    package var hosts: [String: String]
    /// The keys that they showed, by their identity.
    package var keys: [String: String]

    /// The snapshot of a run that has not begun.
    package init(runID: String, planDigest: ContentDigest, epoch: UInt64 = 1) {
        self.runID = runID
        self.planDigest = planDigest
        self.epoch = epoch
        attemptBase = 0
        removedStages = []
        phase = .running
        phaseMessage = ""
        units = []
        openAttempts = []
        chargedFailures = []
        reductions = []
        claims = []
        distrustedWorkers = []
        drainedWorkers = []
        durations = []
        hosts = [:]
        keys = [:]
    }

    /// The keys of all committed objects.
    package var committedKeys: Set<TileObjectKey> {
        Set(units.compactMap { $0.object?.key })
    }
}

/// What the coordinator needs of a journal while the run goes on.
package protocol JournalStore: Sendable {
    /// Makes entries durable, all or none; returns when they are.
    ///
    /// - Throws: a transient error when the same call may succeed later; nothing was kept then.
    func append(_ entries: [JournalEntry]) async throws(RunStoreError)
    /// The partials of a round's committed units, in tile order.
    func partials(
        stage: Stage,
        round: Int
    ) async throws(RunStoreError) -> [(tile: TileID, partial: [UInt8])]
    /// The units of a round whose partials are not what was committed, in tile order.
    func damagedPartials(stage: Stage, round: Int) async throws(RunStoreError) -> [WorkUnit]
}
