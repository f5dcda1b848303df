import Coordination
import Messaging
import RunStore
import SimulationKit
import Tiling
import WireProtocol

/// A coordinator without disk and network, to which peers with admitted keys say anything.
///
/// Messages go through frames, the intake, the state and the gate, as they come from the socket; what
/// the gate releases is done at once or when the case says so.
struct CoordinatorFuzz {
    private static let work = SimulatedWork(rows: 2, columns: 2)
    private static let policy: LeasePolicy = {
        var policy = LeasePolicy()
        policy.heartbeatMilliseconds = 100
        policy.leaseMilliseconds = 300
        policy.backoffMilliseconds = 50
        policy.speculationFloorMilliseconds = 100
        policy.benchMilliseconds = 200
        policy.sessionLimit = 4
        policy.chargeLimit = 2
        return policy
    }()
    private static let keys = ["key 0", "key 1", "key 2"]

    private(set) var violations: [String] = []
    private(set) var decoded = 0
    private(set) var accepted: [String: Int] = [:]

    private var state: RunState
    private var gate = CommitGate()
    private var journal: JournalImage
    private var intake: MessageIntake
    private var transfers = CoordinatorTransfers(limits: TransferLimits())
    private var now = MonotonicInstant(nanoseconds: 0)
    private var draft = MessageDraft()
    private var batch: [JournalEntry] = []
    private var toVerify: [TileResult] = []
    private var toReduce: [(stage: Stage, round: Int, constants: [Stage: [UInt8]])] = []
    /// The key that each lease of this coordinator's life was sent to.
    private var holders: [LeaseID: String] = [:]
    private var keyOfPeer: [PeerID: String] = [:]
    private var hasLostObject = false

    /// A run with two workers in session, from which every case begins.
    static let joined: CoordinatorFuzz = {
        var fuzz = CoordinatorFuzz()
        // Honest greetings, so that few bytes reach far.
        for worker in 0..<2 {
            fuzz.hear(
                WireCodec.encode(.hello(greeting(worker))),
                peer: peer(worker),
                key: keys[worker]
            )
        }
        fuzz.commit()
        fuzz.decoded = 0
        return fuzz
    }()

    private init() {
        journal = JournalImage(runID: "run", planDigest: Self.work.plan.digest)
        journal.raiseEpoch()
        var limits = MessageAllowance.Limits()
        limits.burst = 40
        limits.perSecond = 40
        limits.perGreeting = 8
        intake = MessageIntake(limits: limits)
        state = RunState(plan: Self.work.plan, identity: Self.identity(1), policy: Self.policy)
        apply(.timePassed)
    }

    private static func identity(_ epoch: UInt64) -> RunIdentity {
        RunIdentity(
            runID: "run",
            epoch: epoch,
            build: MessageDraft.build,
            runDirectory: "/run",
            storageProbe: "probe"
        )
    }

    mutating func run(_ bytes: inout FuzzBytes) {
        while !bytes.isExhausted, violations.isEmpty { step(&bytes) }
    }

    private static func greeting(_ worker: Int) -> WorkerHello {
        WorkerHello(
            workerID: MessageDraft.worker(worker),
            host: "host",
            processID: 100 + worker,
            build: MessageDraft.build,
            slots: 2,
            credit: 3,
            memoryPerSlotBytes: 0
        )
    }

    private static func peer(_ number: Int) -> PeerID { PeerID(bytes: [UInt8(number)]) }

    private mutating func step(_ bytes: inout FuzzBytes) {
        let operation = bytes.next()
        switch operation % 16 {
        case 0...7:
            let speaker = Int(operation >> 4) % 4
            // The fourth connection has the third key, too.
            let key = Self.keys[min(speaker, 2)]
            let message = draft.workerMessage(&bytes, worker: speaker)
            var frames = WireCodec.encode(message)
            if operation % 16 >= 6 { frames = MessageDraft.damaged(frames, &bytes) }
            hear(frames, peer: Self.peer(speaker), key: key)
        case 8: pass(milliseconds: [1, 25, 60, 200, 400, 1000, 30_000][bytes.choice(of: 7)])
        case 9: verify(&bytes)
        case 10: commit()
        case 11: reduce(&bytes)
        case 12: operate(&bytes)
        case 13: lose(&bytes)
        case 14: if operation > 127 { restart() } else { apply(.journalFailed("no space")) }
        default: verifyAll()
        }
        if operation % 4 != 3 { commit() }
    }

