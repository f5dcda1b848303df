/// The national grid: square cells of an equal-area projection, row 0 in the north.
///
/// Every result is a function of the global cell index on this grid. Coordinates are metres in the
/// grid's reference system; the upper-left corner of cell (0, 0) is the origin.
package struct Grid: Hashable, Sendable, Codable {
    /// The projection; equal-area, unit metre.
    package let reference: CoordinateReference
    /// Western edge of column 0, metres.
    package let originX: Double
    /// Northern edge of row 0, metres.
    package let originY: Double
    /// Edge of a cell, metres.
    package let cellSizeMetres: Double
    /// Number of columns.
    package let columns: Int
    /// Number of rows.
    package let rows: Int

    /// A grid of `columns` × `rows` cells.
    ///
    /// The caller has validated the numbers: counts and cell size are positive, all are finite.
    package init(
        reference: CoordinateReference,
        originX: Double,
        originY: Double,
        cellSizeMetres: Double,
        columns: Int,
        rows: Int
    ) {
        precondition(columns > 0 && rows > 0, "a grid has at least one cell")
        precondition(
            cellSizeMetres > 0 && cellSizeMetres.isFinite && originX.isFinite && originY.isFinite,
            "a grid has a finite origin and a positive cell size"
        )
        self.reference = reference
        self.originX = originX
        self.originY = originY
        self.cellSizeMetres = cellSizeMetres
        self.columns = columns
        self.rows = rows
    }

    /// The whole grid as a window.
    package var window: CellWindow { CellWindow(rows: 0..<rows, columns: 0..<columns) }

    /// Area of one cell, km²; the same everywhere, because the projection is equal-area.
    package var cellAreaKm2: Double { cellSizeMetres * cellSizeMetres / 1e6 }

    /// The box that a window covers, metres.
    package func extent(of window: CellWindow) -> Extent {
        Extent(
            minimumX: originX + Double(window.columnStart) * cellSizeMetres,
            minimumY: originY - Double(window.rowEnd) * cellSizeMetres,
            maximumX: originX + Double(window.columnEnd) * cellSizeMetres,
            maximumY: originY - Double(window.rowStart) * cellSizeMetres
        )
    }

    /// World coordinates of a point given in columns and rows from the origin, metres.
    ///
    /// Measured from the origin each time: adding cell sizes up would drift.
    package func world(column: Double, row: Double) -> (x: Double, y: Double) {
        (originX + column * cellSizeMetres, originY - row * cellSizeMetres)
    }

    /// Columns and rows from the origin of a point in world coordinates.
    package func position(x: Double, y: Double) -> (column: Double, row: Double) {
        ((x - originX) / cellSizeMetres, (originY - y) / cellSizeMetres)
    }

    /// GDAL's six affine coefficients for a window of this grid.
    package func affineCoefficients(of window: CellWindow) -> [Double] {
        let box = extent(of: window)
        return [box.minimumX, cellSizeMetres, 0, box.maximumY, 0, -cellSizeMetres]
    }
}
