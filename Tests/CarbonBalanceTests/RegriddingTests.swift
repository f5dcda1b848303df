import CarbonBalance
import Lattice
import Testing

struct RegriddingTests {
    /// A map whose window's cells are `size` source pixels wide, the first beginning at `origin`.
    private static func map(
        _ window: CellWindow,
        perAxis: Int = 4,
        cellsPerPixel: Double,
        origin: (column: Double, row: Double) = (0, 0)
    ) -> SubpointMap {
        var columns: [Double] = []
        var rows: [Double] = []
        for row in window.rows {
            for column in window.columns {
                for point in 0..<(perAxis * perAxis) {
                    let x = Double(column) + (Double(point % perAxis) + 0.5) / Double(perAxis)
                    let y = Double(row) + (Double(point / perAxis) + 0.5) / Double(perAxis)
                    columns.append(origin.column + x / cellsPerPixel)
                    rows.append(origin.row + y / cellsPerPixel)
                }
            }
        }
        return SubpointMap(window: window, subpointsPerAxis: perAxis, columns: columns, rows: rows)
    }

    private static func source(
        columns: Int,
        rows: Int,
        _ samples: [Double],
        decoding: LayerDecoding = LayerDecoding(),
        areas: [Double]? = nil
    ) -> DecodedSource {
        let window = CellWindow(rows: 0..<rows, columns: 0..<columns)
        return DecodedSource(
            SourceBlock(
                window: window,
                rasterColumns: columns,
                rasterRows: rows,
                samples: samples
            ),
            decoding: decoding,
            pixelAreasKm2: areas
        )
    }

    private static let one = CellWindow(rows: 0..<1, columns: 0..<1)

    @Test func `an urban cell of MOD17 takes up nothing and stays in the study`() {
        // Two pixels of forest at 0.6 kgC, one of town, one of fill.
        let decoding = LayerDecoding(codes: .mod17, scale: 0.0001, unitFactor: 44_000.0 / 12)
        let source = Self.source(
            columns: 2,
            rows: 2,
            [6000, 6000, 32762, 32767],
            decoding: decoding
        )
        let layer = Regridding.layer(
            Self.map(Self.one, cellsPerPixel: 0.5),
            from: source,
            rule: .mean
        )
        let forest = 6000 * 0.0001 * (44_000.0 / 12)
        #expect(abs(Double(layer.value.samples[0]) - forest * 2 / 3) < 1e-3)
        #expect(layer.validFraction.samples == [0.75])
        #expect(layer.waterFraction?.samples == [0])
        let town = Self.source(columns: 1, rows: 1, [32762], decoding: decoding)
        let city = Regridding.layer(Self.map(Self.one, cellsPerPixel: 1), from: town, rule: .mean)
        #expect(city.value.samples == [0])
        #expect(city.validFraction.samples == [1])
    }

    @Test func `water is zero or nodata by policy, and counted`() {
        for policy in WaterPolicy.allCases {
            let decoding = LayerDecoding(codes: .mod17, scale: 1, waterPolicy: policy)
            let source = Self.source(columns: 2, rows: 1, [32766, 8], decoding: decoding)
            let map = Self.map(Self.one, cellsPerPixel: 0.5, origin: (0, -0.25))
            // The lower half of the cell hangs over the raster's southern edge, the upper over the other.
            let layer = Regridding.layer(map, from: source, rule: .mean)
            #expect(layer.waterFraction?.samples == [0.5])
            #expect(layer.value.samples == [policy == .zeroSink ? 4 : 8])
            #expect(layer.validFraction.samples == [policy == .zeroSink ? 0.5 : 0.25])
        }
    }

    @Test func `a total becomes a density by the area of its pixels' row`() {
        let source = Self.source(columns: 2, rows: 2, [10, 10, 10, 10], areas: [2, 5])
        let window = CellWindow(rows: 0..<2, columns: 0..<2)
        let layer = Regridding.layer(
            Self.map(window, cellsPerPixel: 1),
            from: source,
            rule: .mean
        )
        #expect(layer.value.samples == [5, 5, 2, 2])
    }

