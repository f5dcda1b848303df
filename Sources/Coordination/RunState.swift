import Messaging
package import RunStore
package import Tiling
import WireProtocol

/// A run as a value: stages, tiles, leases and workers, and what follows from each event.
///
/// ```swift
/// let effects = state.apply(.received(.hello(hello), from: peer, userID: key), at: clock.now)
/// ```
///
/// The same state and the same event at the same time give the same effects: no clock, no randomness,
/// no input or output. The owner carries the effects out in order and makes records durable before
/// what depends on them leaves (``RunEffect``). Whatever a peer says, nothing traps.
///
/// A unit goes `pending → leased → committed`; back to `pending` when its lease expires or is given
/// back, to `backingOff` after a failure, to `quarantined` when failures have shown that it cannot be
/// computed. Attempts are fences: each grant uses up the next number, for ever.
///
/// Memory is ``bytesPerUnit`` for each tile of each stage and 56 for the plan's description of it, 88
/// more for each that the current round may read beyond its own tile, and what leases and sessions
/// need.
package struct RunState: Sendable {
    /// What is to be done.
    package let plan: RunPlan
    /// Durations and limits.
    package let policy: LeasePolicy
    /// Who the coordinator is.
    package let identity: RunIdentity

    /// Where the run stands.
    package internal(set) var phase = RunPhase.running
    /// Why, where that needs saying.
    package internal(set) var phaseMessage = ""

    // Rounds in the order of stages and rounds; those up to `current` were begun.
    var rounds: [RoundState] = []
    var current = 0
    /// Reductions by stage, in the order of rounds.
    var reductions: [Stage: [StageReduction]] = [:]
    /// What sessions are told of the current round; empty until the first one is.
    var brief: [StageBrief] = []
    /// True while a reduction is awaited.
    package internal(set) var isReducing = false
    /// True when a cancelled run goes on by being started.
    var revivesCancelled = false
    var isShuttingDown = false
    var isJournalDown = false

    /// Workers by slot; a slot is used again once its worker is gone.
    var workers: [WorkerRecord?] = []
    var slotOfWorker: [WorkerID: Int] = [:]
    var slotOfPeer: [PeerID: Int] = [:]
    /// Slots in use, in ascending order.
    var usedSlots: [Int] = []
    var lastSession: UInt64 = 0
    /// Attempts up to this number are used, in all units.
    var attemptBase: Int32 = 0
    /// All workers that ever joined or committed; commits name them by number.
    var roll = WorkerRoll()
    /// Workers that an operator wants to leave.
    var drains: Set<String> = []
    /// What workers that are gone may still have.
    var departures = Departures()
    /// Workers that computed something else than two others; whatever starts next on a host of theirs with
    /// the same key is not trusted, either.
    var distrustedWorkers: Set<String> = []
    /// How long workers of a place are benched, and how often they were since the last success there; at
    /// most as many places as there may be sessions.
    var benches: [WorkerPlace: (until: MonotonicInstant, count: Int)] = [:]
    /// Units with different results, until a third worker has decided.
    var disputes: [WorkUnit: Dispute] = [:]
    /// Slots of all workers together, also of those that are away.
    var slotTotal = 0

    /// Leases of the current round.
    var leases: [LeaseKey: Lease] = [:]
    /// Those of them beside which nothing is begun on their hosts.
    var aloneKeys: Set<LeaseKey> = []
    /// Live attempts of a unit of the current round, in order of their grants.
    var liveAttempts: [Int32: [Int32]] = [:]

    var lastTick: MonotonicInstant?
    /// Before then time ends nothing for any worker; nil: look.
    var nextLook: MonotonicInstant?
    /// What an operator should hear when nothing goes on.
    var alarms = ProgressAlarms()
    var startedAt: MonotonicInstant?
    /// Durations of the latest commits of the round, seconds, as a ring.
    var durations: [Double] = []
    var durationCursor = 0
    /// Durations of commits before a restart, until their round begins.
    var restoredDurations: [RoundKey: [Double]] = [:]
    /// Third quartile of the durations of an earlier round, seconds; nil while there is none.
    var earlierQuartileSeconds: Double?
    /// Moments and costs of the latest commits, as a ring.
    var commits: [(at: MonotonicInstant, cost: Int)] = []
    var commitCursor = 0
    var retriedCount = 0
    /// Age beyond which a second worker may try a unit, milliseconds; nil while unknown.
    var speculationAgeMilliseconds: Int?

    /// Rounds that are not begun but of which something is known, above all used attempt numbers.
    var laterRounds: [RoundKey: RoundState] = [:]
    /// Leases from before a restart, until the first event.
    var restoredAttempts: [OpenAttempt] = []

    // Of the event being applied.
    var effects: [RunEffect] = []
    var eventNumber: UInt64 = 0
    var dispatchScope = DispatchScope.none
    var isTimeToSpeculate = false

    /// What a worker is refused with; the transport has a type of the same name.
    typealias Refusal = WireProtocol.Refusal

    /// Names a round.
    struct RoundKey: Hashable {
        var stage: Stage
        var round: Int
    }

    /// Whom an event gives the chance of work.
    enum DispatchScope {
        case none
        case worker(Int)
        case everyone
    }

    /// How many commits the rate and the quartile look back.
    static let historyLimit = 256

    /// Bytes that a tile of a round takes, whatever happens to it; failures of the few that have any
    /// come on top.
    package static var bytesPerUnit: Int { RoundState.bytesPerUnit }

    /// The state of a run in which nothing has happened.
    package init(plan: RunPlan, identity: RunIdentity, policy: LeasePolicy = LeasePolicy()) {
        self.plan = plan
        self.identity = identity
        self.policy = policy
    }

    /// The cause that effects of the last event carry into journal and log: epoch and number.
    package var cause: String { "\(identity.epoch).\(eventNumber)" }

    /// Takes a fact in and says what follows.
    ///
    /// - Parameters:
    ///   - event: what happened.
    ///   - now: the present moment; not before that of any earlier event.
    /// - Returns: what to do, in order.
    package mutating func apply(_ event: RunEvent, at now: MonotonicInstant) -> [RunEffect] {
        eventNumber += 1
        effects = []
        dispatchScope = .none
        isTimeToSpeculate = false
        let isFirst = startedAt == nil
        if isFirst { start(at: now) }
        forgiveStall(at: now)
        handle(event, at: now)
        if isFirst {
            // After the event: it may put quarantined tiles back.
            stopBeyondQuarantineLimit(at: now)
            if phase.isOver { effects.append(.finish(outcome)) }
        }
        dispatch(at: now)
        if !event.isRoutine || !effects.allSatisfy(\.isHeartbeatAnswer) { nextLook = nil }
        defer { effects = [] }
        return effects
    }

    private mutating func handle(_ event: RunEvent, at now: MonotonicInstant) {
        switch event {
        case .received(let message, let peer, let userID):
            receive(message, from: peer, userID: userID, at: now)
        case .messageRejected(let refusal, let peer):
            rejectMessage(refusal, from: peer, at: now)
        case .connectionLost(let peer):
            loseConnection(peer)
        case .localWorkerExited(let processID, let host, let failureClass, let reason):
            endLocalWorker(processID, host: host, failureClass, reason: reason, at: now)
        case .workerFoundDead(let id, let reason):
            if let slot = slotOfWorker[id], workers[slot]?.session == nil {
                endDrain(id)
                // Whoever died while nobody looked did so with the coordinator, not for its tile.
                let isCounted = workers[slot]?.userID != nil
                loseWorker(slot, nil, isCounted: isCounted, reason: reason, at: now)
            }
        case .objectVerified(let lease, let discrepancy):
            finishVerification(of: lease, discrepancy: discrepancy, at: now)
        case .objectStored(let lease):
            finishCollecting(lease)
        case .objectLost(let unit, let reason):
            reopen(unit, reason: reason, at: now)
        case .timePassed:
            passTime(at: now)
        case .journalFailed(let reason):
            if !isJournalDown {
                log(RunFact(.journalFailed, .error, message: reason))
            }
            isJournalDown = true
        case .journalRecovered:
            if isJournalDown { log(RunFact(.journalRecovered, .notice)) }
            isJournalDown = false
            dispatchScope = .everyone
        case .reductionFinished(let stage, let round, let reduction):
            finishReduction(of: stage, round: round, reduction, at: now)
        case .reductionFailed(let stage, let round, let reason):
            failReduction(of: stage, round: round, reason: reason, at: now)
        case .pauseRequested: pause()
        case .resumeRequested: resume(at: now)
        case .cancelRequested: cancel(at: now)
        case .drainRequested(let worker): drain(worker)
        case .keysRevoked(let keys): endSessions(of: keys, at: now)
        case .retryRequested(let tile): retry(tile, at: now)
        case .shutdownRequested: shutDown()
        }
    }

    private mutating func receive(
        _ message: WorkerMessage,
        from peer: PeerID,
        userID: String,
        at now: MonotonicInstant
    ) {
        if case .hello(let hello) = message {
            admit(hello, from: peer, userID: userID, at: now)
            return
        }
        guard let slot = slotOfPeer[peer], workers[slot]?.userID == userID else {
            // A silent reconnection, or a coordinator that was restarted: the worker tells again.
            if !phase.isOver { effects.append(.send(.resync, to: peer)) }
            log(RunFact(.peerUnknown, .debug))
            return
        }
        noteHearing(of: slot, at: now)
        switch message {
        case .hello: break
        case .heartbeat(let heartbeat): receive(heartbeat, from: slot, peer: peer, at: now)
        case .completed(let result): complete(result, by: slot, peer: peer, at: now)
        case .failed(let failure): fail(failure, by: slot, peer: peer, at: now)
        case .released(let leases, let reason):
            release(leases, reason: reason, by: slot, at: now)
        case .goodbye(let reason):
            if let id = workers[slot]?.id { endDrain(id) }
            endSession(of: slot, .workerLeft, .notice, reason: reason, at: now)
        case .request(let request): effects.append(.serve(request, to: peer))
        case .piece(let piece): effects.append(.take(piece, from: peer))
        }
    }

    // MARK: - Shared by all verbs

    /// The round under way; nil when the plan has no stages or all are done.
    var currentRound: RoundState? { rounds.indices.contains(current) ? rounds[current] : nil }

    /// Appends a log line with the event's cause.
    mutating func log(_ fact: RunFact) {
        var fact = fact
        fact.cause = cause
        effects.append(.log(fact))
    }

    /// Appends a record.
    mutating func journal(_ record: JournalRecord) {
        effects.append(.journal(record))
    }

    /// A fact about a lease and the worker that holds it.
    func fact(
        _ name: RunFact.Name,
        _ severity: RunFact.Severity,
        _ lease: LeaseID,
        worker slot: Int?,
        message: String = ""
    ) -> RunFact {
        var fact = RunFact(name, severity, message: message)
        fact.concern(lease.unit)
        fact.attempt = lease.attempt
        // Field by field: a copy of the record would retain all that the worker has.
        if let slot {
            fact.worker = workers[slot]?.id
            fact.host = workers[slot]?.host
            fact.session = workers[slot]?.session?.number
        }
        return fact
    }

    /// The lease that a key names.
    func leaseID(_ key: LeaseKey) -> LeaseID {
        LeaseID(unit: rounds[current].unit(key.ordinal), attempt: Attempt(Int(key.attempt)))
    }

    /// The key of a lease of the current round that is under way; nil for every other.
    func liveKey(_ lease: LeaseID) -> LeaseKey? {
        guard rounds.indices.contains(current), rounds[current].stage == lease.unit.stage,
            rounds[current].round == lease.unit.round,
            let ordinal = rounds[current].ordinal(of: lease.unit.tile),
            let attempt = Int32(exactly: lease.attempt.number)
        else { return nil }
        let key = LeaseKey(ordinal: ordinal, attempt: attempt)
        return leases[key] == nil ? nil : key
    }

    /// The committed object of a unit of any round; nil when there is none.
    package func committedObject(of unit: WorkUnit) -> TileObject? {
        // What follows from a stage that has work again stays committed, and will be used.
        let later = laterRounds[RoundKey(stage: unit.stage, round: unit.round)]
        return (later ?? rounds.first { $0.stage == unit.stage && $0.round == unit.round })?
            .object(of: unit.tile)
    }
}
