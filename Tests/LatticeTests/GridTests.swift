import Lattice
import Testing

struct GridTests {
    private static let grid = Grid(
        reference: CoordinateReference(wkt: "", name: "test"),
        originX: -2_760_000,
        originY: 6_228_000,
        cellSizeMetres: 10_000,
        columns: 512,
        rows: 461
    )

    @Test func `positions and world coordinates undo each other`() {
        let place = Self.grid.world(column: 3.25, row: 7.5)
        #expect(place.x == -2_727_500 && place.y == 6_153_000)
        let position = Self.grid.position(x: place.x, y: place.y)
        #expect(position.column == 3.25 && position.row == 7.5)
    }

    @Test func `a window's extent and affine coefficients have north up`() {
        let window = CellWindow(rows: 10..<20, columns: 5..<7)
        let extent = Self.grid.extent(of: window)
        #expect(
            extent
                == Extent(
                    minimumX: -2_710_000,
                    minimumY: 6_028_000,
                    maximumX: -2_690_000,
                    maximumY: 6_128_000
                )
        )
        #expect(
            Self.grid.affineCoefficients(of: window)
                == [-2_710_000, 10_000, 0, 6_128_000, 0, -10_000]
        )
        #expect(Self.grid.cellAreaKm2 == 100)
    }

    @Test func `windows intersect, grow and index as half-open boxes`() {
        let window = CellWindow(rows: 2..<5, columns: 3..<9)
        #expect(window.cellCount == 18)
        #expect(window.index(row: 4, column: 8) == 17)
        #expect(!window.contains(row: 5, column: 3) && window.contains(row: 2, column: 3))
        #expect(window.intersection(CellWindow(rows: 5..<9, columns: 0..<9)) == nil)
        #expect(
            window.intersection(CellWindow(rows: 4..<9, columns: 0..<4))
                == CellWindow(rows: 4..<5, columns: 3..<4)
        )
        #expect(window.outset(by: 1) == CellWindow(rows: 1..<6, columns: 2..<10))
        #expect(window.contains(CellWindow(rows: 3..<3, columns: 99..<99)))
        #expect(!window.contains(CellWindow(rows: 3..<6, columns: 3..<4)))
    }

    @Test func `pasting copies the common cells only`() {
        var block = CellBlock(window: CellWindow(rows: 0..<2, columns: 0..<2), filledWith: 0)
        block.paste(
            CellBlock(window: CellWindow(rows: 1..<3, columns: 1..<3), samples: [1, 2, 3, 4])
        )
        #expect(block.samples == [0, 0, 0, 1])
        block[0, 0] = .nan
        let same = CellBlock(window: block.window, samples: [.nan, 0, 0, 1])
        #expect(block == same)
        #expect(block != CellBlock(window: block.window, samples: [.nan, -0.0, 0, 1]))
    }
}
