import Coordination
import Messaging
import Testing
import Tiling
import WireProtocol

/// Many workers and nothing to do.
struct CrowdTests {
    private static let count = 1000

    private static func id(_ number: Int) -> WorkerID {
        let digits = "00000000\(number)".suffix(8)
        guard let id = WorkerID("\(digits)-0000-0000-0000-000000000000") else {
            preconditionFailure("no identity for \(number)")
        }
        return id
    }

    private static func peer(_ number: Int) -> PeerID {
        PeerID(bytes: [UInt8(number >> 8), UInt8(number & 255)])
    }

    @Test func `a thousand workers join at once and idle for an hour without a loss`() {
        let identity = RunIdentity(
            runID: "run",
            epoch: 1,
            build: Scene.build,
            runDirectory: "/run",
            storageProbe: "probe"
        )
        var state = RunState(
            plan: Scene.plan(tiles: 1, stages: [.prepare]),
            identity: identity,
            policy: Scene.policy
        )
        var now = MonotonicInstant(nanoseconds: 0)
        var intake = MessageIntake()
        var welcomed = 0
        var lost = 0
        func say(_ message: WorkerMessage, _ number: Int) {
            let inbound = InboundMessage(
                peer: Self.peer(number),
                userID: "the key of the join file",
                frames: WireCodec.encode(message)
            )
            guard let event = intake.event(of: inbound, at: now) else { return }
            for effect in state.apply(event, at: now) {
                if case .send(.welcome, _) = effect { welcomed += 1 }
            }
        }
        for number in 0..<Self.count {
            var hello = Scene.hello(1)
            hello.workerID = Self.id(number)
            say(.hello(hello), number)
        }
        #expect(welcomed == Self.count)
        // Nothing but signs of life, one in nine seconds being enough, for an hour.
        for second in 1...3600 {
            now = now.advanced(byMilliseconds: 1000)
            for number in stride(from: second % 6, to: Self.count, by: 6) {
                let beat = WorkerHeartbeat(
                    held: [],
                    residentBytes: 1,
                    wallClockSeconds: Double(number) * 3600,
                    sequence: UInt64(second)
                )
                say(.heartbeat(beat), number)
            }
            for effect in state.apply(.timePassed, at: now) {
                if case .log(let fact) = effect, fact.name == .workerLost { lost += 1 }
            }
            intake.passTime(at: now)
        }
        // The one that was granted the only tile and never named it has lost it, not its session.
        #expect(lost == 0)
        #expect(state.invariantViolations().isEmpty)
        #expect(intake.connectionCount <= Self.count)
        #expect(state.progress(at: now).workers.count == Self.count)
    }
}
