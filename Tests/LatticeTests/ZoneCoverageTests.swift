import Lattice
import Testing

/// Coverage by clipping each ring to each cell in double precision: slow, and independent.
private enum Clipping {
    typealias Point = (x: Double, y: Double)

    static func fraction(of zone: ZonePolygon, row: Int, column: Int, grid: Grid) -> Double {
        zone.parts.reduce(0) { total, part in
            total
                + part.enumerated().reduce(0) { sum, ring in
                    let points = ring.element.map { vertex -> Point in
                        let place = grid.position(x: vertex.x, y: vertex.y)
                        return (place.column - Double(column), place.row - Double(row))
                    }
                    let area = abs(area(of: clipped(points)))
                    return sum + (ring.offset == 0 ? area : -area)
                }
        }
    }

    static func area(of ring: [Point]) -> Double {
        guard var previous = ring.last else { return 0 }
        var area = 0.0
        for point in ring {
            area += previous.x * point.y - point.x * previous.y
            previous = point
        }
        return area / 2
    }

    /// Sutherland and Hodgman 1974, against the unit square.
    private static func clipped(_ ring: [Point]) -> [Point] {
        var points = clipped(ring) { $0.x }
        points = clipped(points) { 1 - $0.x }
        points = clipped(points) { $0.y }
        return clipped(points) { 1 - $0.y }
    }

    private static func clipped(_ ring: [Point], inside distance: (Point) -> Double) -> [Point] {
        guard var previous = ring.last else { return [] }
        var result: [Point] = []
        for point in ring {
            let from = distance(previous)
            let to = distance(point)
            if (from >= 0) != (to >= 0) {
                let share = from / (from - to)
                result.append(
                    (
                        previous.x + share * (point.x - previous.x),
                        previous.y + share * (point.y - previous.y)
                    )
                )
            }
            if to >= 0 { result.append(point) }
            previous = point
        }
        return result
    }
}

struct ZoneCoverageTests {
    private static let grid = Grid(
        reference: CoordinateReference(wkt: "", name: "test"),
        originX: -50_000,
        originY: 70_000,
        cellSizeMetres: 1000,
        columns: 40,
        rows: 30
    )

    private typealias Vertex = ZonePolygon.Vertex

    /// A vertex from columns and rows of the test grid.
    private static func at(_ column: Double, _ row: Double) -> Vertex {
        let place = grid.world(column: column, row: row)
        return Vertex(x: place.x, y: place.y)
    }

    private static func square(_ column: Double, _ row: Double, size: Double) -> [Vertex] {
        [
            at(column, row), at(column + size, row), at(column + size, row + size),
            at(column, row + size),
        ]
    }

    /// A star-shaped ring with random radii.
    private static func star(
        _ random: inout SeededRandom,
        column: Double,
        row: Double,
        radius: Double,
        count: Int
    ) -> [Vertex] {
        (0..<count).map { index in
            let angle = (Double(index) + 0.8 * random.unit()) / Double(count)
            let turn = 8 * angle
            // A diamond-shaped circle: no trigonometry needed.
            let x = abs(turn.truncatingRemainder(dividingBy: 8) - 4) - 2
            let y = abs((turn + 6).truncatingRemainder(dividingBy: 8) - 4) - 2
            let size = radius * (0.3 + 0.7 * random.unit()) / max(abs(x) + abs(y), 1)
            return at(column + size * x, row + size * y)
        }
    }

    /// A jittered lattice of triangles that covers the grid and more, dealt out to zones.
    private static func partition(seed: UInt64, zoneCount: Int) -> [ZonePolygon] {
        var random = SeededRandom(seed: seed)
        let step = 3.7
        var vertices: [[Vertex]] = []
        for row in 0...12 {
            vertices.append(
                (0...14).map { column in
                    at(
                        (Double(column) - 1.5 + 0.4 * (random.unit() - 0.5)) * step,
                        (Double(row) - 1.5 + 0.4 * (random.unit() - 0.5)) * step
                    )
                }
            )
        }
        var zones = Array(repeating: ZonePolygon(parts: []), count: zoneCount)
        for row in 0..<12 {
            for column in 0..<14 {
                let (a, b) = (vertices[row][column], vertices[row][column + 1])
                let (c, d) = (vertices[row + 1][column], vertices[row + 1][column + 1])
                for triangle in [[a, b, c], [b, d, c]] {
                    let zone = Int.random(in: 0..<zoneCount, using: &random)
                    let ring = Bool.random(using: &random) ? triangle : triangle.reversed()
                    zones[zone].parts.append([ring])
                }
            }
        }
        return zones
    }

    private static func dense(_ zone: [CellFraction], count: Int) -> [Double] {
        var result = [Double](repeating: 0, count: count)
        for cell in zone { result[cell.index] += cell.fraction }
        return result
    }

