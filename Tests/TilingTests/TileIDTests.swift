import Foundation
import Testing
import Tiling

struct TileIDTests {
    @Test(arguments: [
        (0, 0, "r000c000"), (12, 34, "r012c034"), (1000, 7, "r1000c007"),
        (99_999, 99_999, "r99999c99999"),
    ])
    func `the text form is padded and read back`(row: Int, column: Int, text: String) {
        let tile = TileID(row: row, column: column)
        #expect("\(tile)" == text)
        #expect(TileID(text) == tile)
    }

    @Test(arguments: [
        "", "r1c1", "r001", "c001r001", "r001c01", "r001c001 ", "R001c001", "r-01c001",
        "r001c001c001", "r100000c000", "r00١c001", "r001c+01",
    ])
    func `other texts are no tile`(text: String) {
        #expect(TileID(text) == nil)
    }

    @Test func `tiles are ordered by row, then column`() {
        let tiles = [(1, 0), (0, 2), (0, 1), (1, 5)].map { TileID(row: $0.0, column: $0.1) }
        #expect(
            tiles.sorted().map(\.description) == [
                "r000c001", "r000c002", "r001c000", "r001c005",
            ]
        )
    }

    @Test func `a tile is coded as its text, and other texts are refused`() throws {
        let tile = TileID(row: 3, column: 4)
        let data = try JSONEncoder().encode([tile])
        #expect(String(decoding: data, as: UTF8.self) == #"["r003c004"]"#)
        #expect(try JSONDecoder().decode([TileID].self, from: data) == [tile])
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([TileID].self, from: Data(#"["r3c4"]"#.utf8))
        }
    }
}
