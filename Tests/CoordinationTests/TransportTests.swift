import Coordination
import Messaging
import RunStore
import SimulationKit
import Testing
import Tiling
import WireProtocol

/// Workers without shared storage, as the run's state sees them.
struct TransportTests {
    private let lease = Scene.lease(1)
    private var result: TileResult { Scene.result(lease) }

    private func scene() -> Scene {
        var scene = Scene()
        scene.say(1, .hello(Scene.hello(1, transportsObjects: true)))
        return scene
    }

    @Test func `a result is fetched before it is looked at, and looked at before it counts`() {
        var scene = scene()
        #expect(
            scene.say(1, .completed(result)) == [.collect(result, from: Scene.peer(1))]
        )
        #expect(scene.apply(.objectStored(lease)) == [.verify(result)])
        #expect(scene.apply(.objectStored(lease)).isEmpty)
        let effects = scene.apply(.objectVerified(lease, discrepancy: nil))
        #expect(effects.committed == [lease])
    }

    @Test func `a worker that comes back brings what is still missing over its new connection`() {
        var scene = scene()
        scene.say(1, .completed(result))
        let again = scene.say(
            1,
            .hello(Scene.hello(1, unacknowledged: [result], transportsObjects: true)),
            peer: Scene.peer(9)
        )
        #expect(again.contains(.collect(result, from: Scene.peer(9))))
        #expect(again.ends.isEmpty)
        scene.apply(.objectStored(lease))
        // What is here already is not fetched again.
        let third = scene.say(
            1,
            .hello(Scene.hello(1, unacknowledged: [result], transportsObjects: true)),
            peer: Scene.peer(8)
        )
        #expect(!third.contains(.collect(result, from: Scene.peer(8))))
    }

    @Test func `what a lost worker had not handed over is computed again, what it had counts`() {
        var scene = scene()
        scene.say(1, .completed(result))
        let lost = scene.wait(milliseconds: scene.state.policy.leaseMilliseconds + 1_000)
        #expect(lost.ends.map(\.lease) == [lease])
        #expect(lost.contains(.discard(result.object.key)))
        #expect(scene.apply(.objectStored(lease)).isEmpty)
        #expect(scene.join(2).granted == [Scene.lease(1, 2)])

        scene = self.scene()
        scene.say(1, .completed(result))
        scene.apply(.objectStored(lease))
        scene.wait(milliseconds: scene.state.policy.leaseMilliseconds + 1_000)
        scene.apply(.objectVerified(lease, discrepancy: nil))
        #expect(scene.join(2).granted == [Scene.lease(0)])
    }

    @Test func `an object that cannot be fetched or kept fails the attempt as storage, uncharged`()
    {
        var scene = scene()
        scene.say(1, .completed(result))
        let effects = scene.apply(.objectVerified(lease, discrepancy: "no space left"))
        #expect(effects.ends.map(\.failureClass) == [.storage])
        #expect(effects.ends.map(\.isCharged) == [false])
        #expect(effects.stale == [lease])
        #expect(effects.filter { $0 == .discard(result.object.key) }.count == 1)
    }

    @Test func `a worker that goes without handing over gives its lease back`() {
        var scene = scene()
        scene.say(1, .completed(result))
        let effects = scene.say(1, .goodbye(reason: "halted"))
        #expect(effects.ends.map(\.outcome) == [.released])
        #expect(effects.contains(.discard(result.object.key)))
        #expect(scene.join(2).granted == [Scene.lease(1, 2)])
    }

    @Test func `files travel within sessions only`() {
        var scene = scene()
        let request = FileRequest(file: .zones, offset: 0, length: 9)
        let piece = FilePiece(file: .zones, offset: 0, content: .unavailable("no"))
        #expect(scene.say(1, .request(request)) == [.serve(request, to: Scene.peer(1))])
        #expect(scene.say(1, .piece(piece)) == [.take(piece, from: Scene.peer(1))])
        #expect(scene.say(2, .request(request)) == [.send(.resync, to: Scene.peer(2))])
        #expect(
            scene.say(1, .request(request), key: "another key")
                == [.send(.resync, to: Scene.peer(1))]
        )
    }

    @Test func `a coordinator that starts again fetches what it has not got`() {
        var scene = scene()
        var image = JournalImage.opened(scene.plan)
        image.append(scene.say(1, .hello(Scene.hello(1, transportsObjects: true))))
        image.append([
            .journal(.granted(lease, worker: Scene.id(1).text, isSpeculative: false))
        ])
        image.raiseEpoch()
        var second = Scene(snapshot: image.snapshot)
        let effects = second.say(
            1,
            .hello(Scene.hello(1, unacknowledged: [result], transportsObjects: true))
        )
        #expect(effects.contains(.collect(result, from: Scene.peer(1))))
    }
}
