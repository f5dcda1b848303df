package import Tiling

/// Where a run stands, as the journal keeps it.
package enum RunPhase: String, Hashable, Sendable, Codable, CaseIterable {
    /// Units are being computed, or wait to be.
    case running
    /// An operator asked that nothing new is begun.
    case paused
    /// Every unit is committed.
    case done
    /// Every unit is settled; some are quarantined.
    case incomplete
    /// An operator ended the run.
    case cancelled
    /// The run stopped for the reason given with it.
    case failed

    /// True when no unit will be computed any more.
    package var isOver: Bool {
        switch self {
        case .running, .paused: false
        case .done, .incomplete, .cancelled, .failed: true
        }
    }
}

/// How an attempt ended.
package enum AttemptOutcome: String, Hashable, Sendable, Codable, CaseIterable {
    /// Its result is the unit's result.
    case committed
    /// It failed, for a reason that has a class.
    case failed
    /// The worker gave it back.
    case released
    /// The worker fell silent, left, or no longer knew of it.
    case lost
    /// Another attempt at the same unit was committed first.
    case superseded
    /// The run or an operator no longer wanted it.
    case revoked
}

/// The end of an attempt that was not committed.
package struct AttemptEnd: Hashable, Sendable {
    /// The attempt.
    package var lease: LeaseID
    /// How it ended.
    package var outcome: AttemptOutcome
    /// The class of a failure.
    package var failureClass: FailureClass?
    /// One sentence for the operator.
    package var message: String
    /// True when it counts against the tile.
    package var isCharged: Bool
    /// Time since the grant, seconds; 0 when unknown.
    package var elapsedSeconds: Double
    /// Peak resident memory of the computing process, bytes; 0 when unknown.
    package var peakResidentBytes: Int

    /// The end of an attempt.
    package init(
        lease: LeaseID,
        outcome: AttemptOutcome,
        failureClass: FailureClass? = nil,
        message: String,
        isCharged: Bool = false,
        elapsedSeconds: Double = 0,
        peakResidentBytes: Int = 0
    ) {
        self.lease = lease
        self.outcome = outcome
        self.failureClass = failureClass
        self.message = message
        self.isCharged = isCharged
        self.elapsedSeconds = elapsedSeconds
        self.peakResidentBytes = peakResidentBytes
    }
}

/// Where a worker runs and with which key: what outlives its process.
package struct WorkerPlace: Hashable, Sendable {
    /// Its host, as it calls itself.
    package var host: String
    /// The key that its connection proved.
    package var key: String

    /// A place.
    package init(host: String, key: String) {
        self.host = host
        self.key = key
    }
}

/// What the journal keeps of a worker.
package struct WorkerDescription: Hashable, Sendable {
    /// Identity of the process.
    package var id: String
    /// Its host.
    package var host: String
    /// Its process number there.
    package var processID: Int
    /// Units it computes at a time.
    package var slots: Int
    /// Its program and library versions, as text.
    package var build: String
    /// Number of its session within the epoch.
    package var session: UInt64
    /// The key that its connection proved; empty when it is not known.
    package var key: String

    /// A description of a worker.
    package init(
        id: String,
        host: String,
        processID: Int,
        slots: Int,
        build: String,
        session: UInt64,
        key: String = ""
    ) {
        self.id = id
        self.host = host
        self.processID = processID
        self.slots = slots
        self.build = build
        self.session = session
        self.key = key
    }
}

/// A fact that the journal makes durable.
///
/// The cases are the whole vocabulary. A case may gain meaning only together with a migration in
/// ``JournalSchema``.
package enum JournalRecord: Hashable, Sendable {
    /// A lease was granted; its attempt number is used up from here on.
    case granted(LeaseID, worker: String, isSpeculative: Bool)
    /// A result became the unit's result.
    case committed(TileResult, worker: String, elapsedSeconds: Double)
    /// An attempt ended without being committed.
    case attemptEnded(AttemptEnd)
    /// A unit will not be tried again unless an operator asks.
    case quarantined(WorkUnit, failureClass: FailureClass, message: String)
    /// A quarantined unit is to be tried again; what was held against it is forgotten.
    case requeued(WorkUnit)
    /// Failures were laid to the worker instead of the unit.
    case chargesForgiven(WorkUnit, worker: String)
    /// A committed result turned out to be unusable: the unit is to be computed again.
    case resultDiscarded(WorkUnit, reason: String)
    /// A worker's result differs from another's; a third worker is to decide.
    case claimed(ResultClaim)
    /// The claims about a unit are settled, or nobody asks any more.
    case claimsSettled(WorkUnit, message: String)
    /// A worker computed something else than two others: it gets nothing in this run any more.
    case workerDistrusted(id: String, reason: String)
    /// A round of a stage was reduced.
    case reduced(Stage, round: Int, StageReduction)
    /// Stages after this one, and its own reductions, no longer follow from what is committed.
    case invalidated(from: Stage)
    /// A worker was admitted.
    case workerJoined(WorkerDescription)
    /// An operator wants a worker to finish what it has and to leave.
    case drainRequested(id: String)
    /// A worker that was to leave has left for good.
    case drainEnded(id: String)
    /// A worker's session ended.
    case workerLeft(id: String, reason: String)
    /// The run changed its phase.
    case phaseChanged(RunPhase, message: String)
    /// Something that only the history needs.
    case noted(String, message: String, worker: String?)
}

/// A record with the event that caused it and the wall time at which it was decided.
package struct JournalEntry: Hashable, Sendable {
    /// The fact.
    package var record: JournalRecord
    /// Which event it follows from; equal causes belong together.
    package var cause: String
    /// Wall time, seconds since 1970: for people, never for decisions.
    package var wallSeconds: Double

    /// An entry for the journal.
    package init(_ record: JournalRecord, cause: String, wallSeconds: Double) {
        self.record = record
        self.cause = cause
        self.wallSeconds = wallSeconds
    }
}
