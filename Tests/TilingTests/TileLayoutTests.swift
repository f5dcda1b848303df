import Lattice
import Testing
import Tiling

struct TileLayoutTests {
    private static func grid(columns: Int, rows: Int) -> Grid {
        Grid(
            reference: CoordinateReference(wkt: "", name: "test"),
            originX: 0,
            originY: 0,
            cellSizeMetres: 1,
            columns: columns,
            rows: rows
        )
    }

    @Test(arguments: [(512, 461, 128), (64, 64, 64), (1, 1, 100), (65, 63, 64), (7, 5, 1)])
    func `every cell belongs to exactly one tile`(columns: Int, rows: Int, size: Int) throws {
        let layout = TileLayout(grid: Self.grid(columns: columns, rows: rows), tileSizePixels: size)
        var owners = [Int](repeating: 0, count: columns * rows)
        for tile in layout.tileIDs {
            let core = try #require(layout.core(of: tile))
            #expect(!core.isEmpty && core.rowCount <= size && core.columnCount <= size)
            for row in core.rows {
                for column in core.columns { owners[row * columns + column] += 1 }
            }
        }
        #expect(owners.allSatisfy { $0 == 1 })
        #expect(layout.count == layout.tileIDs.count)
        #expect(layout.tileIDs == layout.tileIDs.sorted())
    }

    @Test func `a tile outside the layout owns nothing`() {
        let layout = TileLayout(grid: Self.grid(columns: 10, rows: 10), tileSizePixels: 5)
        #expect(layout.core(of: TileID(row: 2, column: 0)) == nil)
        #expect(layout.core(of: TileID(row: 0, column: 2)) == nil)
    }

    @Test func `the tiles of a window are those that share a cell with it`() throws {
        let layout = TileLayout(grid: Self.grid(columns: 23, rows: 17), tileSizePixels: 5)
        let windows = [
            CellWindow(rows: 0..<5, columns: 0..<5), CellWindow(rows: 4..<6, columns: 9..<10),
            CellWindow(rows: -9..<90, columns: 21..<99), CellWindow(rows: 0..<17, columns: 0..<23),
        ]
        for window in windows {
            let expected = try layout.tileIDs.filter { tile in
                try #require(layout.core(of: tile)).intersection(window) != nil
            }
            #expect(layout.tiles(intersecting: window) == expected)
        }
        let outside = CellWindow(rows: 20..<25, columns: 0..<5)
        #expect(layout.tiles(intersecting: outside).isEmpty)
    }
}
