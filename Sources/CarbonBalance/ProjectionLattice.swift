package import Lattice

/// A point in the national grid's reference system, metres.
package struct WorldPoint: Hashable, Sendable {
    /// Easting, metres.
    package var x: Double
    /// Northing, metres.
    package var y: Double

    /// A point from its coordinates.
    package init(x: Double, y: Double) {
        self.x = x
        self.y = y
    }
}

/// A point in the pixels of a source raster; NaN where the projection fails.
package struct SourcePoint: Hashable, Sendable {
    /// Columns from the western edge of column 0.
    package var column: Double
    /// Rows from the northern edge of row 0.
    package var row: Double

    /// A point from its coordinates.
    package init(column: Double, row: Double) {
        self.column = column
        self.row = row
    }

    /// True when both coordinates are finite.
    package var isFinite: Bool { column.isFinite && row.isFinite }

    /// Rounded to 2⁻²⁰ pixel: what processors' variants of a projection's sine differ by is far less,
    /// and one rounded away on all machines alike.
    var rounded: SourcePoint {
        let place = Self.rounded(SIMD2(column, row))
        return SourcePoint(column: place.x, row: place.y)
    }

    /// The same of a column and a row.
    ///
    /// Adding 1.5 · 2⁵² leaves no place for fractions: the processor rounds to the nearest integer, ties
    /// to even, without a call of the library's function for each of billions of points.
    @inline(__always)
    static func rounded(_ place: SIMD2<Double>) -> SIMD2<Double> {
        let scaled = place * 0x1p20
        guard scaled.x.magnitude < 0x1p51, scaled.y.magnitude < 0x1p51 else {
            return scaled.rounded(.toNearestOrEven) * 0x1p-20
        }
        return ((scaled + 0x1.8p52) - 0x1.8p52) * 0x1p-20
    }
}

/// The projection from national grid to source pixels, interpolated from one fixed lattice of nodes.
///
/// Nodes lie at every m-th corner of cells, counted from the grid's origin: m = 40 km in cells, within
/// 1…32. Between them source coordinates are interpolated by the cubic through 4 × 4 nodes (Lagrange),
/// rounded to 2⁻²⁰ pixel. Where a stencil has a node that the projection cannot place, or a jump (the
/// antimeridian), its sub-points are projected one by one. A sub-point's source coordinates are
/// therefore a function of its cell, whatever the window; against the projection itself they are off by
/// less than 10⁻³ pixel for map projections of smooth parts of the Earth and pixels of 30 m or more.
///
/// The projecting closure takes points in batches; each result must depend on its point alone.
package struct ProjectionLattice: Sendable {
    /// The grid whose cells are projected.
    package let grid: Grid
    /// m: cells between two nodes.
    package let nodeSpacingCells: Int

    /// The lattice of a grid.
    package init(grid: Grid) {
        self.grid = grid
        nodeSpacingCells = Int(min(32, max(1, (40_000 / grid.cellSizeMetres).rounded(.down))))
    }

    /// The nodes that a window of cells needs, as rows and columns of nodes (−1 is possible).
    package func nodeWindow(for window: CellWindow) -> CellWindow {
        let squares = squareWindow(for: window)
        return CellWindow(
            rows: (squares.rowStart - 1)..<(squares.rowEnd + 2),
            columns: (squares.columnStart - 1)..<(squares.columnEnd + 2)
        )
    }

    /// The world coordinates of a node.
    package func world(nodeRow: Int, nodeColumn: Int) -> WorldPoint {
        let place = grid.world(
            column: Double(nodeColumn * nodeSpacingCells),
            row: Double(nodeRow * nodeSpacingCells)
        )
        return WorldPoint(x: place.x, y: place.y)
    }

    /// Projects the nodes that a window needs.
    ///
    /// - Parameters:
    ///   - window: cells of the grid.
    ///   - project: from the grid's system to source pixels, one result for each point.
    /// - Returns: the nodes, from which sub-points are interpolated.
    /// - Throws: what `project` throws.
    package func nodes(
        for window: CellWindow,
        project: ([WorldPoint]) throws -> [SourcePoint]
    ) rethrows -> ProjectionNodes {
        let nodes = nodeWindow(for: window)
        let points = nodes.rows.flatMap { row in
            nodes.columns.map { world(nodeRow: row, nodeColumn: $0) }
        }
        let projected = try project(points)
        precondition(projected.count == points.count, "one projected point for each node")
        return ProjectionNodes(
            lattice: self,
            window: window,
            nodes: nodes,
            projected: projected.map(\.rounded)
        )
    }

    /// The squares between nodes that hold cells of a window; square (i, j) has node (i, j) in its
    /// north-western corner.
    func squareWindow(for window: CellWindow) -> CellWindow {
        CellWindow(
            rows: square(ofCell: window.rowStart)..<(square(ofCell: window.rowEnd - 1) + 1),
            columns: square(ofCell: window.columnStart)..<(square(ofCell: window.columnEnd - 1) + 1)
        )
    }

    /// The row or column of squares that a row or column of cells lies in.
    func square(ofCell cell: Int) -> Int {
        let quotient = cell / nodeSpacingCells
        return cell < 0 && quotient * nodeSpacingCells != cell ? quotient - 1 : quotient
    }
}