    private mutating func hear(_ frames: [[UInt8]], peer: PeerID, key: String) {
        decoded += 1
        let message = InboundMessage(peer: peer, userID: key, frames: frames)
        guard let event = intake.event(of: message, at: now) else { return }
        switch event {
        case .received(let message, _, _):
            keyOfPeer[peer] = key
            accepted[Self.name(message), default: 0] += 1
            apply(event, key: key)
        default: apply(event)
        }
        if intake.connectionCount > 8 { violations.append("connections are not forgotten") }
    }

    private static func name(_ message: WorkerMessage) -> String {
        String("\(message)".prefix { $0 != "(" })
    }

    private mutating func apply(_ event: RunEvent, key: String? = nil) {
        let effects = state.apply(event, at: now)
        perform(
            gate.admit(effects, cause: state.cause, wallSeconds: 0),
            key: key
        )
        violations += state.invariantViolations()
    }

    private mutating func perform(_ actions: [CommitGate.Action], key: String? = nil) {
        for action in actions {
            switch action {
            case .send(let message, let peer): send(message, to: peer)
            case .verify(let result):
                checkHolder(of: result, key)
                toVerify.append(result)
            case .collect(let result, let peer):
                checkHolder(of: result, key)
                perform(transfers.collect(result, from: peer, at: milliseconds))
            case .serve(let request, let peer): perform(transfers.serve(request, to: peer))
            case .take(let piece, let peer):
                perform(transfers.take(piece, from: peer, at: milliseconds))
            case .discard(let key):
                if journal.objects.values.contains(where: { $0.key == key }), !hasLostObject {
                    violations.append("the committed object \(key) is discarded")
                }
                if transfers.isCollecting(key) {
                    perform(transfers.abandon(key, at: milliseconds))
                }
            case .reduce(let stage, let round, let constants):
                toReduce.append((stage, round, constants))
            case .inspect, .log, .finish: break
            }
        }
    }

    private mutating func perform(_ steps: [CoordinatorTransfers.Step]) {
        for step in steps {
            switch step {
            case .send(let message, let peer): send(message, to: peer)
            case .fail(let lease, let reason):
                apply(.objectVerified(lease, discrepancy: reason))
            case .job(.begin), .job(.abandon): break
            case .job(.keep(let key, let offset, _)):
                perform(transfers.kept(key, offset: offset, at: milliseconds))
            case .job(.finish(let result)):
                transfers.finished(result.object.key)
                apply(.objectStored(result.lease))
            case .job(.read(_, let peer)): perform(transfers.served(peer, at: milliseconds))
            }
        }
    }

    /// What is said is legal, durable where it must be, and goes to one whose key was shown.
    private mutating func send(_ message: CoordinatorMessage, to peer: PeerID) {
        let frames = intake.frames(of: message, to: peer)
        guard (try? WireCodec.decodeCoordinator(frames)) == message else {
            violations.append("a worker cannot read \(message)")
            return
        }
        switch message {
        case .lease(let grants):
            for grant in grants {
                draft.remember(grant.lease)
                holders[grant.lease] = keyOfPeer[peer]
                if journal.holder(of: grant.lease) == nil {
                    violations.append("\(grant.lease) is sent but not durable")
                }
            }
        case .committed(let leases):
            for lease in leases where journal.object(of: lease.unit)?.key.lease != lease {
                // An arbitration may take a commit back in the very batch that makes it durable: the
                // acknowledgement stands, the unit is computed again.
                let wasTakenBack = journal.undoneCount > 0 && journal.everCommitted.contains(lease)
                guard hasLostObject || wasTakenBack else {
                    violations.append("\(lease) is acknowledged, not durable")
                    return
                }
            }
        default: break
        }
    }

