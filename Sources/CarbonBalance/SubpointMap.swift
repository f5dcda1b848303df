package import Lattice

/// Where the sub-points of a window's cells lie in a source raster.
///
/// A cell has s × s sub-points, at the centres of its s × s equal parts. Pixel (0, 0) of the source covers
/// columns 0..<1 and rows 0..<1. Maps serve every layer on the same source grid. A map takes 16 s² bytes
/// a cell, so large windows are taken in strips (``strips(of:subpointsPerAxis:)``);
/// results do not depend on how.
package struct SubpointMap: Sendable {
    /// The cells of the national grid.
    package let window: CellWindow
    /// s: sub-points along each edge of a cell.
    package let subpointsPerAxis: Int
    /// Source column of each sub-point: cells row-major, within each its sub-points row-major; NaN
    /// outside the source's projection.
    package let columns: [Double]
    /// Source row of each sub-point, likewise.
    package let rows: [Double]

    /// A map from coordinates for every sub-point.
    package init(window: CellWindow, subpointsPerAxis: Int, columns: [Double], rows: [Double]) {
        let count = window.cellCount * subpointsPerAxis * subpointsPerAxis
        precondition(
            columns.count == count && rows.count == count,
            "one source coordinate for each sub-point"
        )
        self.window = window
        self.subpointsPerAxis = subpointsPerAxis
        self.columns = columns
        self.rows = rows
    }

    /// The most sub-points along an edge of a cell: 16 MB for the map of one cell.
    package static let maximumPerAxis = 1024

    /// Sub-points along an edge of a cell: two for each source pixel, at least 4, at most 1024.
    ///
    /// With 4 sub-points the share of a cell that a coarser pixel covers is known to a few percent, and
    /// errors of neighbouring cells cancel in sums; two per pixel make sure that no pixel of a finer
    /// source is missed. Pixels finer than 1/512 of a cell have fewer than two, those finer
    /// than 1/1024 are passed over in part, evenly.
    package static func perAxis(cellSizeMetres: Double, sourcePixelMetres: Double) -> Int {
        precondition(
            cellSizeMetres > 0 && sourcePixelMetres > 0,
            "cell and pixel sizes are positive"
        )
        let needed = (2 * cellSizeMetres / sourcePixelMetres).rounded(.up)
        return Int(min(Double(maximumPerAxis), max(4, needed)))
    }

    /// The share of the pixels under a cell that some sub-point lies in, of pixels of a size: 1 unless there
    /// are more along an edge than ``maximumPerAxis``.
    package static func sampledShare(
        cellSizeMetres: Double,
        sourcePixelMetres: Double
    ) -> Double {
        let alongEdge = min(1, Double(maximumPerAxis) * sourcePixelMetres / cellSizeMetres)
        return alongEdge * alongEdge
    }

    /// Most sub-points of a strip: a megabyte, which stays in a processor's cache; of a single cell more.
    static let subpointsPerStrip = 1 << 16

    /// Parts of some cells whose maps are small: whole rows where they fit, a single cell at least.
    package static func strips(of cells: CellWindow, subpointsPerAxis: Int) -> [CellWindow] {
        let perCell = subpointsPerAxis * subpointsPerAxis
        let width = min(cells.columnCount, max(1, subpointsPerStrip / perCell))
        let height = max(1, subpointsPerStrip / (perCell * width))
        return stride(from: cells.rowStart, to: cells.rowEnd, by: height).flatMap { row in
            stride(from: cells.columnStart, to: cells.columnEnd, by: width).map { column in
                CellWindow(
                    rows: row..<min(cells.rowEnd, row + height),
                    columns: column..<min(cells.columnEnd, column + width)
                )
            }
        }
    }

    /// The pixels of a source raster that regridding this map reads; nil when no sub-point hits it.
    ///
    /// - Parameters:
    ///   - rasterColumns: width of the source, pixels.
    ///   - rasterRows: height of the source, pixels.
    ///   - margin: further pixels on each side: 1 for bilinear resampling, else 0.
    /// - Returns: the pixels, within the raster.
    package func sourceWindow(rasterColumns: Int, rasterRows: Int, margin: Int) -> CellWindow? {
        let raster = CellWindow(rows: 0..<rasterRows, columns: 0..<rasterColumns)
        var minimum = (column: Double.infinity, row: Double.infinity)
        var maximum = (column: -Double.infinity, row: -Double.infinity)
        let (columnEnd, rowEnd) = (Double(rasterColumns), Double(rasterRows))
        for index in columns.indices {
            let (column, row) = (columns[index], rows[index])
            guard column >= 0, column < columnEnd, row >= 0, row < rowEnd else { continue }
            if column < minimum.column { minimum.column = column }
            if column > maximum.column { maximum.column = column }
            if row < minimum.row { minimum.row = row }
            if row > maximum.row { maximum.row = row }
        }
        guard minimum.column <= maximum.column else { return nil }
        return CellWindow(
            rows: Int(minimum.row)..<(Int(maximum.row) + 1),
            columns: Int(minimum.column)..<(Int(maximum.column) + 1)
        ).outset(by: margin).intersection(raster)
    }
}
