/// A half-open box of rows and columns of a grid.
///
/// Row 0 is the northernmost, column 0 the westernmost. A window may be empty, and may reach outside
/// its grid until it is clamped.
package struct CellWindow: Hashable, Sendable, Codable {
    /// First row inside.
    package var rowStart: Int
    /// First row past the end.
    package var rowEnd: Int
    /// First column inside.
    package var columnStart: Int
    /// First column past the end.
    package var columnEnd: Int

    /// A window over `rows` × `columns`.
    package init(rows: Range<Int>, columns: Range<Int>) {
        rowStart = rows.lowerBound
        rowEnd = rows.upperBound
        columnStart = columns.lowerBound
        columnEnd = columns.upperBound
    }

    /// The rows inside.
    package var rows: Range<Int> { rowStart..<rowEnd }
    /// The columns inside.
    package var columns: Range<Int> { columnStart..<columnEnd }
    /// Number of rows.
    package var rowCount: Int { rowEnd - rowStart }
    /// Number of columns.
    package var columnCount: Int { columnEnd - columnStart }
    /// Number of cells.
    package var cellCount: Int { rowCount * columnCount }
    /// True when no cell is inside.
    package var isEmpty: Bool { rowCount <= 0 || columnCount <= 0 }

    /// True when the cell lies inside.
    package func contains(row: Int, column: Int) -> Bool {
        rows.contains(row) && columns.contains(column)
    }

    /// True when every cell of `other` lies inside.
    package func contains(_ other: CellWindow) -> Bool {
        other.isEmpty
            || (rowStart <= other.rowStart && other.rowEnd <= rowEnd
                && columnStart <= other.columnStart && other.columnEnd <= columnEnd)
    }

    /// The window grown by `cells` on every side; not clamped.
    package func outset(by cells: Int) -> CellWindow {
        CellWindow(
            rows: (rowStart - cells)..<(rowEnd + cells),
            columns: (columnStart - cells)..<(columnEnd + cells)
        )
    }

    /// The cells inside both windows, nil when there are none.
    package func intersection(_ other: CellWindow) -> CellWindow? {
        let top = max(rowStart, other.rowStart)
        let bottom = min(rowEnd, other.rowEnd)
        let left = max(columnStart, other.columnStart)
        let right = min(columnEnd, other.columnEnd)
        guard top < bottom, left < right else { return nil }
        return CellWindow(rows: top..<bottom, columns: left..<right)
    }

    /// The row-major index of a cell of this window.
    package func index(row: Int, column: Int) -> Int {
        precondition(contains(row: row, column: column), "(\(row), \(column)) outside \(self)")
        return (row - rowStart) * columnCount + (column - columnStart)
    }
}