    private mutating func checkHolder(of result: TileResult, _ key: String?) {
        guard let key, let holder = holders[result.lease], holder != key else { return }
        violations.append("\(result.lease) of \(holder) is taken from \(key)")
    }

    private var milliseconds: Int { Int(now.nanoseconds / 1_000_000) }

    private mutating func pass(milliseconds: Int) {
        now = now.advanced(byMilliseconds: milliseconds)
        apply(.timePassed)
        perform(transfers.passTime(at: self.milliseconds))
        intake.passTime(at: now)
    }

    private mutating func commit() {
        if batch.isEmpty, gate.hasBatch { batch = gate.takeBatch() }
        guard !batch.isEmpty else { return }
        journal.append(batch)
        batch = []
        apply(.journalRecovered)
        perform(gate.confirm())
        violations += journal.violations
    }

    private mutating func verify(_ bytes: inout FuzzBytes) {
        guard !toVerify.isEmpty else { return }
        let result = toVerify.remove(at: bytes.choice(of: toVerify.count))
        apply(.objectVerified(result.lease, discrepancy: bytes.choice(of: 4) == 3 ? "short" : nil))
    }

    private mutating func verifyAll() {
        let results = toVerify
        toVerify = []
        for result in results { apply(.objectVerified(result.lease, discrepancy: nil)) }
    }

    private mutating func reduce(_ bytes: inout FuzzBytes) {
        guard !toReduce.isEmpty else { return }
        let next = toReduce.removeFirst()
        let partials = journal.partials(stage: next.stage, round: next.round)
        let tiles = Set(partials.map(\.tile))
        if tiles.count != partials.count { violations.append("a sum counts a tile twice") }
        if bytes.choice(of: 16) == 15 {
            apply(.reductionFailed(next.stage, round: next.round, reason: "because"))
            return
        }
        let reduction: StageReduction =
            next.stage == .bandwidth && next.round == 0
            ? .anotherRound(constants: [1]) : .finished(constants: [2])
        apply(.reductionFinished(next.stage, round: next.round, reduction))
    }

    private mutating func operate(_ bytes: inout FuzzBytes) {
        switch bytes.choice(of: 8) {
        case 0: apply(.pauseRequested)
        case 1, 2: apply(.resumeRequested)
        case 3: if bytes.choice(of: 4) == 3 { apply(.cancelRequested) }
        case 4: apply(.drainRequested(MessageDraft.worker(bytes.choice(of: 4))))
        case 5: apply(.retryRequested(nil))
        case 6: apply(.retryRequested(TileID(row: bytes.choice(of: 3), column: 0)))
        default: if bytes.choice(of: 8) == 7 { apply(.shutdownRequested) }
        }
    }

    private mutating func lose(_ bytes: inout FuzzBytes) {
        switch bytes.choice(of: 5) {
        case 0, 1:
            let peer = Self.peer(bytes.choice(of: 4))
            transfers.lose(peer)
            apply(.connectionLost(peer))
        case 2:
            apply(
                .localWorkerExited(
                    processID: 100 + bytes.choice(of: 4),
                    host: "host",
                    FailureClass.allCases[bytes.choice(of: 6) % FailureClass.allCases.count],
                    reason: "ended"
                )
            )
        case 3:
            apply(.workerFoundDead(MessageDraft.worker(bytes.choice(of: 4)), reason: "dead"))
        default:
            guard let object = bytes.element(of: journal.objects.values.sorted { $0.key < $1.key })
            else { return }
            hasLostObject = true
            apply(.objectLost(object.key.lease.unit, reason: "gone"))
        }
    }

    /// The process dies; what was durable is what another one begins with.
    private mutating func restart() {
        journal.raiseEpoch()
        gate = CommitGate()
        batch = []
        toVerify = []
        toReduce = []
        transfers = CoordinatorTransfers(limits: TransferLimits())
        keyOfPeer = [:]
        holders = [:]
        state = RunState.restored(
            from: journal.snapshot,
            plan: Self.work.plan,
            identity: Self.identity(journal.epoch),
            policy: Self.policy,
            revivesCancelled: true
        )
        apply(.timePassed)
    }
}
