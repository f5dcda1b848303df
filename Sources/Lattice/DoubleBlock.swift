/// Samples in double precision over a window of a grid, row-major, NaN where there is none.
///
/// Layers and deficits are kept in single precision (``CellBlock``); what a regression finds is kept in
/// double, because it is compared with other programs to more digits than a single has.
package struct DoubleBlock: Sendable, Equatable {
    /// The cells covered.
    package let window: CellWindow
    /// `rowCount × columnCount` samples, row-major; NaN is nodata.
    package var samples: [Double]

    /// A block from its samples; their number is the window's number of cells.
    package init(window: CellWindow, samples: [Double]) {
        precondition(samples.count == window.cellCount, "one sample for each cell of the window")
        self.window = window
        self.samples = samples
    }

    /// A block with the same sample everywhere.
    package init(window: CellWindow, filledWith sample: Double = .nan) {
        self.init(window: window, samples: [Double](repeating: sample, count: window.cellCount))
    }

    /// Copies the cells that both blocks cover from `other`.
    package mutating func paste(_ other: DoubleBlock) {
        guard let common = window.intersection(other.window) else { return }
        for row in common.rows {
            let source = other.window.index(row: row, column: common.columnStart)
            let target = window.index(row: row, column: common.columnStart)
            for offset in 0..<common.columnCount {
                samples[target + offset] = other.samples[source + offset]
            }
        }
    }

    /// Equality of bits, with all NaN equal to each other.
    package static func == (lhs: DoubleBlock, rhs: DoubleBlock) -> Bool {
        lhs.window == rhs.window
            && zip(lhs.samples, rhs.samples).allSatisfy { left, right in
                left.bitPattern == right.bitPattern || (left.isNaN && right.isNaN)
            }
    }
}
