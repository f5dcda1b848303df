import Execution
import Tiling
import WireProtocol

/// A worker without network and slots, to which a coordinator says anything.
///
/// Invariants are preconditions: a broken one ends the process.
struct WorkerFuzz {
    private(set) var violations: [String] = []
    private(set) var decoded = 0
    private(set) var accepted: [String: Int] = [:]

    private var state: WorkerState
    private var fetches = FileFetches<Int>()
    private var now = Duration.zero
    private var draft = MessageDraft()
    private var computing: [TileRequest] = []

    init() {
        state = WorkerState(
            identity: WorkerIdentity(
                workerID: MessageDraft.worker(1),
                host: "host",
                processID: 1,
                build: MessageDraft.build,
                slots: 2,
                credit: 3,
                memoryPerSlotBytes: 0,
                scratchDirectory: "/scratch"
            ),
            policy: WorkerPolicy()
        )
        // What a coordinator may grant, so that leases recur.
        for column in 0..<3 {
            draft.remember(
                LeaseID(
                    unit: WorkUnit(stage: .balance, tile: TileID(row: 0, column: column)),
                    attempt: .first
                )
            )
        }
    }

    mutating func run(_ bytes: inout FuzzBytes) {
        apply(.channelOpened)
        apply(.connectionMade)
        _ = fetches.begin(
            .object(TileObjectKey(lease: draft.leases[0], nonce: 0)),
            from: 0,
            bytes: nil,
            at: 0
        )
        while !bytes.isExhausted, state.exit == nil, violations.isEmpty { step(&bytes) }
    }

    private mutating func step(_ bytes: inout FuzzBytes) {
        let operation = bytes.next()
        switch operation % 16 {
        case 0...8:
            var frames = WireCodec.encode(draft.coordinatorMessage(&bytes))
            if operation % 16 >= 7 { frames = MessageDraft.damaged(frames, &bytes) }
            hear(frames)
        case 9: apply(bytes.choice(of: 2) == 0 ? .connectionLost : .connectionMade)
        case 10, 11: finish(&bytes)
        case 12:
            now += .milliseconds([1, 50, 400, 12_000][bytes.choice(of: 4)])
            apply(.timePassed)
            _ = fetches.passTime(at: bytes.choice(of: 3) * 20_000)
        case 13:
            if bytes.choice(of: 4) == 0 { apply(.handshakeFailed("because")) }
        case 14:
            if bytes.choice(of: 8) == 0 {
                apply(.drainRequested(grace: .seconds(1), reason: "enough"))
            }
        default: apply(.connectionMade)
        }
    }

    private mutating func hear(_ frames: [[UInt8]]) {
        decoded += 1
        do throws(WireError) {
            let message = try WireCodec.decodeCoordinator(frames)
            accepted[String("\(message)".prefix { $0 != "(" }), default: 0] += 1
            apply(.received(message))
        } catch {
            apply(.unreadableReceived(error))
        }
    }

    private mutating func apply(_ event: WorkerEvent) {
        let effects = state.apply(event, at: now)
        state.checkInvariants()
        for effect in effects {
            switch effect {
            case .send(let message):
                guard (try? WireCodec.decodeWorker(WireCodec.encode(message))) == message else {
                    violations.append("a coordinator cannot read \(message)")
                    return
                }
            case .reconnect: apply(.connectionMade)
            case .verifyStorage(let welcome): apply(.storageVerified(welcome))
            case .compute(let request): computing.append(request)
            case .take(let piece): _ = fetches.take(piece, from: 0, at: 0)
            case .cancel, .discard, .serve, .keep, .log, .leave: break
            }
        }
        if computing.count > 64 { violations.append("\(computing.count) units are computed") }
    }

    private mutating func finish(_ bytes: inout FuzzBytes) {
        guard !computing.isEmpty else { return }
        let request = computing.remove(at: bytes.choice(of: computing.count))
        if bytes.choice(of: 4) == 3 {
            apply(.tileFailed(request.lease, TileFailure(.storage, "no space")))
            return
        }
        let result = TileResult(
            lease: request.lease,
            object: draft.object(of: request.lease, &bytes),
            partial: [1],
            cost: TileCost(computeSeconds: 0.1)
        )
        apply(.tileCompleted(request.lease, result))
    }
}