    @Test func `scale and offset come before the unit, and codes before both`() throws {
        let codes = try SpecialCodes([(-9, .nodata), (-8, .value(3))])
        let decoding = LayerDecoding(codes: codes, scale: 0.5, offset: 1, unitFactor: 100)
        let source = Self.source(columns: 4, rows: 1, [4, -9, -8, .nan], decoding: decoding)
        let window = CellWindow(rows: 0..<1, columns: 0..<4)
        let layer = Regridding.layer(Self.map(window, cellsPerPixel: 1), from: source, rule: .mean)
        #expect(
            layer.value == CellBlock(window: window, samples: [300, .nan, 300, .nan])
        )
        #expect(layer.validFraction.samples == [1, 0, 1, 0])
        #expect(layer.waterFraction == nil)
    }

    @Test func `regridding a coarser source keeps its mass`() {
        var random = SeededRandom(seed: 11)
        let samples = (0..<25).map { _ in random.unit() * 100 }
        let source = Self.source(columns: 5, rows: 5, samples)
        let window = CellWindow(rows: 0..<20, columns: 0..<20)
        let layer = Regridding.layer(Self.map(window, cellsPerPixel: 4), from: source, rule: .mean)
        let mass = layer.value.samples.reduce(0) { $0 + Double($1) }
        #expect(abs(mass / (16 * samples.reduce(0, +)) - 1) < 1e-7)
    }

    @Test func `a mean over finer pixels is their area-weighted mean`() {
        let samples = (0..<64).map(Double.init)
        let layer = Regridding.layer(
            Self.map(Self.one, perAxis: 16, cellsPerPixel: 0.125),
            from: Self.source(columns: 8, rows: 8, samples),
            rule: .mean
        )
        #expect(layer.value.samples == [31.5])
    }

    @Test func `bilinear reproduces a plane and neither reaches into nor past nodata`() {
        func plane(column: Double, row: Double) -> Double { 3 * column - 2 * row }
        let samples = (0..<36).map { plane(column: Double($0 % 6), row: Double($0 / 6)) }
        let window = CellWindow(rows: 4..<20, columns: 4..<20)
        let map = Self.map(window, cellsPerPixel: 4)
        let layer = Regridding.layer(
            map,
            from: Self.source(columns: 6, rows: 6, samples),
            rule: .bilinear
        )
        for row in window.rows {
            for column in window.columns {
                let expected = plane(
                    column: (Double(column) + 0.5) / 4 - 0.5,
                    row: (Double(row) + 0.5) / 4 - 0.5
                )
                #expect(abs(Double(layer.value[row, column]) - expected) < 1e-6)
            }
        }
        var holed = samples
        holed[14] = .nan
        let partly = Regridding.layer(
            map,
            from: Self.source(columns: 6, rows: 6, holed),
            rule: .bilinear
        )
        for row in 8..<12 {
            for column in 8..<12 {
                #expect(partly.value[row, column].isNaN)
                #expect(partly.validFraction[row, column] == 0)
            }
        }
        #expect(partly.value[7, 7].isFinite)
        #expect(partly.value[12, 9] < 10)
    }

    @Test func `classes become fractions and modes of the valid part`() {
        let source = Self.source(columns: 4, rows: 2, [1, 2, 2, 3, 1, 5, 5, .nan])
        let map = Self.map(Self.one, perAxis: 8, cellsPerPixel: 0.25, origin: (0, -1))
        let fractions = Regridding.layer(map, from: source, rule: .classFraction([2, 5]))
        #expect(fractions.value.samples == [Float(4.0 / 7)])
        #expect(fractions.validFraction.samples == [0.4375])
        #expect(Regridding.layer(map, from: source, rule: .mode).value.samples == [1])
    }

    @Test(arguments: UInt64(1)...6)
    func `a cell's result depends on neither the window nor the block`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let size = 40
        let samples = (0..<(size * size)).map { _ in
            random.unit() < 0.2 ? Double.nan : random.unit() * 1000
        }
        let whole = Self.source(columns: size, rows: size, samples)
        let window = CellWindow(rows: 0..<24, columns: 0..<24)
        let rules: [ResamplingRule] = [.mean, .bilinear, .classFraction([1]), .mode]
        for rule in rules {
            let expected = Regridding.layer(
                Self.map(window, cellsPerPixel: 0.63, origin: (0.7, 0.4)),
                from: whole,
                rule: rule
            )
            var mosaic = RegriddedLayer(emptyOver: window, hasWater: false)
            for top in stride(from: 0, to: 24, by: 7) {
                let strip = CellWindow(rows: top..<min(24, top + 7), columns: 0..<24)
                let map = Self.map(strip, cellsPerPixel: 0.63, origin: (0.7, 0.4))
                let needed = try #require(
                    map.sourceWindow(
                        rasterColumns: size,
                        rasterRows: size,
                        margin: rule.sourceMargin
                    )
                )
                let block = SourceBlock(
                    window: needed,
                    rasterColumns: size,
                    rasterRows: size,
                    samples: needed.rows.flatMap { row in
                        needed.columns.map { samples[row * size + $0] }
                    }
                )
                mosaic.paste(
                    Regridding.layer(
                        map,
                        from: DecodedSource(block, decoding: LayerDecoding()),
                        rule: rule
                    )
                )
            }
            #expect(mosaic == expected)
        }
    }

    @Test func `sub-points follow the source's pixels within limits`() {
        #expect(SubpointMap.perAxis(cellSizeMetres: 1000, sourcePixelMetres: 11_000) == 4)
        #expect(SubpointMap.perAxis(cellSizeMetres: 1000, sourcePixelMetres: 463) == 5)
        #expect(SubpointMap.perAxis(cellSizeMetres: 10_000, sourcePixelMetres: 1000) == 20)
        #expect(SubpointMap.perAxis(cellSizeMetres: 10_000, sourcePixelMetres: 30) == 667)
        #expect(SubpointMap.perAxis(cellSizeMetres: 45_000, sourcePixelMetres: 30) == 1024)
        #expect(SubpointMap.sampledShare(cellSizeMetres: 10_000, sourcePixelMetres: 30) == 1)
        // 1024 of 4096 along each edge.
        #expect(SubpointMap.sampledShare(cellSizeMetres: 4096, sourcePixelMetres: 1) == 0.0625)
    }

    @Test func `a cell finer than a strip is a strip of its own`() {
        let cells = CellWindow(rows: 2..<5, columns: 7..<9)
        let strips = SubpointMap.strips(of: cells, subpointsPerAxis: 667)
        #expect(strips.count == 6 && strips.allSatisfy { $0.cellCount == 1 })
    }

    @Test(arguments: [4, 20, 64])
    func `strips are small and cover each cell once`(perAxis: Int) {
        let cells = CellWindow(rows: 7..<40, columns: 3..<900)
        let strips = SubpointMap.strips(of: cells, subpointsPerAxis: perAxis)
        #expect(strips.allSatisfy { $0.cellCount * perAxis * perAxis <= 1 << 16 })
        let covered = strips.flatMap { strip in
            strip.rows.flatMap { row in strip.columns.map { cells.index(row: row, column: $0) } }
        }
        #expect(covered.sorted() == Array(0..<cells.cellCount))
    }

    @Test func `a map off the raster reads nothing`() {
        let map = Self.map(Self.one, cellsPerPixel: 1, origin: (-7, 0))
        #expect(map.sourceWindow(rasterColumns: 5, rasterRows: 5, margin: 1) == nil)
        let layer = Regridding.layer(map, from: Self.source(columns: 1, rows: 1, [3]), rule: .mean)
        #expect(layer.value.samples[0].isNaN)
        #expect(layer.validFraction.samples == [0])
    }

    @Test func `a covariate's partly valid cells can be masked`() {
        let window = CellWindow(rows: 0..<1, columns: 0..<2)
        let layer = RegriddedLayer(
            value: CellBlock(window: window, samples: [1, 2]),
            validFraction: CellBlock(window: window, samples: [0.5, 0.4375])
        )
        #expect(
            layer.value(whereValidFractionAtLeast: 0.5)
                == CellBlock(window: window, samples: [1, .nan])
        )
    }

    @Test func `codes that contradict themselves are refused`() throws {
        #expect(throws: CarbonBalanceError.self) { try SpecialCodes([(1, .nodata), (1, .water)]) }
        #expect(throws: CarbonBalanceError.self) { try SpecialCodes([(.nan, .nodata)]) }
        #expect(throws: CarbonBalanceError.self) { try SpecialCodes([(3, .value(.infinity))]) }
        #expect(throws: CarbonBalanceError.self) {
            try SpecialCodes.meaning(of: "5", written: "urban")
        }
        #expect(throws: CarbonBalanceError.self) {
            try SpecialCodes.meaning(of: "five", written: "0")
        }
        #expect(try SpecialCodes.meaning(of: "32766", written: "water").meaning == .water)
        #expect(try SpecialCodes.meaning(of: "7", written: "0.5").meaning == .value(0.5))
        #expect(SpecialCodes.mod17[32762] == .value(0))
        #expect(SpecialCodes.mod17[32763] == .nodata)
        #expect(SpecialCodes.mod17[32700] == nil)
        #expect(SpecialCodes.mod17[.nan] == nil)
    }

    @Test func `a map of water and codes of water tell together`() throws {
        let window = CellWindow(rows: 0..<1, columns: 0..<5)
        func block(_ samples: [Float]) -> CellBlock { CellBlock(window: window, samples: samples) }
        var layer = RegriddedLayer(emptyOver: window, hasWater: false)
        #expect(layer.waterFraction(with: nil) == nil)
        let mapped = block([.nan, 0.25, 1, 0, .nan])
        #expect(layer.waterFraction(with: mapped)?.samples[1] == 0.25)
        layer.waterFraction = block([1, 0.5, 0, .nan, .nan])
        #expect(layer.waterFraction(with: nil)?.samples[1] == 0.5)
        let both = try #require(layer.waterFraction(with: mapped)).samples
        #expect(Array(both[..<4]) == [1, 0.5, 1, 0])
        #expect(both[4].isNaN)
    }
}
