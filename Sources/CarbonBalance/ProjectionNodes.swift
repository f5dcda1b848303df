package import Lattice

/// The projected nodes around a window, from which its sub-points are interpolated strip by strip.
package struct ProjectionNodes: Sendable {
    /// The lattice they belong to.
    package let lattice: ProjectionLattice
    /// The cells whose sub-points can be asked for.
    package let window: CellWindow
    private let nodes: CellWindow
    /// Source column and row of each node.
    private let places: [SIMD2<Double>]
    private let squares: CellWindow
    /// For each square whether its stencil may be interpolated.
    private let isSmooth: [Bool]

    init(
        lattice: ProjectionLattice,
        window: CellWindow,
        nodes: CellWindow,
        projected: [SourcePoint]
    ) {
        self.lattice = lattice
        self.window = window
        self.nodes = nodes
        places = projected.map { SIMD2($0.column, $0.row) }
        let squares = lattice.squareWindow(for: window)
        self.squares = squares
        isSmooth = squares.rows.flatMap { row in
            squares.columns.map { column in
                Self.isSmooth(row: row, column: column, nodes: nodes, projected: projected)
            }
        }
    }

    /// True when all 16 nodes are placed and neither coordinate jumps between them.
    ///
    /// On a smooth map the steps from node to node change little: by under an eighth of the largest
    /// step. A jump of half the globe changes them by itself.
    private static func isSmooth(
        row: Int,
        column: Int,
        nodes: CellWindow,
        projected: [SourcePoint]
    ) -> Bool {
        let stencil = (-1...2).map { rowStep in
            (-1...2).map { columnStep in
                projected[nodes.index(row: row + rowStep, column: column + columnStep)]
            }
        }
        guard stencil.allSatisfy({ $0.allSatisfy(\.isFinite) }) else { return false }
        var largestStep = 0.0
        var largestChange = 0.0
        for first in 0..<4 {
            for lines in [stencil[first], stencil.map { $0[first] }] {
                for values in [lines.map(\.column), lines.map(\.row)] {
                    let steps = (0..<3).map { values[$0 + 1] - values[$0] }
                    for step in steps { largestStep = max(largestStep, step.magnitude) }
                    for index in 0..<2 {
                        let change = steps[index + 1] - steps[index]
                        largestChange = max(largestChange, change.magnitude)
                    }
                }
            }
        }
        return largestChange <= largestStep / 8
    }

    /// Where the sub-points of some cells lie in the source.
    ///
    /// - Parameters:
    ///   - strip: cells within ``window``.
    ///   - subpointsPerAxis: s.
    ///   - project: as for ``ProjectionLattice/nodes(for:project:)``; called once, for the sub-points that
    ///     cannot be interpolated, if there are any.
    /// - Returns: the map of the strip.
    /// - Throws: what `project` throws.
    package func subpoints(
        of strip: CellWindow,
        subpointsPerAxis: Int,
        project: ([WorldPoint]) throws -> [SourcePoint]
    ) rethrows -> SubpointMap {
        precondition(window.contains(strip), "a strip lies within the window of its nodes")
        let count = strip.cellCount * subpointsPerAxis * subpointsPerAxis
        var result = (
            columns: [Double](repeating: .nan, count: count),
            rows: [Double](repeating: .nan, count: count)
        )
        let weights = SubpointWeights(
            subpointsPerAxis: subpointsPerAxis,
            nodeSpacingCells: lattice.nodeSpacingCells
        )
        var line = [SIMD2<Double>](repeating: .zero, count: nodes.columnCount)
        var direct: [Int] = []
        var directPoints: [WorldPoint] = []
        for row in strip.rows {
            let pieces = pieces(ofRow: row, in: strip)
            for subrow in 0..<subpointsPerAxis {
                interpolateNodes(row, subrow, weights, &line)
                for piece in pieces where piece.isSmooth {
                    interpolate(
                        piece,
                        line,
                        weights,
                        from: strip.index(row: row, column: piece.columns.lowerBound)
                            * weights.perCell + subrow * subpointsPerAxis,
                        &result.columns,
                        &result.rows
                    )
                }
            }
            for piece in pieces where !piece.isSmooth {
                for column in piece.columns {
                    let first = strip.index(row: row, column: column) * weights.perCell
                    for point in 0..<weights.perCell {
                        direct.append(first + point)
                        directPoints.append(world(row, column, point, subpointsPerAxis))
                    }
                }
            }
        }
        if !direct.isEmpty {
            let projected = try project(directPoints)
            precondition(projected.count == direct.count, "one projected point for each point")
            for (index, point) in zip(direct, projected) {
                result.columns[index] = point.rounded.column
                result.rows[index] = point.rounded.row
            }
        }
        return SubpointMap(
            window: strip,
            subpointsPerAxis: subpointsPerAxis,
            columns: result.columns,
            rows: result.rows
        )
    }

    /// Cells of a row that lie in one square.
    private struct Piece {
        let columns: Range<Int>
        /// The square's column.
        let square: Int
        let isSmooth: Bool
    }

    private func pieces(ofRow row: Int, in strip: CellWindow) -> [Piece] {
        let spacing = lattice.nodeSpacingCells
        let squareRow = lattice.square(ofCell: row)
        let first = lattice.square(ofCell: strip.columnStart)
        return (first...lattice.square(ofCell: strip.columnEnd - 1)).map { square in
            Piece(
                columns: max(
                    strip.columnStart,
                    square * spacing
                )..<min(strip.columnEnd, (square + 1) * spacing),
                square: square,
                isSmooth: isSmooth[squares.index(row: squareRow, column: square)]
            )
        }
    }

    private func world(_ row: Int, _ column: Int, _ point: Int, _ perAxis: Int) -> WorldPoint {
        let place = lattice.grid.world(
            column: Double(column) + (Double(point % perAxis) + 0.5) / Double(perAxis),
            row: Double(row) + (Double(point / perAxis) + 0.5) / Double(perAxis)
        )
        return WorldPoint(x: place.x, y: place.y)
    }

    /// Interpolates a line of sub-points between node rows: one place for each column of nodes.
    private func interpolateNodes(
        _ row: Int,
        _ subrow: Int,
        _ weights: SubpointWeights,
        _ line: inout [SIMD2<Double>]
    ) {
        let square = lattice.square(ofCell: row)
        let down = weights.weights(cell: row - square * lattice.nodeSpacingCells, subrow)
        let width = nodes.columnCount
        let first = nodes.index(row: square - 1, column: nodes.columnStart)
        for index in 0..<width {
            var place = SIMD2<Double>.zero
            for step in 0..<4 { place += places[first + step * width + index] * down[step] }
            line[index] = place
        }
    }

    /// Interpolates such a line between node columns, over the cells of one square.
    private func interpolate(
        _ piece: Piece,
        _ line: [SIMD2<Double>],
        _ weights: SubpointWeights,
        from start: Int,
        _ columns: inout [Double],
        _ rows: inout [Double]
    ) {
        let first = piece.square - 1 - nodes.columnStart
        let (west, left) = (line[first], line[first + 1])
        let (right, east) = (line[first + 2], line[first + 3])
        let perAxis = weights.subpointsPerAxis
        var weight = (piece.columns.lowerBound - piece.square * lattice.nodeSpacingCells) * perAxis
        var target = start
        for _ in piece.columns {
            for subcolumn in 0..<perAxis {
                let across = weights.table[weight + subcolumn]
                let place = SourcePoint.rounded(
                    west * across[0] + left * across[1] + right * across[2] + east * across[3]
                )
                columns[target + subcolumn] = place.x
                rows[target + subcolumn] = place.y
            }
            weight += perAxis
            target += weights.perCell
        }
    }
}

/// The weights of four nodes for every place that a sub-point can have between two of them.
private struct SubpointWeights {
    let subpointsPerAxis: Int
    let perCell: Int
    let table: [SIMD4<Double>]

    init(subpointsPerAxis: Int, nodeSpacingCells: Int) {
        self.subpointsPerAxis = subpointsPerAxis
        perCell = subpointsPerAxis * subpointsPerAxis
        let count = nodeSpacingCells * subpointsPerAxis
        table = (0..<count).map { place in
            // Nodes at −1, 0, 1, 2; the sub-point at t within 0…1.
            let t = (Double(place) + 0.5) / Double(count)
            return SIMD4(
                -t * (t - 1) * (t - 2) / 6,
                (t + 1) * (t - 1) * (t - 2) / 2,
                -(t + 1) * t * (t - 2) / 2,
                (t + 1) * t * (t - 1) / 6
            )
        }
    }

    func weights(cell: Int, _ subpoint: Int) -> SIMD4<Double> {
        table[cell * subpointsPerAxis + subpoint]
    }
}