    @Test(arguments: UInt64(1)...25)
    func `fractions agree with clipping each cell`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let hole = Self.star(&random, column: 20, row: 15, radius: 0.6, count: 7)
        let zone = ZonePolygon(parts: [
            [Self.star(&random, column: 20, row: 15, radius: 12, count: 23), hole],
            [Self.star(&random, column: 38, row: 3, radius: 4, count: 9)],
            [Self.star(&random, column: 3.3, row: 27.6, radius: 0.3, count: 5)],
        ])
        let atlas = try ZoneAtlas(grid: Self.grid, zones: [zone])
        let coverage = atlas.coverage(of: Self.grid.window)
        let fractions = Self.dense(
            try #require(coverage.first).cells,
            count: Self.grid.window.cellCount
        )
        for row in 0..<30 {
            for column in 0..<40 {
                let expected = Clipping.fraction(
                    of: zone,
                    row: row,
                    column: column,
                    grid: Self.grid
                )
                #expect(abs(fractions[row * 40 + column] - expected) < 1e-11)
            }
        }
    }

    @Test(arguments: UInt64(1)...25)
    func `zones that partition the plane sum to 1 in every cell`(seed: UInt64) throws {
        let zones = Self.partition(seed: seed, zoneCount: 7)
        let atlas = try ZoneAtlas(grid: Self.grid, zones: zones)
        var sums = [ExactSum](repeating: ExactSum(), count: Self.grid.window.cellCount)
        for zone in atlas.coverage(of: Self.grid.window) {
            for cell in zone.cells {
                #expect(cell.fraction > 0 && cell.fraction <= 1)
                sums[cell.index].add(cell.fraction)
            }
        }
        #expect(sums.allSatisfy { abs($0.value - 1) < 1e-14 })
    }

    @Test(arguments: UInt64(1)...12)
    func `a cell's fraction does not depend on the window or on other zones`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let zones = Self.partition(seed: seed, zoneCount: 5)
        let atlas = try ZoneAtlas(grid: Self.grid, zones: zones)
        let whole = atlas.coverage(of: Self.grid.window)
        let alone = try ZoneAtlas(grid: Self.grid, zones: [zones[3]])
        #expect(
            alone.coverage(of: Self.grid.window).first?.cells
                == whole.first { $0.zoneIndex == 3 }?.cells
        )
        for _ in 0..<20 {
            let top = Int.random(in: -3..<29, using: &random)
            let left = Int.random(in: -3..<39, using: &random)
            let window = CellWindow(
                rows: top..<(top + Int.random(in: 1...14, using: &random)),
                columns: left..<(left + Int.random(in: 1...14, using: &random))
            )
            var expected: [ZoneCells] = []
            for zone in whole {
                let cells = zone.cells.compactMap { cell -> CellFraction? in
                    let (row, column) = (cell.index / 40, cell.index % 40)
                    guard window.contains(row: row, column: column) else { return nil }
                    return CellFraction(
                        index: window.index(row: row, column: column),
                        fraction: cell.fraction
                    )
                }
                if !cells.isEmpty {
                    expected.append(ZoneCells(zoneIndex: zone.zoneIndex, cells: cells))
                }
            }
            #expect(atlas.coverage(of: window) == expected)
        }
    }

    @Test(arguments: UInt64(1)...25)
    func `the cells of a zone add up to the area of its polygon`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let zone = ZonePolygon(parts: [
            [
                Self.star(&random, column: 20, row: 15, radius: 14, count: 60),
                Self.star(&random, column: 20, row: 15, radius: 0.6, count: 7),
            ]
        ])
        let atlas = try ZoneAtlas(grid: Self.grid, zones: [zone])
        let cells = try #require(atlas.coverage(of: Self.grid.window).first).cells
        let area = ExactSum(cells.map(\.fraction)).value
        #expect(abs(area / atlas.areaInCells(ofZone: 0) - 1) < 1e-12)
        let metres = zone.parts[0].map { ring in
            abs(Clipping.area(of: ring.map { ($0.x + 30_000, $0.y - 55_000) }))
        }
        #expect(abs(atlas.areaKm2(ofZone: 0) / ((metres[0] - metres[1]) / 1e6) - 1) < 1e-12)
        #expect(atlas.shareOutsideGrid(ofZone: 0) == 0)
    }

    @Test func `squares, holes and islands have the fractions of geometry`() throws {
        let zone = ZonePolygon(parts: [
            [
                Self.square(2, 2, size: 4), Self.square(3, 3, size: 2),
            ],
            [Self.square(4, 4, size: 0.5).reversed()],
            [Self.square(10.25, 10.5, size: 0.125) + [Self.at(10.25, 10.5)]],
        ])
        let atlas = try ZoneAtlas(grid: Self.grid, zones: [zone])
        let fractions = Self.dense(
            try #require(atlas.coverage(of: Self.grid.window).first).cells,
            count: 1200
        )
        #expect(fractions[2 * 40 + 2] == 1)
        #expect(fractions[3 * 40 + 3] == 0)
        #expect(fractions[4 * 40 + 4] == 0.25)
        #expect(fractions[10 * 40 + 10] == 0.015625)
        #expect(fractions.reduce(0, +) == 12.265625)
        #expect(atlas.areaInCells(ofZone: 0) == 12.265625)
    }

    @Test func `a zone partly outside the grid tells the share outside`() throws {
        let zones = [
            ZonePolygon(parts: [[Self.square(-1, -1, size: 2)]]),
            ZonePolygon(parts: [[Self.square(-90, 5, size: 1)]]),
            ZonePolygon(parts: [[Self.square(-100, -100, size: 300)]]),
            ZonePolygon(parts: [[Self.square(38, 28, size: 4)]]),
        ]
        let atlas = try ZoneAtlas(grid: Self.grid, zones: zones)
        #expect(atlas.shareOutsideGrid(ofZone: 0) == 0.75)
        #expect(atlas.shareOutsideGrid(ofZone: 1) == 1)
        #expect(atlas.shareOutsideGrid(ofZone: 2) == 1 - 1200.0 / 90_000)
        #expect(atlas.shareOutsideGrid(ofZone: 3) == 0.75)
        let coverage = atlas.coverage(of: Self.grid.window)
        #expect(coverage.map(\.zoneIndex) == [0, 2, 3])
        #expect(coverage[0].cells == [CellFraction(index: 0, fraction: 1)])
        #expect(coverage[1].cells.count == 1200)
        #expect(coverage[1].cells.allSatisfy { $0.fraction == 1 })
    }

    @Test func `degenerate rings cover nothing`() throws {
        let rings: [[ZonePolygon.Vertex]] = [
            [], [Self.at(3, 3)], [Self.at(3, 3), Self.at(9, 9)],
            [Self.at(3, 3), Self.at(9, 9), Self.at(3, 3)],
            [Self.at(1, 1), Self.at(5, 1), Self.at(9, 1)],
        ]
        let zones = rings.map { ZonePolygon(parts: [[$0]]) } + [ZonePolygon(parts: [])]
        let atlas = try ZoneAtlas(grid: Self.grid, zones: zones)
        #expect(atlas.coverage(of: Self.grid.window).isEmpty)
        for index in zones.indices {
            #expect(atlas.areaInCells(ofZone: index) == 0)
            #expect(atlas.shareOutsideGrid(ofZone: index) == 0)
            #expect(atlas.box(ofZone: index) == nil)
        }
    }

    @Test func `a vertex that is not finite or far away is refused by zone`() {
        for vertex in [
            ZonePolygon.Vertex(x: .nan, y: 0), ZonePolygon.Vertex(x: 0, y: .infinity),
            ZonePolygon.Vertex(x: 1e12, y: 0),
        ] {
            let bad = ZonePolygon(parts: [[[Self.at(0, 0), Self.at(1, 0), vertex]]])
            let good = ZonePolygon(parts: [[Self.square(1, 1, size: 1)]])
            #expect {
                try ZoneAtlas(grid: Self.grid, zones: [good, bad])
            } throws: { error in
                (error as? LatticeError)?.code == .coordinateOutOfRange
                    && "\(error)".hasPrefix("zone 1 ")
            }
        }
    }

    @Test func `the largest grid keeps exact areas`() throws {
        let grid = Grid(
            reference: CoordinateReference(wkt: "", name: "test"),
            originX: 0,
            originY: 0,
            cellSizeMetres: 100,
            columns: 1 << 17,
            rows: 1 << 17
        )
        let corner = ZonePolygon.Vertex(x: 199_999 * 100, y: -199_999 * 100)
        let zone = ZonePolygon(parts: [
            [
                [
                    ZonePolygon.Vertex(x: -199_999 * 100, y: 199_999 * 100),
                    ZonePolygon.Vertex(x: 199_999 * 100, y: 199_999 * 100), corner,
                ]
            ]
        ])
        let atlas = try ZoneAtlas(grid: grid, zones: [zone])
        #expect(atlas.areaInCells(ofZone: 0) == 399_998.0 * 399_998 / 2)
        let window = CellWindow(rows: 100_000..<100_002, columns: 99_999..<100_003)
        let cells = atlas.coverage(of: window)[0].cells
        #expect(cells.map(\.fraction) == [0.5, 1, 1, 0.5, 1])
        #expect(cells.map(\.index) == [1, 2, 3, 6, 7])
    }
}
