import CarbonBalance
import Foundation
import Lattice
import Testing

/// Snyder 1987, equations 14-3 to 14-11: the Albers projection of the sphere, inverted.
private struct SphericalAlbers {
    let radius = 6_371_007.181
    let n: Double
    let c: Double
    let rho0: Double
    let centralMeridian = 105.0

    init() {
        let (first, second) = (25 * Double.pi / 180, 47 * Double.pi / 180)
        n = (sin(first) + sin(second)) / 2
        c = cos(first) * cos(first) + 2 * n * sin(first)
        rho0 = radius * c.squareRoot() / n
    }

    /// Longitude and latitude, degrees.
    func inverse(_ point: WorldPoint) -> (longitude: Double, latitude: Double) {
        let y = rho0 - point.y
        let rho = (point.x * point.x + y * y).squareRoot()
        let theta = atan2(point.x, y)
        let sine = (c - (rho * n / radius) * (rho * n / radius)) / (2 * n)
        guard abs(sine) <= 1 else { return (.nan, .nan) }
        return (centralMeridian + theta / n * 180 / .pi, asin(sine) * 180 / .pi)
    }
}

struct ProjectionLatticeTests {
    private static func grid(cellSizeMetres: Double) -> Grid {
        Grid(
            reference: CoordinateReference(wkt: "", name: "albers"),
            originX: -2_760_000,
            originY: 6_228_000,
            cellSizeMetres: cellSizeMetres,
            columns: Int(5_120_000 / cellSizeMetres),
            rows: Int(6_144_000 / cellSizeMetres)
        )
    }

    /// Source pixels of a geographic raster with a western edge and a pixel size in degrees.
    private static func projector(
        west: Double,
        pixelDegrees: Double
    ) -> ([WorldPoint]) -> [SourcePoint] {
        let albers = SphericalAlbers()
        return { points in
            points.map { point in
                let place = albers.inverse(point)
                var longitude = place.longitude
                if longitude < west { longitude += 360 }
                if longitude >= west + 360 { longitude -= 360 }
                return SourcePoint(
                    column: (longitude - west) / pixelDegrees,
                    row: (60 - place.latitude) / pixelDegrees
                )
            }
        }
    }

    private static func direct(
        _ grid: Grid,
        _ window: CellWindow,
        perAxis: Int,
        _ project: ([WorldPoint]) -> [SourcePoint]
    ) -> [SourcePoint] {
        var points: [WorldPoint] = []
        for row in window.rows {
            for column in window.columns {
                for point in 0..<(perAxis * perAxis) {
                    let place = grid.world(
                        column: Double(column) + (Double(point % perAxis) + 0.5) / Double(perAxis),
                        row: Double(row) + (Double(point / perAxis) + 0.5) / Double(perAxis)
                    )
                    points.append(WorldPoint(x: place.x, y: place.y))
                }
            }
        }
        return project(points)
    }

    private static func error(_ map: SubpointMap, _ truth: [SourcePoint]) -> Double {
        truth.indices.reduce(0) { worst, index in
            max(
                worst,
                abs(map.columns[index] - truth[index].column),
                abs(map.rows[index] - truth[index].row)
            )
        }
    }

    /// A pixel of 30 m at 1 km, of 0.1° at 10 km, of 500 m at 100 m.
    static let cases: [(cellSizeMetres: Double, pixelDegrees: Double)] = [
        (1000, 1.0 / 3600), (10_000, 0.1), (100, 1.0 / 240), (45_000, 1.0 / 3600),
    ]

    @Test(arguments: cases)
    func `interpolation is off by less than a thousandth of a pixel`(
        cellSizeMetres: Double,
        pixelDegrees: Double
    ) {
        let grid = Self.grid(cellSizeMetres: cellSizeMetres)
        let lattice = ProjectionLattice(grid: grid)
        let project = Self.projector(west: 60, pixelDegrees: pixelDegrees)
        // The corners of the grid bend most.
        for (row, column) in [(0, 0), (0, grid.columns - 9), (grid.rows - 9, grid.columns / 2)] {
            let window = CellWindow(rows: row..<(row + 9), columns: column..<(column + 9))
            let nodes = lattice.nodes(for: window, project: project)
            let map = nodes.subpoints(of: window, subpointsPerAxis: 3) { points in
                Issue.record("\(points.count) sub-points are not interpolated")
                return project(points)
            }
            let truth = Self.direct(grid, window, perAxis: 3, project)
            #expect(Self.error(map, truth) < 1e-3)
        }
    }

    @Test func `a sub-point's place depends on neither the window nor the strip`() {
        let grid = Self.grid(cellSizeMetres: 5000)
        let lattice = ProjectionLattice(grid: grid)
        #expect(lattice.nodeSpacingCells == 8)
        let project = Self.projector(west: 60, pixelDegrees: 0.01)
        let whole = CellWindow(rows: 0..<40, columns: 0..<40)
        let expected = lattice.nodes(for: whole, project: project)
            .subpoints(of: whole, subpointsPerAxis: 2, project: project)
        var random = SeededRandom(seed: 2)
        for _ in 0..<20 {
            let top = Int.random(in: 0..<39, using: &random)
            let left = Int.random(in: 0..<39, using: &random)
            let window = CellWindow(rows: top..<40, columns: left..<40)
            let strip = CellWindow(rows: top..<(top + 1), columns: left..<40)
            let map = lattice.nodes(for: window, project: project)
                .subpoints(of: strip, subpointsPerAxis: 2, project: project)
            for column in strip.columns {
                for point in 0..<4 {
                    let here = strip.index(row: top, column: column) * 4 + point
                    let there = whole.index(row: top, column: column) * 4 + point
                    #expect(map.columns[here] == expected.columns[there])
                    #expect(map.rows[here] == expected.rows[there])
                }
            }
        }
    }

    @Test func `across the antimeridian of the source sub-points are projected one by one`() {
        let grid = Self.grid(cellSizeMetres: 10_000)
        let lattice = ProjectionLattice(grid: grid)
        // The raster's seam runs through the middle of the grid.
        let project = Self.projector(west: 105.3, pixelDegrees: 0.05)
        let window = CellWindow(rows: 200..<220, columns: 260..<300)
        var directCount = 0
        let map = lattice.nodes(for: window, project: project)
            .subpoints(of: window, subpointsPerAxis: 4) { points in
                directCount += points.count
                return project(points)
            }
        #expect(directCount > 0)
        #expect(directCount < map.columns.count)
        #expect(Self.error(map, Self.direct(grid, window, perAxis: 4, project)) < 1e-3)
    }

    @Test func `where the projection fails near a window only failed sub-points are lost`() {
        let grid = Self.grid(cellSizeMetres: 10_000)
        let lattice = ProjectionLattice(grid: grid)
        let plain = Self.projector(west: 60, pixelDegrees: 0.05)
        func project(_ points: [WorldPoint]) -> [SourcePoint] {
            zip(points, plain(points)).map { point, projected in
                point.x > 1_000_000 ? SourcePoint(column: .nan, row: .nan) : projected
            }
        }
        let window = CellWindow(rows: 100..<104, columns: 360..<390)
        let map = lattice.nodes(for: window, project: project)
            .subpoints(of: window, subpointsPerAxis: 2, project: project)
        for (index, point) in Self.direct(grid, window, perAxis: 2, project).enumerated() {
            #expect(map.columns[index].isFinite == point.isFinite)
        }
    }
}
