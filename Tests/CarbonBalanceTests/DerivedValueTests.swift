import CarbonBalance
import Foundation
import Lattice
import Testing

struct DerivedValueTests {
    /// Maps each cell of a window onto the source pixel of its place.
    private func map(_ window: CellWindow) -> SubpointMap {
        let cells = window.rows.flatMap { row in window.columns.map { (row, $0) } }
        return SubpointMap(
            window: window,
            subpointsPerAxis: 1,
            columns: cells.map { Double($0.1) + 0.5 },
            rows: cells.map { Double($0.0) + 0.5 }
        )
    }

    private func source(
        _ window: CellWindow,
        _ raster: CellWindow,
        height: (_ row: Int, _ column: Int) -> Double
    ) -> DecodedSource {
        DecodedSource(
            SourceBlock(
                window: window,
                rasterColumns: raster.columnCount,
                rasterRows: raster.rowCount,
                samples: window.rows.flatMap { row in window.columns.map { height(row, $0) } }
            ),
            decoding: LayerDecoding()
        )
    }

    private func spacing(_ window: CellWindow, _ east: Double, _ north: Double) -> PixelSpacing {
        .rows(
            eastwardMetres: window.rows.map { _ in east },
            northwardMetres: window.rows.map { _ in north }
        )
    }

    @Test func `a plane has its slope and its aspect everywhere but on the raster's edge`() {
        let raster = CellWindow(rows: 0..<9, columns: 0..<11)
        // Rises 3 m in 100 m eastward and 4 m in 50 m northward: rows run southward.
        let plane = source(raster, raster) { row, column in 3 * Double(column) - 4 * Double(row) }
        let steepness = (0.03 * 0.03 + 0.08 * 0.08).squareRoot()
        let slope = plane.terrain(.slope, spacing: spacing(raster, 100, -50))
        let layer = Regridding.layer(map(raster), from: slope, rule: .mean)
        for row in 0..<9 {
            for column in 0..<11 {
                let cell = raster.index(row: row, column: column)
                guard (1..<8).contains(row), (1..<10).contains(column) else {
                    #expect(layer.value.samples[cell].isNaN)
                    continue
                }
                let expected = Float(atan(steepness) * 180 / .pi)
                #expect(abs(layer.value.samples[cell] - expected) < 1e-6)
            }
        }
        // The ground falls to the south-west.
        for (component, expected) in [(DirectionComponent.sine, -0.03), (.cosine, -0.08)] {
            let aspect = plane.terrain(.aspect(component), spacing: spacing(raster, 100, -50))
            let value = Regridding.layer(map(raster), from: aspect, rule: .mean).value.samples[
                raster.index(row: 4, column: 5)
            ]
            #expect(abs(Double(value) - expected / steepness) < 1e-6)
        }
    }

