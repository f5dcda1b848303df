import Execution
import Tiling
import WireProtocol

/// Random events, legal for the slots and arbitrary for the rest, with invariants checked after each.
struct RandomWalk {
    private var random: SplitMix64
    private var story: Transcript
    private var onSlots: [LeaseID] = []
    private var clock = 0

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
        story = Transcript(
            identity: Fixtures.identity(slots: 2, credit: 3),
            policy: WorkerPolicy(giveUpAfter: .seconds(500))
        )
    }

    mutating func step() {
        story.pass(.milliseconds(random.integer(0...1_500)))
        let event = event()
        let before = story.lines.count
        story.step("step", event)
        for line in story.lines.dropFirst(before) where line.hasPrefix("    compute ") {
            let name = line.dropFirst("    compute ".count).prefix { $0 != " " }
            guard let lease = Self.pool.first(where: { $0.description == name }) else {
                preconditionFailure("\(name) was never granted")
            }
            precondition(!onSlots.contains(lease), "\(lease) is computed twice at a time")
            onSlots.append(lease)
        }
        precondition(onSlots.count <= 2, "more computations than slots")
    }

    private static let pool = (0..<4).flatMap { column in
        (1...2).map { Fixtures.lease(column, attempt: $0) }
    }

    private mutating func event() -> WorkerEvent {
        switch random.integer(0...99) {
        case 0..<8: return .connectionMade
        case 8..<10: return .connectionLost
        case 10..<11: return .handshakeFailed("cut off")
        case 11..<25:
            let welcome = Fixtures.welcome(
                runID: random.chance(95) ? "run" : "other",
                epoch: UInt64(random.integer(1...2)),
                session: UInt64(random.integer(1...5))
            )
            return random.chance(70) ? .received(.welcome(welcome)) : .storageVerified(welcome)
        case 25..<33: return .received(.stage(Fixtures.brief))
        case 33..<50:
            let grants = Set((0..<2).map { _ in random.element(Self.pool) }).sorted().map {
                Fixtures.grant($0.unit.tile.column, attempt: $0.attempt.number, limit: 3)
            }
            return .received(.lease(grants))
        case 50..<56: return .received(.committed([random.element(Self.pool)]))
        case 56..<62: return .received(.stale([random.element(Self.pool)]))
        case 62..<64: return .received(.resync)
        case 64..<65: return .received(.goodbye(.restarting))
        case 65..<66:
            return .received(
                .refuse(WireProtocol.Refusal(code: .full, found: "a", wanted: "b"))
            )
        case 66..<70 where random.chance(3):
            return .drainRequested(grace: .seconds(3), reason: "SIGTERM")
        case 70..<88 where !onSlots.isEmpty:
            let lease = onSlots.remove(at: random.integer(0...(onSlots.count - 1)))
            return random.chance(80)
                ? .tileCompleted(
                    lease,
                    Fixtures.result(lease.unit.tile.column, attempt: lease.attempt.number)
                ) : .tileFailed(lease, TileFailure(.storage, "full"))
        default: return .timePassed
        }
    }
}
