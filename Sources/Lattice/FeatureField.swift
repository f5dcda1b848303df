/// Points or straight pieces of lines on a grid: what of them lies in each cell, and how far the nearest
/// is.
///
/// Every answer is a function of the cell and the features alone, not of the window asked for: sums run
/// in the order of the features, and a distance is the least of all.
package struct FeatureField: Sendable {
    /// The grid.
    package let grid: Grid
    /// x₀ y₀ x₁ y₁ of each piece, columns and rows of the grid; a point is its own end.
    private let pieces: [SIMD4<Double>]
    private let weights: [Double]
    /// Pieces that touch a bucket, ascending; buckets row-major.
    private let buckets: [[Int32]]
    private let bucketWindow: CellWindow

    /// Cells along the edge of a bucket.
    private static let bucketCells = 16

    /// Features of a grid.
    ///
    /// - Parameters:
    ///   - grid: the national grid.
    ///   - segments: x₀ y₀ x₁ y₁ of each piece in the grid's coordinates, finite.
    ///   - weights: what each counts.
    package init(grid: Grid, segments: [SIMD4<Double>], weights: [Double]) {
        precondition(segments.count == weights.count, "one weight for each piece")
        self.grid = grid
        self.weights = weights
        pieces = segments.map { segment in
            let start = grid.position(x: segment[0], y: segment[1])
            let end = grid.position(x: segment[2], y: segment[3])
            return SIMD4(start.column, start.row, end.column, end.row)
        }
        let size = Self.bucketCells
        let window = CellWindow(
            rows: 0..<((grid.rows + size - 1) / size),
            columns: 0..<((grid.columns + size - 1) / size)
        )
        bucketWindow = window
        var buckets = [[Int32]](repeating: [], count: window.cellCount)
        for (index, piece) in pieces.enumerated() {
            // Pieces outside the grid belong to the buckets of its edge, so that distances find them.
            func bucket(_ value: Double, _ count: Int) -> Int {
                Int(max(0, min(Double(count - 1), (value / Double(size)).rounded(.down))))
            }
            let columns = [piece[0], piece[2]].map { bucket($0, window.columnCount) }
            let rows = [piece[1], piece[3]].map { bucket($0, window.rowCount) }
            for row in min(rows[0], rows[1])...max(rows[0], rows[1]) {
                for column in min(columns[0], columns[1])...max(columns[0], columns[1]) {
                    buckets[window.index(row: row, column: column)].append(Int32(index))
                }
            }
        }
        self.buckets = buckets
    }

    /// Number of pieces.
    package var pieceCount: Int { pieces.count }

    /// Sum of the weights of the points in each cell of a window; a point on an edge between cells
    /// belongs to the one in the south or east.
    package func weightSums(over window: CellWindow) -> [Double] {
        var sums = [Double](repeating: 0, count: window.cellCount)
        for index in candidates(window) {
            let piece = pieces[index]
            let column = piece[0].rounded(.down)
            let row = piece[1].rounded(.down)
            guard row >= Double(window.rowStart), row < Double(window.rowEnd),
                column >= Double(window.columnStart), column < Double(window.columnEnd)
            else { continue }
            sums[window.index(row: Int(row), column: Int(column))] += weights[index]
        }
        return sums
    }

    /// Length of the pieces in each cell of a window times their weight, in edges of a cell.
    package func lengths(over window: CellWindow) -> [Double] {
        var sums = [Double](repeating: 0, count: window.cellCount)
        for index in candidates(window) {
            let piece = pieces[index]
            let dx = piece[2] - piece[0]
            let dy = piece[3] - piece[1]
            let length = (dx * dx + dy * dy).squareRoot()
            guard length > 0 else { continue }
            func range(_ a: Double, _ b: Double, _ low: Int, _ high: Int) -> Range<Int> {
                let first = max(Double(low), min(a, b).rounded(.down))
                let last = min(Double(high), max(a, b).rounded(.down) + 1)
                return first < last ? Int(first)..<Int(last) : low..<low
            }
            let columns = range(piece[0], piece[2], window.columnStart, window.columnEnd)
            for row in range(piece[1], piece[3], window.rowStart, window.rowEnd) {
                for column in columns {
                    let share = Self.share(of: piece, row: row, column: column)
                    guard share > 0 else { continue }
                    let place = window.index(row: row, column: column)
                    sums[place] += share * length * weights[index]
                }
            }
        }
        return sums
    }

    /// Sum of the weights of the points within a distance of each cell's centre.
    ///
    /// - Parameters:
    ///   - radius: edges of a cell, above 0.
    ///   - window: cells of the grid.
    /// - Returns: a sum for each cell, row-major.
    package func weightSums(within radius: Double, over window: CellWindow) -> [Double] {
        sums(within: radius, over: window) { piece, x, y in
            Self.squaredDistance(x, y, piece) <= radius * radius ? 1 : 0
        }
    }

    /// Length of the pieces within a distance of each cell's centre times their weight, in edges of a
    /// cell; parameters as for ``weightSums(within:over:)``.
    package func lengths(within radius: Double, over window: CellWindow) -> [Double] {
        sums(within: radius, over: window) { Self.length(of: $0, within: radius, x: $1, y: $2) }
    }

    private func sums(
        within radius: Double,
        over window: CellWindow,
        of measure: (_ piece: SIMD4<Double>, _ x: Double, _ y: Double) -> Double
    ) -> [Double] {
        var sums = [Double](repeating: 0, count: window.cellCount)
        guard let near = window.outset(by: Int(radius) + 1).intersection(grid.window) else {
            return sums
        }
        for index in candidates(near) {
            let piece = pieces[index]
            func range(_ a: Double, _ b: Double, _ bounds: Range<Int>) -> Range<Int> {
                let first = max(
                    Double(bounds.lowerBound),
                    (min(a, b) - radius - 0.5).rounded(.down)
                )
                let last = min(Double(bounds.upperBound), (max(a, b) + radius + 0.5).rounded(.up))
                return first < last ? Int(first)..<Int(last) : bounds.lowerBound..<bounds.lowerBound
            }
            let columns = range(piece[0], piece[2], window.columns)
            for row in range(piece[1], piece[3], window.rows) {
                for column in columns {
                    let part = measure(piece, Double(column) + 0.5, Double(row) + 0.5)
                    guard part > 0 else { continue }
                    sums[window.index(row: row, column: column)] += part * weights[index]
                }
            }
        }
        return sums
    }

    /// Length of a piece within a circle: between the roots of |start + t · step − centre|² = radius².
    private static func length(
        of piece: SIMD4<Double>,
        within radius: Double,
        x: Double,
        y: Double
    ) -> Double {
        let dx = piece[2] - piece[0]
        let dy = piece[3] - piece[1]
        let square = dx * dx + dy * dy
        guard square > 0 else { return 0 }
        let ex = piece[0] - x
        let ey = piece[1] - y
        let half = (dx * ex + dy * ey) / square
        let discriminant = half * half - (ex * ex + ey * ey - radius * radius) / square
        guard discriminant > 0 else { return 0 }
        let root = discriminant.squareRoot()
        return max(0, min(1, root - half) - max(0, -half - root)) * square.squareRoot()
    }

    /// Distance from the centre of each cell of a window to the nearest piece, in edges of a cell;
    /// infinite where there are none.
    package func distances(over window: CellWindow) -> [Double] {
        var result: [Double] = []
        result.reserveCapacity(window.cellCount)
        for row in window.rows {
            for column in window.columns {
                result.append(distance(row: row, column: column))
            }
        }
        return result
    }

    /// The pieces of the buckets that a window meets, each once, ascending.
    private func candidates(_ window: CellWindow) -> [Int] {
        let size = Self.bucketCells
        var isFound = Set<Int32>()
        for row in (window.rowStart / size)...((window.rowEnd - 1) / size) {
            for column in (window.columnStart / size)...((window.columnEnd - 1) / size) {
                isFound.formUnion(buckets[bucketWindow.index(row: row, column: column)])
            }
        }
        return isFound.sorted().map(Int.init)
    }

    /// The share of a piece within a cell (Liang and Barsky 1984).
    private static func share(of piece: SIMD4<Double>, row: Int, column: Int) -> Double {
        var low = 0.0
        var high = 1.0
        let bounds = [
            (piece[0], piece[2] - piece[0], Double(column)),
            (piece[1], piece[3] - piece[1], Double(row)),
        ]
        for (start, step, edge) in bounds {
            if step == 0 {
                guard start >= edge, start < edge + 1 else { return 0 }
                continue
            }
            let first = (edge - start) / step
            let second = (edge + 1 - start) / step
            low = max(low, min(first, second))
            high = min(high, max(first, second))
        }
        return max(0, high - low)
    }

    private func distance(row: Int, column: Int) -> Double {
        let x = Double(column) + 0.5
        let y = Double(row) + 0.5
        let size = Self.bucketCells
        let home = (row: row / size, column: column / size)
        let reach = max(
            home.row,
            bucketWindow.rowEnd - 1 - home.row,
            home.column,
            bucketWindow.columnEnd - 1 - home.column
        )
        var best = Double.infinity
        for ring in 0...max(0, reach) {
            // Whatever lies in this ring or beyond is farther than the rings within.
            let nearest = Double((ring - 1) * size)
            if ring > 0, best.squareRoot() <= nearest { break }
            for bucketRow in (home.row - ring)...(home.row + ring) {
                let isEdgeRow = abs(bucketRow - home.row) == ring
                let step = isEdgeRow ? 1 : max(1, 2 * ring)
                for bucketColumn in stride(
                    from: home.column - ring,
                    through: home.column + ring,
                    by: step
                ) where bucketWindow.contains(row: bucketRow, column: bucketColumn) {
                    for index in buckets[
                        bucketWindow.index(row: bucketRow, column: bucketColumn)
                    ] {
                        best = min(best, Self.squaredDistance(x, y, pieces[Int(index)]))
                    }
                }
            }
        }
        return best.squareRoot()
    }

    private static func squaredDistance(_ x: Double, _ y: Double, _ p: SIMD4<Double>) -> Double {
        let dx = p[2] - p[0]
        let dy = p[3] - p[1]
        let square = dx * dx + dy * dy
        let along = square > 0 ? ((x - p[0]) * dx + (y - p[1]) * dy) / square : 0
        let t = max(0, min(1, along))
        let ex = x - (p[0] + t * dx)
        let ey = y - (p[1] + t * dy)
        return ex * ex + ey * ey
    }
}
