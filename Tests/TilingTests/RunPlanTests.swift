import ContentDigest
import Foundation
import Lattice
import Testing
import Tiling

struct RunPlanTests {
    private struct Content {
        var name = "run"
        var specification: [UInt8] = [1, 2]
        var model = "m"
        var tiles = [
            Tile(
                id: TileID(row: 0, column: 0),
                core: CellWindow(rows: 0..<4, columns: 0..<4),
                cost: 3
            ),
            Tile(
                id: TileID(row: 0, column: 1),
                core: CellWindow(rows: 0..<4, columns: 4..<6),
                cost: 2
            ),
        ]
        var stages: [Stage] = [.prepare, .balance]

        var plan: RunPlan {
            RunPlan(
                name: name,
                stages: stages.map { stage in
                    StagePlan(stage: stage, tiles: tiles, modelDigest: ContentDigest(of: model))
                },
                specification: specification
            )
        }
    }

    @Test func `equal content has an equal digest, also after coding`() throws {
        let plan = Content().plan
        #expect(plan.digest == Content().plan.digest)
        let data = try JSONEncoder().encode(plan)
        #expect(try JSONDecoder().decode(RunPlan.self, from: data) == plan)
    }

    @Test func `the digest is that of a fixed text`() {
        let digest = ContentDigest(of: "m")
        let tiles = "|r000c000|0..<4|0..<4|3|r000c001|0..<4|4..<6|2"
        let text = "run|prepare|\(digest)\(tiles)|balance|\(digest)\(tiles)"
        #expect(Content().plan.digest == ContentDigest(of: text))
    }

    @Test func `any change of content changes the digest`() {
        let changes: [(String, (inout Content) -> Void)] = [
            ("name", { $0.name = "runs" }),
            ("model", { $0.model = "n" }),
            ("stages", { $0.stages = [.prepare] }),
            ("stage", { $0.stages = [.prepare, .fit] }),
            ("tiles", { $0.tiles.removeLast() }),
            ("order", { $0.tiles.reverse() }),
            (
                "core",
                {
                    $0.tiles[1] = Tile(
                        id: $0.tiles[1].id,
                        core: CellWindow(rows: 0..<4, columns: 4..<7),
                        cost: 2
                    )
                }
            ),
            ("cost", { $0.tiles[1] = Tile(id: $0.tiles[1].id, core: $0.tiles[1].core, cost: 9) }),
        ]
        var digests = [Content().plan.digest]
        for (name, change) in changes {
            var content = Content()
            change(&content)
            let digest = content.plan.digest
            #expect(!digests.contains(digest), "\(name)")
            digests.append(digest)
        }
    }

    @Test func `where files lie, which the specification says, is not part of the digest`() {
        var content = Content()
        content.specification = [1, 3]
        #expect(content.plan.digest == Content().plan.digest)
        #expect(content.plan != Content().plan)
    }

    @Test func `a plan finds its stages and counts its tiles`() {
        let plan = Content().plan
        #expect(plan.plan(of: .balance)?.tiles.count == 2)
        #expect(plan.plan(of: .fit) == nil)
        #expect(plan.tileCount == 4)
    }

    @Test func `units and leases are ordered and named`() {
        let tile = TileID(row: 0, column: 3)
        let unit = WorkUnit(stage: .bandwidth, round: 1, tile: tile)
        #expect("\(unit)" == "bandwidth.1/r000c003")
        #expect("\(LeaseID(unit: unit, attempt: Attempt.first.next))" == "bandwidth.1/r000c003#2")
        #expect(WorkUnit(stage: .prepare, tile: tile) < unit)
        #expect(WorkUnit(stage: .bandwidth, tile: tile) < unit)
        #expect(
            Stage.allCases == [.prepare, .balance, .bandwidth, .fit, .diagnose]
                && Stage.allCases == Stage.allCases.sorted()
        )
    }

    @Test func `only failures that the tile may have caused are charged to it`() {
        let charged = FailureClass.allCases.filter(\.isCharged)
        #expect(charged == [.crash, .outOfMemory, .timeout, .bug])
    }
}
