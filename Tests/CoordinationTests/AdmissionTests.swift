import Coordination
import Messaging
import RunStore
import SimulationKit
import Testing
import Tiling
import WireProtocol

/// Who is let in, and what a peer can and cannot do.
struct AdmissionTests {
    private func refusal(_ change: (inout WorkerHello) -> Void) -> [RefusalCode] {
        var scene = Scene()
        var hello = Scene.hello(1)
        change(&hello)
        let effects = scene.say(1, .hello(hello))
        #expect(effects.count == 1)
        return effects.refusals
    }

    @Test func `another build is refused, others are not concerned`() {
        var scene = Scene()
        scene.join(2)
        var hello = Scene.hello(1)
        hello.build.gdal = "3.9.0"
        let effects = scene.say(1, .hello(hello))
        guard case .send(.refuse(let refusal), Scene.peer(1))? = effects.first else {
            Issue.record("not refused: \(effects)")
            return
        }
        #expect(refusal.code == .build)
        #expect(refusal.found.contains("3.9.0") && refusal.wanted.contains("3.6.2"))
        #expect(!refusal.code.isRetryable)
        #expect(scene.complete(2, Scene.lease(1)).committed == [Scene.lease(1)])
    }

    @Test(arguments: [0, -1, 1_000_000_000, Int.max, Int.min])
    func `absurd slots are refused`(slots: Int) {
        #expect(refusal { $0.slots = slots } == [.malformed])
    }

    @Test(arguments: [0, -5, 1_000_000_000, Int.max])
    func `absurd credit is refused`(credit: Int) {
        #expect(refusal { $0.credit = credit } == [.malformed])
    }

    @Test func `negative memory and too many leases are refused`() {
        #expect(refusal { $0.memoryPerSlotBytes = -1 } == [.malformed])
        #expect(
            refusal {
                $0.running = (1...20_000).map { Scene.lease(0, $0) }
            } == [.malformed]
        )
    }

    @Test func `another key cannot take an identity that is in use`() {
        var scene = Scene()
        scene.join(1)
        let effects = scene.say(
            1,
            .hello(Scene.hello(1)),
            peer: Scene.peer(66),
            key: "another key"
        )
        #expect(effects.refusals == [.identity])
        #expect(scene.complete(1, Scene.lease(1)).committed == [Scene.lease(1)])
    }

    @Test func `a worker cannot answer another worker's lease`() {
        var scene = Scene(tiles: 2)
        scene.join(1)
        scene.join(2)
        let effects = scene.say(2, .completed(Scene.result(Scene.lease(1))))
        #expect(effects == [.send(.stale([Scene.lease(1)]), to: Scene.peer(2))])
        #expect(scene.fail(2, Scene.lease(1), .crash).ends.isEmpty)
        #expect(scene.say(2, .released([Scene.lease(1)], reason: "x")).ends.isEmpty)
        #expect(scene.complete(1, Scene.lease(1)).committed == [Scene.lease(1)])
    }

    @Test func `a message under another key than the session's is not heard`() {
        var scene = Scene()
        scene.join(1)
        let effects = scene.say(1, .completed(Scene.result(Scene.lease(1))), key: "stolen")
        #expect(effects == [.send(.resync, to: Scene.peer(1))])
    }

    @Test func `an unknown connection is asked to say hello`() {
        var scene = Scene()
        scene.apply(.timePassed)
        #expect(scene.beat(5, held: []) == [.send(.resync, to: Scene.peer(5))])
    }

    @Test func `a peer that breaks the protocol is refused and its leases go on`() {
        var scene = Scene()
        scene.join(1)
        scene.join(2)
        let refusal = RunEvent.Refusal(code: .malformed, found: "garbage", wanted: "a message")
        let effects = scene.apply(.messageRejected(refusal, from: Scene.peer(1)))
        #expect(effects.refusals == [.malformed])
        #expect(effects.ends.map(\.isCharged) == [false])
        #expect(
            scene.apply(.messageRejected(refusal, from: Scene.peer(77))).refusals == [.malformed]
        )
    }

    @Test func `a result whose object bears another lease ends the session`() {
        var scene = Scene()
        scene.join(1)
        let lease = Scene.lease(1)
        let forged = TileResult(
            lease: lease,
            object: Scene.result(Scene.lease(0)).object,
            partial: [],
            cost: TileCost()
        )
        #expect(scene.say(1, .completed(forged)).refusals == [.malformed])
    }

    @Test func `leases of no plan are stale and nothing traps`() {
        var scene = Scene()
        scene.join(1)
        let strange = [
            LeaseID(
                unit: WorkUnit(stage: .diagnose, round: 63, tile: TileID(row: 99_999, column: 0)),
                attempt: Attempt(Int.max)
            ),
            LeaseID(
                unit: WorkUnit(stage: .prepare, tile: TileID(row: 99_999, column: 99_999)),
                attempt: .first
            ),
            LeaseID(unit: Scene.lease(1).unit, attempt: Attempt(Int.max)),
        ]
        #expect(scene.beat(1, held: strange + [Scene.lease(1)]).stale == strange)
        for lease in strange {
            #expect(scene.say(1, .completed(Scene.result(lease))).stale == [lease])
            #expect(scene.fail(1, lease, .bug).stale == [lease])
        }
        scene.say(1, .released(strange, reason: ""))
        scene.apply(.objectVerified(strange[0], discrepancy: nil))
    }

    @Test func `a worker cannot come back with less credit than it holds leases`() {
        var scene = Scene(tiles: 4)
        #expect(scene.join(1, slots: 2).granted.count == 2)
        let both = [Scene.lease(3), Scene.lease(2)]
        let greeting = WorkerMessage.hello(Scene.hello(1, slots: 1, running: both))
        #expect(scene.say(1, greeting).refusals == [.malformed])
        // What it has is not touched.
        scene.beat(1, held: both)
        #expect(scene.complete(1, Scene.lease(3)).committed == [Scene.lease(3)])
    }

    @Test func `no more workers than allowed`() {
        var policy = Scene.policy
        policy.sessionLimit = 2
        var scene = Scene(tiles: 9, policy: policy)
        scene.join(1)
        scene.join(2)
        #expect(scene.join(3).refusals == [.full])
        // One that comes back is no further worker.
        #expect(scene.say(2, .hello(Scene.hello(2)), peer: Scene.peer(50)).refusals.isEmpty)
        scene.say(1, .goodbye(reason: "done"))
        #expect(scene.join(3).refusals.isEmpty)
    }
}
