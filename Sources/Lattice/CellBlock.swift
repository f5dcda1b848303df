/// Samples of one quantity over a window of a grid, row-major, NaN where there is none.
///
/// float32 is the precision in which every prepared layer and deficit band is kept: it is rounded
/// once, when its stage writes it, and every later stage uses the rounded value in double.
package struct CellBlock: Sendable, Equatable {
    /// The cells covered.
    package let window: CellWindow
    /// `rowCount × columnCount` samples, row-major; NaN is nodata.
    package var samples: [Float]

    /// A block from its samples; their number is the window's number of cells.
    package init(window: CellWindow, samples: [Float]) {
        precondition(samples.count == window.cellCount, "one sample for each cell of the window")
        self.window = window
        self.samples = samples
    }

    /// A block with the same sample everywhere.
    package init(window: CellWindow, filledWith sample: Float = .nan) {
        self.init(window: window, samples: [Float](repeating: sample, count: window.cellCount))
    }

    /// The sample of a cell of the window, by its global row and column.
    package subscript(row: Int, column: Int) -> Float {
        get { samples[window.index(row: row, column: column)] }
        set { samples[window.index(row: row, column: column)] = newValue }
    }

    /// Copies the cells that both blocks cover from `other`.
    package mutating func paste(_ other: CellBlock) {
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
    package static func == (lhs: CellBlock, rhs: CellBlock) -> Bool {
        lhs.window == rhs.window
            && zip(lhs.samples, rhs.samples).allSatisfy { left, right in
                left.bitPattern == right.bitPattern || (left.isNaN && right.isNaN)
            }
    }
}
