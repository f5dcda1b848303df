import CarbonBalance
import Lattice
import Testing

/// How the files of a layer become one, cell by cell.
struct LayerCombinerTests {
    private static let window = CellWindow(rows: 0..<1, columns: 0..<4)

    private func layer(
        _ values: [Float],
        valid: [Float],
        water: [Float]? = nil,
        known: [Float]? = nil
    ) -> RegriddedLayer {
        func block(_ samples: [Float]) -> CellBlock {
            CellBlock(window: Self.window, samples: samples)
        }
        return RegriddedLayer(
            value: block(values),
            validFraction: block(valid),
            waterFraction: water.map(block),
            knownFraction: known.map(block)
        )
    }

    private func expect(_ found: CellBlock?, _ expected: [Float]) {
        for (one, other) in zip(found?.samples ?? [], expected) {
            let isEqual = one.isNaN ? other.isNaN : abs(one - other) < 1e-6
            #expect(isEqual, "\(found?.samples ?? []), not \(expected)")
        }
        #expect(found?.samples.count == expected.count)
    }

    @Test(arguments: [(LayerCombination.sum, Float(1)), (.mean, 0.5)])
    func `amounts add up and measurements are averaged where every file has a value`(
        rule: LayerCombination,
        factor: Float
    ) {
        let first = layer(
            [3, 5, .nan, 7],
            valid: [1, 0.5, 0, 0.25],
            water: [0, 0.5, .nan, 0.2],
            known: [1, 1, 0, 1]
        )
        let second = layer(
            [1, 2, 4, 8],
            valid: [1, 0.75, 1, 0.5],
            water: [0, 0.25, 0, 0.4],
            known: [1, 1, 1, 1]
        )
        let found = LayerCombiner.combine([first, second], rule: rule)
        expect(found.value, [4 * factor, 7 * factor, .nan, 15 * factor])
        expect(found.validFraction, [1, 0.5, 0, 0.25])
        // Water in one of the files is water.
        expect(found.waterFraction, [0, 0.5, 0, 0.4])
    }

    @Test func `sheets share a cell by what they know of it, water as well as values`() {
        // Half land at 8 beside half water without a value; three quarters beside a quarter, half of it wet.
        let west = layer(
            [.nan, 2, 3, .nan],
            valid: [0, 0.75, 1, 0],
            water: [1, 0, 0, .nan],
            known: [0.5, 0.75, 1, 0]
        )
        let east = layer(
            [8, 6, .nan, .nan],
            valid: [0.5, 0.125, 0, 0],
            water: [0, 0.5, .nan, .nan],
            known: [0.5, 0.25, 0, 0]
        )
        for sheets in [[west, east], [east, west]] {
            let found = LayerCombiner.combine(sheets, rule: .mosaic)
            // (0.75 · 2 + 0.125 · 6) / 0.875 = 18/7.
            expect(found.value, [8, 18.0 / 7, 3, .nan])
            expect(found.validFraction, [0.5, 0.875, 1, 0])
            expect(found.waterFraction, [0.5, 0.125, 0, .nan])
        }
    }

    @Test func `of sheets that overlap the later one counts, and the other with what it leaves`() {
        let first = layer([2, 2, 2, 2], valid: [1, 1, 0.75, 0.25])
        let second = layer([10, 10, 10, 10], valid: [1, 0.25, 0.75, 0.5])
        let found = LayerCombiner.combine([first, second], rule: .mosaic)
        // 0.25 · 10 + 0.75 · 2 = 4; likewise 8; (0.5 · 10 + 0.25 · 2) / 0.75 = 22/3.
        expect(found.value, [10, 4, 8, 22.0 / 3])
        expect(found.validFraction, [1, 1, 1, 0.75])
        #expect(found.waterFraction == nil)
        let turned = LayerCombiner.combine([second, first], rule: .mosaic)
        // 2; 2; 0.75 · 2 + 0.25 · 10 = 4; the same as before.
        expect(turned.value, [2, 2, 4, 22.0 / 3])
    }

    @Test func `the later sheet's water hides the value below it`() {
        let below = layer(
            [4, 4, 4, 4],
            valid: [1, 1, 1, 1],
            water: [0, 0, 0, 0],
            known: [1, 1, 1, 1]
        )
        // Masked water over all, half and none of the cell; the last cell knows nothing.
        let above = layer(
            [.nan, 6, 6, .nan],
            valid: [0, 0.5, 1, 0],
            water: [1, 0.5, 0, .nan],
            known: [1, 1, 1, 0]
        )
        let found = LayerCombiner.combine([below, above], rule: .mosaic)
        expect(found.value, [.nan, 6, 6, 4])
        expect(found.validFraction, [0, 0.5, 1, 1])
        expect(found.waterFraction, [1, 0.5, 0, 0])
    }

    @Test func `the mean of twelve months is a twelfth of their sum, in any order`() {
        var random = SeededRandom(seed: 12)
        let months = (0..<12).map { _ in
            layer((0..<4).map { _ in Float(random.unit() * 100) }, valid: [1, 1, 1, 0.5])
        }
        let sum = LayerCombiner.combine(months, rule: .sum)
        let mean = LayerCombiner.combine(months.reversed(), rule: .mean)
        for cell in 0..<4 {
            #expect(abs(sum.value.samples[cell] / (12 * mean.value.samples[cell]) - 1) < 1e-6)
        }
        #expect(sum.validFraction == mean.validFraction)
    }
}
