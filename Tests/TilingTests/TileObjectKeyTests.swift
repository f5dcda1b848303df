import Foundation
import Testing
import Tiling

struct TileObjectKeyTests {
    private static func key(_ stage: Stage, round: Int = 0, attempt: Int = 1) -> TileObjectKey {
        let unit = WorkUnit(stage: stage, round: round, tile: TileID(row: 1, column: 2))
        return TileObjectKey(
            lease: LeaseID(unit: unit, attempt: Attempt(attempt)),
            nonce: 0x5f0c
        )
    }

    @Test func `the path names stage, round, tile, attempt and nonce`() {
        #expect(Self.key(.prepare).path == "prepare/r001c002.a1.00005f0c.tif")
        #expect(
            Self.key(.bandwidth, round: 3, attempt: 12).path
                == "bandwidth.3/r001c002.a12.00005f0c.tif"
        )
    }

    @Test func `every path that is made is read back`() throws {
        for stage in Stage.allCases {
            for round in [0, 1, WorkUnit.maximumRounds - 1] {
                let key = Self.key(stage, round: round, attempt: 3)
                #expect(TileObjectKey(path: key.path) == key)
                let data = try JSONEncoder().encode([key])
                #expect(try JSONDecoder().decode([TileObjectKey].self, from: data) == [key])
            }
        }
    }

    @Test(arguments: [
        "", "/etc/passwd", "prepare/../r001c002.a1.00005f0c.tif", "../r001c002.a1.00005f0c.tif",
        "prepare/r001c002.a1.00005f0c.tiff", "prepare/r001c002.a0.00005f0c.tif",
        "prepare/r001c002.a01.00005f0c.tif", "prepare/r001c002.a1.00005F0C.tif",
        "prepare/r001c002.a1.5f0c.tif", "prepare.0/r001c002.a1.00005f0c.tif",
        "prepare.64/r001c002.a1.00005f0c.tif", "merge/r001c002.a1.00005f0c.tif",
        "prepare/r1c2.a1.00005f0c.tif", "prepare/r001c002.a1.00005f0c.tif/",
        "prepare/r001c002.a-1.00005f0c.tif", "prepare/r001c002.a+1.00005f0c.tif",
        "prepare/r001c002.a1.+0005f0c.tif", "prepare/r001c002.a1.00005f0c.tif\n",
    ])
    func `no other path is a key`(path: String) {
        #expect(TileObjectKey(path: path) == nil)
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([TileObjectKey].self, from: JSONEncoder().encode([path]))
        }
    }
}