    @Test func `slopes do not depend on how the source is cut`() {
        let raster = CellWindow(rows: 0..<24, columns: 0..<24)
        let height: (Int, Int) -> Double = { row, column in
            (row, column) == (13, 6) ? .nan : Double((row * 37 + column * 91) % 101)
        }
        let whole = Regridding.layer(
            map(raster),
            from: source(raster, raster, height: height)
                .terrain(.slope, spacing: spacing(raster, 30, -30)),
            rule: .bilinear
        )
        for row in stride(from: 0, to: 24, by: 6) {
            for column in stride(from: 0, to: 24, by: 8) {
                let window = CellWindow(rows: row..<(row + 6), columns: column..<(column + 8))
                guard let block = window.outset(by: 2).intersection(raster) else { continue }
                let part = Regridding.layer(
                    map(window),
                    from: source(block, raster, height: height)
                        .terrain(.slope, spacing: spacing(block, 30, -30)),
                    rule: .bilinear
                )
                for cell in 0..<window.cellCount {
                    let place = raster.index(row: row + cell / 8, column: column + cell % 8)
                    #expect(
                        part.value.samples[cell].bitPattern
                            == whole.value.samples[place].bitPattern
                    )
                }
            }
        }
    }

    @Test func `the mean of directions around north is north`() {
        let window = CellWindow(rows: 0..<1, columns: 0..<2)
        let source = source(window, window) { _, column in column == 0 ? 350 : 10 }
        let map = SubpointMap(
            window: CellWindow(rows: 0..<1, columns: 0..<1),
            subpointsPerAxis: 2,
            columns: [0.25, 0.75, 1.25, 1.75],
            rows: [0.5, 0.5, 0.5, 0.5]
        )
        let north = Regridding.layer(
            map,
            from: source.component(.cosine, degreesPerUnit: 1),
            rule: .mean
        )
        let east = Regridding.layer(
            map,
            from: source.component(.sine, degreesPerUnit: 1),
            rule: .mean
        )
        #expect(abs(Double(north.value.samples[0]) - cos(10 * Double.pi / 180)) < 1e-7)
        #expect(abs(east.value.samples[0]) < 1e-9)
    }

    @Test func `operations combine what is stored and refuse to divide by nothing`() {
        let window = CellWindow(rows: 0..<1, columns: 0..<3)
        func layer(_ values: [Float], _ fractions: [Float]) -> RegriddedLayer {
            RegriddedLayer(
                value: CellBlock(window: window, samples: values),
                validFraction: CellBlock(window: window, samples: fractions)
            )
        }
        let first = layer([6, 1, .nan], [1, 1, 0])
        let second = layer([4, 0, 2], [0.5, 1, 1])
        let expected: [(LayerOperation, [Float])] = [
            (.product, [24, 0]), (.ratio, [1.5, .nan]), (.sum, [10, 1]), (.difference, [2, 1]),
        ]
        for (operation, values) in expected {
            let result = operation.layer(of: [first, second])
            for cell in 0..<2 {
                let found = result.value.samples[cell]
                #expect(found == values[cell] || (found.isNaN && values[cell].isNaN))
            }
            #expect(result.validFraction.samples[0] == 0.5)
            #expect(result.value.samples[2].isNaN && result.validFraction.samples[2] == 0)
        }
    }

    @Test func `the sums of a zone's layer merge to the same bytes in any order`() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededRandom(seed: seed)
        var whole = ZoneLayerSums()
        var parts = (0..<5).map { _ in ZoneLayerSums() }
        var values: [(weight: Double, value: Double)] = []
        for index in 0..<500 {
            let fraction = Double.random(in: 0.001...1, using: &random)
            let value = Float.random(in: -50...900, using: &random)
            let valid = Float.random(in: 0.1...1, using: &random)
            values.append((fraction, Double(value)))
            whole.add(fraction: fraction, value: value, validFraction: valid, population: 3)
            parts[index % 5].add(
                fraction: fraction,
                value: value,
                validFraction: valid,
                population: 3
            )
        }
        var merged = ZoneLayerSums()
        for part in parts.reversed() { merged.merge(part) }
        #expect(merged.encoded == whole.encoded, "seed \(seed)")
        var bytes = whole.encoded[...]
        #expect(try ZoneLayerSums(decodingPrefixOf: &bytes).encoded == whole.encoded)
        #expect(bytes.isEmpty)

        let figures = whole.figures(cellAreaKm2: 100)
        let weight = values.reduce(0) { $0 + $1.weight }
        let mean = values.reduce(0) { $0 + $1.weight * $1.value } / weight
        let variance =
            values.reduce(0) { $0 + $1.weight * ($1.value - mean) * ($1.value - mean) } / weight
        #expect(abs((figures.mean ?? .nan) / mean - 1) < 1e-12, "seed \(seed)")
        #expect(abs((figures.variance ?? .nan) / variance - 1) < 1e-10, "seed \(seed)")
        #expect(figures.populationMean.map { abs($0 / mean - 1) < 1e-12 } == true)
        #expect(figures.minimum == values.map(\.value).min())
    }

    @Test func `coefficients of zones compare shares of national sums`() {
        let found = ZoneVariant.coefficients(of: [10, 30, nil, 5], emissions: [20, 20, 7, 0])
        // Sums 45 and 40 over the zones where both are known.
        #expect(found[0].map { abs($0 - (10.0 / 45) / 0.5) < 1e-15 } == true)
        #expect(found[1].map { abs($0 - (30.0 / 45) / 0.5) < 1e-15 } == true)
        #expect(found[2] == nil && found[3] == nil)
    }

    @Test func `a population in ten thousands is named as such`() throws {
        let warning = try #require(Plausibility.check(.population, nationalTotal: 1.4e5))
        #expect(try #require(warning.likelySlip).contains("ten thousands"))
        #expect("\(warning)".contains("1.4e5 persons"))
        #expect(Plausibility.check(.population, nationalTotal: 1.41e9) == nil)
    }
}
