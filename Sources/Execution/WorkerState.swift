package import Tiling
package import WireProtocol

/// A worker's whole mind: what it holds, where it stands with its coordinator, what it waits for.
///
/// A value without clock, threads or network: facts go in through ``apply(_:at:)``, which returns what
/// shall be done. Times are on one monotonic clock of the caller's, from any origin.
///
/// What survives what:
/// - *Running* units and results that were *never acknowledged* survive everything but the run's end:
///   a new session's hello lists them, and the coordinator takes them up again.
/// - Leases that *wait* for a slot cost nothing yet. They end with their session, silently: the
///   hello does not list them, and the coordinator grants them anew.
/// - A result is forgotten when it is acknowledged, or its lease is said to be stale.
package struct WorkerState: Sendable {
    /// Where the worker stands with its coordinator.
    enum Phase: Hashable {
        /// Not begun.
        case created
        /// Dialling.
        case connecting(since: Duration)
        /// Hello was said and not answered.
        case greeting(since: Duration)
        /// Refused for now.
        case backingOff(until: Duration)
        /// Welcomed.
        case inSession
        /// Ended; nothing happens any more.
        case left(WorkerExit)
    }

    /// What is known of the run's storage.
    enum StorageStanding: Hashable {
        case unknown
        case verifying
        case verified
    }

    /// A unit on a slot.
    struct RunningTile: Hashable {
        let lease: LeaseID
        let wallLimitSeconds: Int
        let startedAt: Duration
        let deadline: Duration
        /// True when nothing else may run beside it.
        let runsAlone: Bool
        /// True when its outcome is not wanted; it still takes its slot.
        var isCancelled = false
    }

    /// A result that may still be asked for.
    struct UnacknowledgedResult: Hashable {
        let result: TileResult
        /// When the current session was told; nil when it was not.
        var sentAt: Duration?
    }

    /// An end that was asked for.
    struct Drain: Hashable {
        var deadline: Duration?
        let reason: String
    }

    /// What the worker is.
    package let identity: WorkerIdentity
    let policy: WorkerPolicy
    var phase = Phase.created
    /// The latest welcome of the run that is served.
    var welcome: Welcome?
    var storage = StorageStanding.unknown
    /// What rounds are computed with, as told in this session, the newest last; at most
    /// ``maximumBriefs``.
    var briefs: [RoundBrief] = []
    /// The brief that is coming in.
    var assembly = BriefAssembly()
    /// Granted and not begun, in the order of the grants; empty outside a session.
    var waiting: [LeaseGrant] = []
    /// On slots, in the order of their start; at most as many as slots.
    var running: [RunningTile] = []
    /// Computed and not acknowledged, in the order of completion.
    var results: [UnacknowledgedResult] = []
    /// Failed and not yet told.
    var failures: [AttemptFailure] = []
    /// Results that the last hello contained.
    var greetedResults: Set<LeaseID> = []
    var drain: Drain?
    /// The longest that a unit of a stage took here.
    var longest: [Stage: Duration] = [:]
    var lastHeard = Duration.zero
    /// Since when there is no session; nil within one.
    var outOfSessionSince: Duration?
    /// Refusals in a row.
    var retryCount = 0
    /// Failed handshakes in a row.
    var handshakeFailureCount = 0
    /// What the event under way has led to so far; empty between events.
    var effects: [WorkerEffect] = []

    /// The most rounds whose briefs are kept.
    static let maximumBriefs = 4

    /// A worker that has not begun.
    package init(identity: WorkerIdentity, policy: WorkerPolicy) {
        self.identity = identity
        self.policy = policy
    }

    /// Takes notice of an event.
    ///
    /// - Parameters:
    ///   - event: what happened.
    ///   - now: when; never before the event before.
    /// - Returns: what shall be done, in this order. Nothing once the worker has left.
    package mutating func apply(_ event: WorkerEvent, at now: Duration) -> [WorkerEffect] {
        guard exit == nil else { return [] }
        precondition(effects.isEmpty, "effects are returned with the event that led to them")
        take(event, now)
        settle(now)
        defer { effects = [] }
        return effects
    }

    private mutating func take(_ event: WorkerEvent, _ now: Duration) {
        switch event {
        case .channelOpened:
            phase = .connecting(since: now)
            outOfSessionSince = now
            lastHeard = now
        case .connectionMade: connectionMade(now)
        case .connectionLost: connectionLost(now)
        case .keyRefused(let reason): leave(.incompatible(reason))
        case .handshakeFailed(let reason): handshakeFailed(reason, now)
        case .channelFailed(let reason): leave(.channelFailed(reason))
        case .received(let message):
            lastHeard = now
            received(message, now)
        case .unreadableReceived(let error): unreadableReceived(error, now)
        case .storageVerified(let verified): storageVerified(verified, now)
        case .storageRejected(let rejected, let reason): storageRejected(rejected, reason)
        case .tileCompleted(let lease, let result): tileCompleted(lease, result, now)
        case .tileFailed(let lease, let failure): tileFailed(lease, failure)
        case .drainRequested(let grace, let reason):
            startDrain(deadline: grace.map { now + $0 }, reason: reason)
        case .haltRequested(let isInterrupt, let reason): halt(isInterrupt, reason)
        case .timePassed: timePassed(now)
        }
    }

    private mutating func received(_ message: CoordinatorMessage, _ now: Duration) {
        switch message {
        case .welcome(let welcome): welcomed(welcome, now)
        case .refuse(let refusal): refused(refusal, now)
        case .stage(let brief): briefed(brief)
        case .lease(let grants): granted(grants, now)
        case .committed(let leases): acknowledged(leases)
        case .stale(let leases): fenced(leases)
        case .heartbeat: break
        // It is said again until the worker has left.
        case .drain(let reason): if drain == nil { startDrain(deadline: nil, reason: reason) }
        case .goodbye(let reason): coordinatorLeft(reason, now)
        case .resync: resynchronised(now)
        case .request(let request):
            if isInSession { effects.append(.serve(request)) }
        case .piece(let piece):
            if isInSession { effects.append(.take(piece)) }
        }
    }

    /// Why the worker left; nil while it is there.
    package var exit: WorkerExit? {
        if case .left(let exit) = phase { exit } else { nil }
    }

    /// One word for where the worker stands, for people.
    package var standing: String {
        switch phase {
        case .created, .connecting: "connecting"
        case .greeting: "greeting"
        case .backingOff: "refused"
        case .inSession where drain != nil: "draining"
        case .inSession: running.isEmpty ? "idle" : "working"
        case .left: "left"
        }
    }

    /// The leases that heartbeats renew: running, waiting, or ended and not yet told.
    package var held: [LeaseID] {
        running.filter { !$0.isCancelled }.map(\.lease) + waiting.map(\.lease)
            + failures.map(\.lease) + results.filter { $0.sentAt == nil }.map(\.result.lease)
    }

    /// True while it has nothing that silence could cost.
    package var isIdle: Bool {
        running.isEmpty && waiting.isEmpty && failures.isEmpty && results.isEmpty
    }

    /// The session in which heartbeats are due; nil when none are.
    package var session: Welcome? {
        phase == .inSession ? welcome : nil
    }

    /// Units that are computed and whose outcome is wanted.
    var liveCount: Int {
        running.count { !$0.isCancelled }
    }

    var isInSession: Bool { phase == .inSession }

    /// Where objects lie on this machine, in a directory `tiles`; nil before the first welcome.
    var runDirectory: String? { identity.scratchDirectory ?? welcome?.runDirectory }
}
