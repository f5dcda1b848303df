import ContentDigest
import Lattice
import Testing
import Tiling

@Suite struct ObjectListTests {
    private static func object(_ row: Int, _ column: Int, _ stage: Stage = .balance) -> TileObject {
        let unit = WorkUnit(stage: stage, round: 2, tile: TileID(row: row, column: column))
        return TileObject(
            key: TileObjectKey(
                lease: LeaseID(unit: unit, attempt: Attempt(1 + column)),
                nonce: 0xFFFF_0000 | UInt32(row)
            ),
            bytes: 5 << 32 | column,
            fileDigest: ContentDigest(of: "file \(row) \(column)"),
            samplesDigest: ContentDigest(of: "samples \(row) \(column)")
        )
    }

    private static func list(_ objects: [TileObject]) -> ObjectList {
        var list = ObjectList(stage: .balance, round: 2)
        for object in objects {
            list.append(
                ObjectList.Record(
                    tile: object.key.lease.unit.tile,
                    attempt: object.key.lease.attempt,
                    nonce: object.key.nonce,
                    bytes: object.bytes,
                    fileDigest: PackedDigest(object.fileDigest),
                    samplesDigest: PackedDigest(object.samplesDigest)
                )
            )
        }
        return list
    }

    private static let places = [(0, 0), (0, 7), (1, 2), (3, 0), (3, 1), (99_999, 99_999)]

    @Test func `every object is found under its tile as it was, and no other`() {
        let objects = Self.places.map { Self.object($0, $1) }
        let list = Self.list(objects)
        for object in objects { #expect(list.object(of: object.key.lease.unit.tile) == object) }
        for (row, column) in [(0, 1), (0, 8), (1, 1), (2, 0), (3, 2), (99_999, 0)] {
            #expect(list.object(of: TileID(row: row, column: column)) == nil)
        }
        #expect(ObjectList(stage: .fit, round: 0).object(of: TileID(row: 0, column: 0)) == nil)
    }

    @Test func `a list survives its packed form, cut anywhere into parts`() throws {
        let list = Self.list(Self.places.map { Self.object($0, $1) })
        #expect(ObjectList(stage: .balance, round: 2, packed: list.packed) == list)
        for cut in 0...list.count {
            var first = list.part(0..<cut)
            let rest = list.part(cut..<list.count)
            let isAppended = first.append(rest)
            #expect(isAppended)
            #expect(first == list)
        }
    }

    @Test func `what does not follow is not appended`() {
        let list = Self.list([Self.object(1, 1)])
        var other = list
        var appended = [other.append(list)]
        var earlier = Self.list([Self.object(2, 0)])
        appended.append(earlier.append(list))
        var otherStage = ObjectList(stage: .fit, round: 2)
        appended.append(otherStage.append(list))
        #expect(appended == [false, false, false])
        #expect(other == list)
    }

    @Test func `packed bytes that are no records are refused`() {
        let packed = Self.list([Self.object(1, 1), Self.object(1, 2)]).packed
        #expect(ObjectList(stage: .balance, round: 2, packed: Array(packed.dropLast())) == nil)
        #expect(ObjectList(stage: .balance, round: 64, packed: packed) == nil)
        let swapped = Array(packed.suffix(88) + packed.prefix(88))
        #expect(ObjectList(stage: .balance, round: 2, packed: swapped) == nil)
        // The first byte of row, column, attempt and size is 0 in whatever is legal.
        for offset in [0, 4, 8, 16] {
            var broken = packed
            broken[offset] = 0xFF
            #expect(ObjectList(stage: .balance, round: 2, packed: broken) == nil, "\(offset)")
        }
    }

    @Test func `an index answers for the stages that it has`() {
        let object = Self.object(1, 1)
        let index = HaloIndex([Self.list([object])])
        let tile = TileID(row: 1, column: 1)
        #expect(index.object(of: tile, stage: .balance) == object)
        #expect(index.object(of: tile, stage: .fit) == nil)
        #expect(index.object(of: TileID(row: 0, column: 0), stage: .balance) == nil)
        #expect(HaloIndex.none.object(of: tile, stage: .balance) == nil)
    }

    @Test func `a digest survives its packed form`() {
        for text in ["", "a", "content"] {
            let digest = ContentDigest(of: text)
            #expect(PackedDigest(digest).digest == digest)
            #expect(PackedDigest(bytes: PackedDigest(digest).bytes)?.digest == digest)
        }
        #expect(PackedDigest(bytes: [UInt8](repeating: 0, count: 31)) == nil)
    }

    private static func plan(tiles: Int, _ stages: [Stage]) -> RunPlan {
        let all = (0..<tiles).map { index in
            Tile(
                id: TileID(row: index / 1000, column: index % 1000),
                core: CellWindow(rows: 0..<1, columns: index..<index + 1),
                cost: 1
            )
        }
        return RunPlan(
            name: "plan",
            stages: stages.map {
                StagePlan(stage: $0, tiles: all, modelDigest: ContentDigest(of: $0.rawValue))
            },
            specification: []
        )
    }

    @Test func `a plan with more tiles than a halo may have says so, where a stage reads one`() {
        let limit = HaloIndex.maximumTiles
        #expect(Self.plan(tiles: limit, [.balance, .bandwidth]).haloProblem == nil)
        #expect(Self.plan(tiles: limit + 1, [.prepare, .balance]).haloProblem == nil)
        let problem = Self.plan(tiles: limit + 1, [.balance, .bandwidth]).haloProblem
        #expect(problem?.contains("131072 tiles; it has 131073") ?? false)
        #expect(problem?.contains("stage 'bandwidth' reads beyond its tiles") ?? false)
    }
}
