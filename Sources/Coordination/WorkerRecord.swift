import Messaging
import RunStore
import Tiling
import WireProtocol

/// Names a lease of the current round: the unit's ordinal and the attempt.
struct LeaseKey: Hashable {
    var ordinal: Int32
    var attempt: Int32
}

/// A lease under way.
struct Lease {
    /// Slot of the worker that holds it.
    var worker: Int
    /// When it was granted or taken over from before a restart.
    var grantedAt: MonotonicInstant
    /// When the worker last named it, or could first have done so.
    var confirmedAt: MonotonicInstant
    /// True when another lease of the unit was under way at the grant.
    var isSpeculative: Bool
    /// True when nothing else may be begun on its worker's host meanwhile.
    var runsAlone: Bool
    /// The reported result, while its object is being looked at.
    var reported: TileResult?
    /// True while the reported object is being fetched from the worker.
    var isCollecting = false

    /// True while the lease comes to nothing without its worker.
    var needsWorker: Bool { reported == nil || isCollecting }
}

/// A connection over which a worker was admitted.
struct Session {
    /// The connection.
    var peer: PeerID
    /// Its number within the epoch.
    var number: UInt64
    /// The round whose constants the worker has, as an index; nil for none.
    var briefedRound: Int?
    /// True when the worker must begin a new session before it gets anything: it was told constants that no
    /// longer hold, and a lost message must not leave it with them.
    var isOutdated = false
}

/// A worker, from its hello until it is gone and holds nothing.
struct WorkerRecord {
    /// Identity of the process.
    let id: WorkerID
    /// Its number in the roll of all workers, which nobody else gets.
    let number: Int32
    var host = ""
    var processID = 0
    /// The key that its connection proved; nil until it says hello after a restart.
    var userID: String?
    var slots = 0
    var credit = 0
    /// True when it does not see the run directory: its objects are fetched from it.
    var transportsObjects = false
    /// Its connection; nil while it is away.
    var session: Session?
    /// When it counts as lost, and its leases are taken back, unless it is heard.
    var deadline: MonotonicInstant
    /// When it was heard last.
    var heardAt: MonotonicInstant
    /// Its leases in the order of their grants.
    var held: [LeaseKey] = []
    /// True when it gets nothing new.
    var isDraining = false
    /// It gets nothing new until then, because it gave something back.
    var restsUntil: MonotonicInstant?
    /// It gets nothing new until then, because it failed everything.
    var benchedUntil: MonotonicInstant?
    /// True when it computed something else than two others: it gets nothing any more.
    var isDistrusted: Bool
    /// Times that it was benched since its last success.
    var benchCount = 0
    /// Units of the current round that it failed since its last success, in order.
    var failedInRow: [Int32] = []
    /// Leases that were taken from it lately, whose results may still come.
    var revoked: [LeaseID] = []
    /// What it last said of its memory, bytes.
    var residentBytes = 0
    /// Its wall clock as last said, seconds since 1970.
    var wallClockSeconds = 0.0
    /// When it last said both; nil until it has.
    var beatAt: MonotonicInstant?
    /// Units that it committed.
    var committedCount = 0
    /// Attempts that failed there.
    var failedCount = 0

    /// How many taken leases are remembered.
    static let revokedLimit = 64

    init(id: WorkerID, number: Int32, isDistrusted: Bool, deadline: MonotonicInstant) {
        self.id = id
        self.number = number
        self.isDistrusted = isDistrusted
        self.deadline = deadline
        heardAt = deadline
    }

    /// What outlives its process; nil until it says hello.
    var place: WorkerPlace? { userID.map { WorkerPlace(host: host, key: $0) } }

    /// Changes the record where it lies, so that its arrays are not copied.
    mutating func change(_ change: (inout WorkerRecord) -> Void) { change(&self) }

    /// Remembers that a lease was taken.
    mutating func remember(revoked lease: LeaseID) {
        if revoked.count == Self.revokedLimit { revoked.removeFirst() }
        revoked.append(lease)
    }

    /// True when its word about a unit may be waited for, also while it is away or rests.
    func isTrusted(at now: MonotonicInstant) -> Bool {
        !isDraining && !isDistrusted && benchedUntil.map { $0 <= now } ?? true
    }

    /// True when it may get something new.
    func canServe(at now: MonotonicInstant) -> Bool {
        (session.map { !$0.isOutdated } ?? false) && isTrusted(at: now)
            && restsUntil.map { $0 <= now } ?? true
    }
}
