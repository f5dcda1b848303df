import Analysis
import Foundation
import Lattice
import Testing

/// Halos that are planned before anything is read.
struct HaloPlanTests {
    private static func grid(rows: Int, columns: Int) -> Grid {
        Grid(
            reference: CoordinateReference(wkt: "LOCAL", name: "test"),
            originX: 0,
            originY: 0,
            cellSizeMetres: 1000,
            columns: columns,
            rows: rows
        )
    }

    @Test(arguments: 0..<60)
    func `a planned window holds the nearest observations of every cell of its core`(
        seed: Int
    ) {
        var random = SeededGenerator(seed: UInt64(seed))
        let rows = Int.random(in: 1...90, using: &random)
        let columns = Int.random(in: 1...90, using: &random)
        let share = Double.random(in: 0.002...1, using: &random)
        var pyramid = CountPyramid(grid: Self.grid(rows: rows, columns: columns))
        var cells: [(row: Int, column: Int)] = []
        for row in 0..<rows {
            for column in 0..<columns where Double.random(in: 0..<1, using: &random) < share {
                cells.append((row, column))
                pyramid.add(row: row, column: column)
            }
        }
        let top = Int.random(in: 0..<rows, using: &random)
        let left = Int.random(in: 0..<columns, using: &random)
        let core = CellWindow(
            rows: top..<min(rows, top + 16),
            columns: left..<min(columns, left + 16)
        )
        let needed = Int.random(in: 1...40, using: &random)
        let window = HaloPlan(pyramid).window(of: core, neighbours: needed)
        #expect(window.contains(core))
        for row in core.rows {
            for column in core.columns {
                let nearest = cells.map { cell in
                    let down = cell.row - row
                    let right = cell.column - column
                    return (square: down * down + right * right, cell: cell)
                }.sorted { $0.square < $1.square }
                guard nearest.count >= needed else {
                    #expect(window == CellWindow(rows: 0..<rows, columns: 0..<columns))
                    continue
                }
                let last = nearest[needed - 1].square
                #expect(
                    nearest.prefix { $0.square <= last }.allSatisfy {
                        window.contains(row: $0.cell.row, column: $0.cell.column)
                    },
                    "seed \(seed)"
                )
            }
        }
    }

    @Test func `counts survive their text form, and a text of another grid is refused`() throws {
        var pyramid = CountPyramid(grid: Self.grid(rows: 50, columns: 37))
        for cell in 0..<50 { pyramid.add(row: cell, column: cell * 7 % 37) }
        let text = try ModelCoding.encode(pyramid)
        #expect(try ModelCoding.decode(CountPyramid.self, from: text) == pyramid)
        #expect(pyramid.total == 50)
        let damaged = String(decoding: text, as: UTF8.self)
            .replacing("\"gridRows\":50", with: "\"gridRows\":500")
        #expect(throws: DecodingError.self) {
            try ModelCoding.decode(CountPyramid.self, from: Array(damaged.utf8))
        }
    }

    @Test func `a grid of any size has a bounded number of blocks`() {
        let pyramid = CountPyramid(grid: Self.grid(rows: 46_080, columns: 51_200))
        #expect(pyramid.counts.count <= 1 << 16)
        #expect(pyramid.blockSize.nonzeroBitCount == 1)
    }
}

/// SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
