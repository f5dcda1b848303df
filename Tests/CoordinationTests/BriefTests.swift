import Coordination
import Messaging
import RunStore
import SimulationKit
import Testing
import Tiling
import WireProtocol

/// What a session is told of a round: constants, and the objects around its tiles.
struct BriefTests {
    private func finish(
        _ scene: inout Scene,
        _ stage: Stage,
        round: Int = 0,
        tiles: Int,
        another: Bool = false
    ) -> [RunEffect] {
        for tile in (0..<tiles).reversed() {
            scene.complete(1, Scene.lease(tile, 1, stage, round: round))
        }
        let constants = Array("\(stage) \(round)".utf8)
        return scene.apply(
            .reductionFinished(
                stage,
                round: round,
                another ? .anotherRound(constants: constants) : .finished(constants: constants)
            )
        )
    }

    private func whole(_ effects: [RunEffect]) -> RoundBrief? {
        var assembly = BriefAssembly()
        return effects.briefs.compactMap { assembly.take($0) }.last
    }

    private func object(_ tile: Int, _ stage: Stage, round: Int = 0) -> TileObject {
        Scene.result(Scene.lease(tile, 1, stage, round: round)).object
    }

    @Test func `a round that reads beyond its tiles is told the objects of all tiles`() {
        var scene = Scene(tiles: 3, stages: [.prepare, .balance, .bandwidth, .fit, .diagnose])
        scene.join(1)
        let balance = finish(&scene, .prepare, tiles: 3)
        #expect(whole(balance)?.halo == HaloIndex.none)
        let bandwidth = finish(&scene, .balance, tiles: 3)
        #expect(whole(bandwidth)?.halo.lists.map(\.stage) == [.balance])
        let second = finish(&scene, .bandwidth, tiles: 3, another: true)
        #expect(whole(second)?.halo == whole(bandwidth)?.halo)
        let fit = finish(&scene, .bandwidth, round: 1, tiles: 3)
        let diagnose = finish(&scene, .fit, tiles: 3)
        for tile in 0..<3 {
            let id = TileID(row: 0, column: tile)
            #expect(whole(fit)?.halo.object(of: id, stage: .balance) == object(tile, .balance))
            #expect(
                whole(diagnose)?.halo.object(of: id, stage: .balance) == object(tile, .balance)
            )
            #expect(whole(diagnose)?.halo.object(of: id, stage: .fit) == object(tile, .fit))
        }
    }

    @Test func `a quarantined tile is absent from what its neighbours read`() {
        var scene = Scene(tiles: 3, stages: [.balance, .bandwidth])
        scene.join(1)
        scene.fail(1, Scene.lease(2, 1, .balance), .input)
        let halo = whole(finish(&scene, .balance, tiles: 2))?.halo
        #expect(halo?.lists.first?.count == 2)
        #expect(halo?.object(of: TileID(row: 0, column: 2), stage: .balance) == nil)
    }

    @Test func `a long brief goes in parts before the first lease, to every session once`() {
        var policy = Scene.policy
        policy.briefPartBytes = 2 * ObjectList.recordBytes
        var scene = Scene(tiles: 5, stages: [.balance, .bandwidth], policy: policy)
        scene.join(1)
        let effects = finish(&scene, .balance, tiles: 5)
        // The constants leave room for one record in the first part.
        #expect(effects.briefs.map { $0.objects.map(\.count) } == [[1], [2], [2]])
        #expect(effects.briefs.map(\.following) == [2, 1, 0])
        #expect(whole(effects)?.halo.lists.first?.count == 5)
        let firstLease = effects.firstIndex { effect in
            if case .send(.lease, _) = effect { true } else { false }
        }
        let lastBrief = effects.lastIndex { effect in
            if case .send(.stage, _) = effect { true } else { false }
        }
        #expect((lastBrief ?? 0) < (firstLease ?? 0))
        #expect(scene.complete(1, effects.granted[0]).briefs.isEmpty)
        #expect(scene.join(2).briefs == effects.briefs)
    }

    @Test func `after an object was lost the next brief names its successor`() {
        var scene = Scene(tiles: 2, stages: [.balance, .bandwidth])
        scene.join(1)
        _ = finish(&scene, .balance, tiles: 2)
        scene.apply(.objectLost(Scene.lease(1, 1, .balance).unit, reason: "gone"))
        let back = scene.join(1)
        #expect(back.granted == [Scene.lease(1, 2, .balance)])
        scene.say(1, .completed(Scene.result(Scene.lease(1, 2, .balance), nonce: 9)))
        let effects =
            scene.apply(.objectVerified(Scene.lease(1, 2, .balance), discrepancy: nil))
            + scene.apply(.reductionFinished(.balance, round: 0, .finished(constants: [])))
        #expect(
            whole(effects)?.halo.object(of: TileID(row: 0, column: 1), stage: .balance)
                == Scene.result(Scene.lease(1, 2, .balance), nonce: 9).object
        )
    }

    @Test func `a restored run tells the objects that its journal has`() {
        var scene = Scene(tiles: 2, stages: [.balance, .bandwidth])
        var image = JournalImage.opened(scene.plan)
        var effects = scene.join(1)
        effects += scene.complete(1, Scene.lease(1, 1, .balance))
        effects += scene.complete(1, Scene.lease(0, 1, .balance))
        effects += scene.apply(.reductionFinished(.balance, round: 0, .finished(constants: [4])))
        image.append(effects)
        image.raiseEpoch()
        var second = Scene(tiles: 2, stages: [.balance, .bandwidth], snapshot: image.snapshot)
        let told = second.join(2)
        #expect(whole(told)?.halo == whole(effects)?.halo)
        #expect(whole(told)?.halo.lists.first?.count == 2)
    }
}
