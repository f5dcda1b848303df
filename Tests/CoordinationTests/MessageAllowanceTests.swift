import Coordination
import Lattice
import Messaging
import Testing
import Tiling
import WireProtocol

/// How much a connection may say.
struct MessageAllowanceTests {
    private static let peer = Scene.peer(1)
    private static let limits: MessageAllowance.Limits = {
        var limits = MessageAllowance.Limits()
        limits.burst = 100
        limits.perSecond = 10
        limits.perGreeting = 30
        return limits
    }()

    private var allowance = MessageAllowance(limits: Self.limits)
    private var now = MonotonicInstant(nanoseconds: 0)

    private mutating func take(_ count: Int) -> [MessageAllowance.Verdict] {
        (0..<count).map { _ in allowance.take(from: Self.peer, at: now) }
    }

    @Test mutating func `a flood is told once and dropped until it has been quiet`() {
        #expect(take(100).allSatisfy { $0 == .taken })
        #expect(take(1) == [.excessive])
        #expect(take(50).allSatisfy { $0 == .dropped })
        now = now.advanced(byMilliseconds: 500)
        #expect(take(1) == [.dropped])
        now = now.advanced(byMilliseconds: 500)
        #expect(take(1) == [.taken])
    }

    @Test mutating func `another connection is not concerned`() {
        _ = take(200)
        #expect(allowance.take(from: Scene.peer(2), at: now) == .taken)
    }

    @Test mutating func `what leases explain is no flood`() {
        _ = take(90)
        let grants = (0..<20).map { column in
            LeaseGrant(
                lease: Scene.lease(column),
                core: .init(rows: 0..<1, columns: 0..<1),
                inputs: [],
                wallLimitSeconds: 1
            )
        }
        allowance.note(.lease(grants), to: Self.peer)
        #expect(take(90).allSatisfy { $0 == .taken })
        // An answer that every message gets explains none.
        for sequence in UInt64(0)..<50 {
            allowance.note(.heartbeat(sequence: sequence), to: Self.peer)
        }
        #expect(take(20).contains(.excessive))
    }

    @Test mutating func `greetings count for more`() {
        var taken = 0
        for _ in 0..<10 where allowance.take(from: Self.peer, at: now) == .taken {
            allowance.countGreeting(of: Self.peer)
            taken += 1
        }
        #expect(taken == 4)
    }

    @Test mutating func `connections that are quiet are forgotten`() {
        for number in 0..<50 { _ = allowance.take(from: Scene.peer(number), at: now) }
        _ = take(200)
        #expect(allowance.count == 50)
        now = now.advanced(byMilliseconds: 1000)
        allowance.passTime(at: now)
        #expect(allowance.count == 1)
        now = now.advanced(byMilliseconds: 60_000)
        _ = take(1)
        now = now.advanced(byMilliseconds: 60_000)
        allowance.passTime(at: now)
        #expect(allowance.count == 0)
    }
}
