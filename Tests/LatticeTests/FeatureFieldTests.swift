import Lattice
import Testing

struct FeatureFieldTests {
    private let grid = Grid(
        reference: CoordinateReference(wkt: "LOCAL", name: "test"),
        originX: 0,
        originY: 40_000,
        cellSizeMetres: 1000,
        columns: 50,
        rows: 40
    )
    private let seed = UInt64.random(in: .min ... .max)

    private func segments(_ count: Int, isPoints: Bool) -> [SIMD4<Double>] {
        var random = SeededRandom(seed: seed)
        return (0..<count).map { _ in
            // Some of them lie outside the grid.
            let x = Double.random(in: -8000...58_000, using: &random)
            let y = Double.random(in: -8000...48_000, using: &random)
            guard !isPoints else { return SIMD4(x, y, x, y) }
            return SIMD4(
                x,
                y,
                x + Double.random(in: -20_000...20_000, using: &random),
                y + Double.random(in: -20_000...20_000, using: &random)
            )
        }
    }

    private func field(_ segments: [SIMD4<Double>]) -> FeatureField {
        FeatureField(
            grid: grid,
            segments: segments,
            weights: segments.indices.map { Double($0 % 7 + 1) }
        )
    }

    @Test func `no answer depends on the window`() {
        for isPoints in [true, false] {
            let field = field(segments(120, isPoints: isPoints))
            let answers: [(CellWindow) -> [Double]] = [
                { field.weightSums(over: $0) }, { field.lengths(over: $0) },
                { field.distances(over: $0) }, { field.weightSums(within: 2.3, over: $0) },
                { field.lengths(within: 2.3, over: $0) },
            ]
            for answer in answers {
                let whole = answer(grid.window)
                for size in [1, 7, 16, 33] {
                    for row in stride(from: 0, to: grid.rows, by: size) {
                        for column in stride(from: 0, to: grid.columns, by: size) {
                            let window = CellWindow(
                                rows: row..<min(row + size, grid.rows),
                                columns: column..<min(column + size, grid.columns)
                            )
                            let part = answer(window)
                            for cell in 0..<window.cellCount {
                                let place = grid.window.index(
                                    row: row + cell / window.columnCount,
                                    column: column + cell % window.columnCount
                                )
                                #expect(part[cell] == whole[place], "seed \(seed)")
                            }
                        }
                    }
                }
            }
        }
    }

    @Test func `a distance is the least of all`() {
        for isPoints in [true, false] {
            let segments = segments(40, isPoints: isPoints)
            let found = field(segments).distances(over: grid.window)
            for row in stride(from: 0, to: grid.rows, by: 3) {
                for column in stride(from: 0, to: grid.columns, by: 3) {
                    let place = grid.world(column: Double(column) + 0.5, row: Double(row) + 0.5)
                    let least = segments.map { Self.distance(place.x, place.y, $0) }.min() ?? 0
                    let distance = found[grid.window.index(row: row, column: column)] * 1000
                    #expect(abs(distance - least) < 1e-6, "seed \(seed)")
                }
            }
        }
    }

    @Test func `the lengths in all cells add up to the length within the grid`() {
        let inside: [SIMD4<Double>] = [
            SIMD4(500, 500, 49_500, 39_500), SIMD4(1000, 2000, 1000, 30_000),
            SIMD4(3000, 7000, 31_000, 7000), SIMD4(-5000, 20_000, 55_000, 20_500),
        ]
        let field = FeatureField(grid: grid, segments: inside, weights: [1, 1, 1, 1])
        let total = field.lengths(over: grid.window).reduce(0, +)
        let slope = (60.0 * 60 + 0.25).squareRoot() * 50 / 60
        let expected = (49.0 * 49 + 39 * 39).squareRoot() + 28 + 28 + slope
        #expect(abs(total - expected) < 1e-9)
    }

    @Test func `a circle counts what lies within it, on the grid or beside it`() {
        let radius = 3.7
        for isPoints in [true, false] {
            let segments = segments(30, isPoints: isPoints)
            let field = field(segments)
            let found =
                isPoints
                ? field.weightSums(within: radius, over: grid.window)
                : field.lengths(within: radius, over: grid.window)
            for row in stride(from: 0, to: grid.rows, by: 3) {
                for column in stride(from: 0, to: grid.columns, by: 3) {
                    let place = grid.world(column: Double(column) + 0.5, row: Double(row) + 0.5)
                    var expected = 0.0
                    // A piece that is missed between two steps is shorter than one of 28 km.
                    var tolerance = isPoints ? 1e-12 : 0.4
                    for (index, s) in segments.enumerated() {
                        // Five hundred steps along each piece, or the point itself.
                        let steps = isPoints ? 1 : 500
                        let length = isPoints ? 1 : Self.length(s) / 1000
                        let inside = (0..<steps).count { step in
                            let t = (Double(step) + 0.5) / Double(steps)
                            let x = s[0] + t * (s[2] - s[0]) - place.x
                            let y = s[1] + t * (s[3] - s[1]) - place.y
                            return x * x + y * y <= radius * radius * 1e6
                        }
                        let step = Double(index % 7 + 1) * length / Double(steps)
                        expected += step * Double(inside)
                        if !isPoints, inside > 0 { tolerance += 2 * step }
                    }
                    let value = found[grid.window.index(row: row, column: column)]
                    #expect(abs(value - expected) <= tolerance, "seed \(seed)")
                }
            }
        }
    }

    private static func length(_ s: SIMD4<Double>) -> Double {
        ((s[2] - s[0]) * (s[2] - s[0]) + (s[3] - s[1]) * (s[3] - s[1])).squareRoot()
    }

    @Test func `every point within the grid is counted once`() {
        let points = [(0.0, 40_000.0), (1000, 39_000), (999.9, 1), (49_999, 100), (50_000, 100)]
        let field = FeatureField(
            grid: grid,
            segments: points.map { SIMD4($0.0, $0.1, $0.0, $0.1) },
            weights: [1, 10, 100, 1000, 10_000]
        )
        let sums = field.weightSums(over: grid.window)
        // The last lies on the eastern edge, outside.
        #expect(sums.reduce(0, +) == 1111)
        #expect(sums[0] == 1)
        #expect(sums[grid.window.index(row: 1, column: 1)] == 10)
    }

    private static func distance(_ x: Double, _ y: Double, _ s: SIMD4<Double>) -> Double {
        var best = Double.infinity
        // Brute force along the piece, then its two ends.
        let dx = s[2] - s[0]
        let dy = s[3] - s[1]
        let square = dx * dx + dy * dy
        let t = square > 0 ? max(0, min(1, ((x - s[0]) * dx + (y - s[1]) * dy) / square)) : 0
        for share in [t, 0, 1] {
            let ex = x - s[0] - share * dx
            let ey = y - s[1] - share * dy
            best = min(best, (ex * ex + ey * ey).squareRoot())
        }
        return best
    }
}
