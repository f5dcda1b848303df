package import Lattice

/// The projected nodes around a window, from which its sub-points are interpolated strip by strip.
package struct ProjectionNodes: Sendable {
    /// The lattice they belong to.
    package let lattice: ProjectionLattice
    /// The cells whose sub-points can be asked for.
    package let window: CellWindow
    private let nodes: CellWindow
    private let columns: [Double]
    private let rows: [Double]
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
        columns = projected.map(\.column)
        rows = projected.map(\.row)
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
        var direct: [Int] = []
        var directPoints: [WorldPoint] = []
        for row in strip.rows {
            for subrow in 0..<subpointsPerAxis {
                interpolate(row, subrow, strip, weights, &result.columns, &result.rows)
            }
            for column in strip.columns where !isSmooth[square(row, column).index] {
                let first = strip.index(row: row, column: column) * weights.perCell
                for point in 0..<weights.perCell {
                    direct.append(first + point)
                    directPoints.append(world(row, column, point, subpointsPerAxis))
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

    private func square(_ row: Int, _ column: Int) -> (index: Int, row: Int, column: Int) {
        let cell = CellWindow(rows: row..<(row + 1), columns: column..<(column + 1))
        let place = lattice.squareWindow(for: cell)
        let index = squares.index(row: place.rowStart, column: place.columnStart)
        return (index, place.rowStart, place.columnStart)
    }

    private func world(_ row: Int, _ column: Int, _ point: Int, _ perAxis: Int) -> WorldPoint {
        let place = lattice.grid.world(
            column: Double(column) + (Double(point % perAxis) + 0.5) / Double(perAxis),
            row: Double(row) + (Double(point / perAxis) + 0.5) / Double(perAxis)
        )
        return WorldPoint(x: place.x, y: place.y)
    }

    /// Interpolates one line of sub-points: first between node rows, then between node columns.
    private func interpolate(
        _ row: Int,
        _ subrow: Int,
        _ strip: CellWindow,
        _ weights: SubpointWeights,
        _ resultColumns: inout [Double],
        _ resultRows: inout [Double]
    ) {
        let squareRow = square(row, strip.columnStart).row
        let down = weights.weights(cell: row - squareRow * lattice.nodeSpacingCells, subrow)
        var lineColumns = [Double](repeating: 0, count: nodes.columnCount)
        var lineRows = lineColumns
        for (index, nodeColumn) in nodes.columns.enumerated() {
            for step in 0..<4 {
                let node = nodes.index(row: squareRow - 1 + step, column: nodeColumn)
                lineColumns[index] += down[step] * columns[node]
                lineRows[index] += down[step] * rows[node]
            }
        }
        let perAxis = weights.subpointsPerAxis
        for column in strip.columns {
            let place = square(row, column)
            guard isSmooth[place.index] else { continue }
            let first = place.column - 1 - nodes.columnStart
            let cell = column - place.column * lattice.nodeSpacingCells
            let target = strip.index(row: row, column: column) * weights.perCell + subrow * perAxis
            for subcolumn in 0..<perAxis {
                let across = weights.weights(cell: cell, subcolumn)
                var point = SourcePoint(column: 0, row: 0)
                for step in 0..<4 {
                    point.column += across[step] * lineColumns[first + step]
                    point.row += across[step] * lineRows[first + step]
                }
                resultColumns[target + subcolumn] = point.rounded.column
                resultRows[target + subcolumn] = point.rounded.row
            }
        }
    }
}

/// The weights of four nodes for every place that a sub-point can have between two of them.
private struct SubpointWeights {
    let subpointsPerAxis: Int
    let perCell: Int
    private let table: [SIMD4<Double>]

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
