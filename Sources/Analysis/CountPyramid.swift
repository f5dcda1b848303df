private import Foundation
package import Lattice

/// How many observations lie in each square block of cells, from which halos are planned.
///
/// Merging is commutative. Blocks are those of the whole grid: a tile that cuts a block counts its part.
package struct CountPyramid: Hashable, Sendable, Codable {
    /// Edge of a block, cells.
    package let blockSize: Int
    /// Rows of the grid.
    package let gridRows: Int
    /// Columns of the grid.
    package let gridColumns: Int
    /// Observations by block, row-major.
    package private(set) var counts: [Int32]

    /// Most blocks that are counted: larger grids have larger blocks.
    private static let blockLimit = 1 << 16

    /// Counts of nothing over a grid.
    package init(grid: Grid) {
        var size = 8
        func blocks(_ cells: Int) -> Int { (cells + size - 1) / size }
        while blocks(grid.rows) * blocks(grid.columns) > Self.blockLimit { size *= 2 }
        blockSize = size
        gridRows = grid.rows
        gridColumns = grid.columns
        counts = Array(repeating: 0, count: blocks(grid.rows) * blocks(grid.columns))
    }

    /// Rows of blocks.
    package var blockRows: Int { (gridRows + blockSize - 1) / blockSize }
    /// Columns of blocks.
    package var blockColumns: Int { (gridColumns + blockSize - 1) / blockSize }
    /// All observations.
    package var total: Int { counts.reduce(0) { $0 + Int($1) } }

    /// Counts an observation.
    package mutating func add(row: Int, column: Int) {
        counts[row / blockSize * blockColumns + column / blockSize] += 1
    }

    /// Sets the count of a block, by its row-major index.
    mutating func set(_ count: Int32, at index: Int) { counts[index] = count }

    /// Adds the counts of another part of the same grid.
    package mutating func merge(_ other: CountPyramid) {
        precondition(
            other.counts.count == counts.count && other.blockSize == blockSize,
            "counts of one grid"
        )
        for index in counts.indices { counts[index] += other.counts[index] }
    }

    /// Most observations that a window can hold: those of all blocks it meets.
    package func count(within window: CellWindow) -> Int {
        var total = 0
        for row in (window.rowStart / blockSize)..<((window.rowEnd + blockSize - 1) / blockSize) {
            for column
                in (window.columnStart / blockSize)..<((window.columnEnd + blockSize - 1)
                / blockSize)
            {
                total += Int(counts[row * blockColumns + column])
            }
        }
        return total
    }

    private enum CodingKeys: String, CodingKey {
        case blockSize, gridRows, gridColumns, counts
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        blockSize = try container.decode(Int.self, forKey: .blockSize)
        gridRows = try container.decode(Int.self, forKey: .gridRows)
        gridColumns = try container.decode(Int.self, forKey: .gridColumns)
        counts = []
        guard blockSize > 0, (1...1 << 28).contains(gridRows), (1...1 << 28).contains(gridColumns),
            blockRows * blockColumns <= Self.blockLimit,
            let bytes = try? container.decode(Data.self, forKey: .counts),
            bytes.count == 4 * blockRows * blockColumns
        else {
            throw DecodingError.dataCorruptedError(
                forKey: .counts,
                in: container,
                debugDescription: "no counts of a grid's blocks"
            )
        }
        var position = bytes.startIndex
        counts.reserveCapacity(bytes.count / 4)
        while position < bytes.endIndex {
            var count: UInt32 = 0
            for shift in stride(from: UInt32(0), to: 32, by: 8) {
                count |= UInt32(bytes[position]) << shift
                position += 1
            }
            counts.append(Int32(bitPattern: count))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(blockSize, forKey: .blockSize)
        try container.encode(gridRows, forKey: .gridRows)
        try container.encode(gridColumns, forKey: .gridColumns)
        var bytes = Data(capacity: 4 * counts.count)
        for count in counts {
            for shift in stride(from: 0, to: 32, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: count >> Int32(shift)))
            }
        }
        try container.encode(bytes, forKey: .counts)
    }
}

/// How far a tile must look for its neighbourhoods, before anything is read.
package struct HaloPlan: Sendable {
    private let pyramid: CountPyramid
    /// Σ counts of all blocks above and to the left, one row and column larger than the blocks.
    private let sums: [Int]

    /// Prepares planning from the counts of a whole grid.
    package init(_ pyramid: CountPyramid) {
        self.pyramid = pyramid
        let width = pyramid.blockColumns + 1
        var sums = [Int](repeating: 0, count: (pyramid.blockRows + 1) * width)
        for row in 0..<pyramid.blockRows {
            for column in 0..<pyramid.blockColumns {
                sums[(row + 1) * width + column + 1] =
                    Int(pyramid.counts[row * pyramid.blockColumns + column])
                    + sums[row * width + column + 1] + sums[(row + 1) * width + column]
                    - sums[row * width + column]
            }
        }
        self.sums = sums
    }

    /// A window that surely holds the `neighbours` nearest observations of every cell of a core.
    ///
    /// For each block that the core meets the smallest ring of blocks with enough observations is
    /// found: no cell of the block is farther from any of them than the diagonal of the square that
    /// reaches from it. `stretch` widens that distance, for kernels that reach beyond their bandwidth.
    /// The whole grid where it holds too few. Cost: the blocks of the core, times the rings.
    package func window(
        of core: CellWindow,
        neighbours: Int,
        stretch: Double = 1,
        capCells: Double? = nil
    ) -> CellWindow {
        let grid = CellWindow(rows: 0..<pyramid.gridRows, columns: 0..<pyramid.gridColumns)
        let size = pyramid.blockSize
        var window = core
        for row in (core.rowStart / size)..<((core.rowEnd + size - 1) / size) {
            for column in (core.columnStart / size)..<((core.columnEnd + size - 1) / size) {
                guard let ring = ring(row, column, neighbours) else {
                    guard let capCells else { return grid }
                    window = Self.union(window, core.outset(by: Int(capCells * stretch) + 2))
                    continue
                }
                var reach = Double((ring + 1) * size) * 2.0.squareRoot()
                if let capCells { reach = min(reach, capCells) }
                let block = CellWindow(
                    rows: (row * size)..<((row + 1) * size),
                    columns: (column * size)..<((column + 1) * size)
                )
                guard let part = block.intersection(core) else { continue }
                window = Self.union(window, part.outset(by: Int(reach * stretch) + 2))
            }
        }
        return window.intersection(grid) ?? grid
    }

    /// The smallest ring of blocks about a block that holds enough observations; nil when none does.
    private func ring(_ row: Int, _ column: Int, _ neighbours: Int) -> Int? {
        let width = pyramid.blockColumns + 1
        let largest = max(pyramid.blockRows, pyramid.blockColumns)
        for ring in 0...largest {
            let top = max(0, row - ring)
            let bottom = min(pyramid.blockRows, row + ring + 1)
            let left = max(0, column - ring)
            let right = min(pyramid.blockColumns, column + ring + 1)
            let count =
                sums[bottom * width + right] - sums[top * width + right]
                - sums[bottom * width + left] + sums[top * width + left]
            if count >= neighbours { return ring }
        }
        return nil
    }

    private static func union(_ first: CellWindow, _ second: CellWindow) -> CellWindow {
        CellWindow(
            rows: min(first.rowStart, second.rowStart)..<max(first.rowEnd, second.rowEnd),
            columns: min(
                first.columnStart,
                second.columnStart
            )..<max(
                first.columnEnd,
                second.columnEnd
            )
        )
    }
}
