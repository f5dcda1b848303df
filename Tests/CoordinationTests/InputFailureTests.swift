import Coordination
import Messaging
import RunStore
import SimulationKit
import Testing
import Tiling
import WireProtocol

/// Inputs that cannot be read: whether the tile or the worker is to blame.
struct InputFailureTests {
    @Test func `a worker that alone cannot read the input is benched and costs no tile`() {
        var scene = Scene(tiles: 12)
        scene.join(1)
        scene.join(2)
        var quarantined: [WorkUnit] = []
        // The first worker got the costliest tile, the second the next one.
        for column in [11, 9, 8, 7, 6] {
            quarantined += scene.fail(1, Scene.lease(column), .input).quarantined
        }
        #expect(scene.state.progress(at: scene.now).workers.map(\.isBenched) == [true, false])
        #expect(scene.state.progress(at: scene.now).workers[0].leaseCount == 0)
        var lease = Scene.lease(10)
        var committed: Set<WorkUnit> = []
        for _ in 0..<12 {
            let effects = scene.complete(2, lease) + scene.wait(milliseconds: 500)
            scene.beat(1, held: [])
            quarantined += effects.quarantined
            committed.formUnion(effects.committed.map(\.unit))
            guard let next = effects.granted.last else { break }
            lease = next
        }
        #expect(quarantined.isEmpty)
        #expect(committed.count == 12)
    }

    @Test func `an input that two workers cannot read quarantines its tile and benches nobody`() {
        var scene = Scene(tiles: 1)
        scene.join(1)
        scene.join(2)
        let first = scene.fail(1, Scene.lease(0), .input)
        #expect(first.quarantined.isEmpty)
        #expect(first.ends.map(\.isCharged) == [false])
        // The other worker gets it, whoever is asked first.
        let again = scene.wait(milliseconds: 750)
        #expect(again.holders == [Scene.peer(2)])
        #expect(scene.fail(2, Scene.lease(0, 2), .input).quarantined == [Scene.lease(0).unit])
    }

    @Test func `a second word from the same host is not enough while there is another`() {
        var scene = Scene(tiles: 1)
        for worker in 1...2 { scene.join(worker, host: "node") }
        scene.fail(1, Scene.lease(0), .input)
        scene.join(3)
        #expect(scene.wait(milliseconds: 750).holders == [Scene.peer(3)])
        #expect(scene.fail(3, Scene.lease(0, 2), .input).quarantined == [Scene.lease(0).unit])
    }

    @Test func `where the other worker leaves, the only one is believed`() {
        var scene = Scene(tiles: 1)
        scene.join(1)
        scene.join(2)
        scene.fail(1, Scene.lease(0), .input)
        scene.say(2, .goodbye(reason: "done"))
        #expect(scene.wait(milliseconds: 750).granted == [Scene.lease(0, 2)])
        #expect(scene.fail(1, Scene.lease(0, 2), .input).quarantined == [Scene.lease(0).unit])
    }

    @Test func `a tile that each of two workers failed once is still tried`() {
        var scene = Scene(tiles: 1)
        scene.join(1)
        scene.join(2)
        scene.fail(1, Scene.lease(0), .crash)
        scene.wait(milliseconds: 750)
        scene.fail(2, Scene.lease(0, 2), .crash)
        let third = scene.wait(milliseconds: 1250)
        #expect(third.granted == [Scene.lease(0, 3)])
        #expect(scene.fail(1, Scene.lease(0, 3), .crash).quarantined == [Scene.lease(0).unit])
    }
}
