import Analysis
import CarbonBalance
import Lattice
import Testing
import Tiling

@Suite struct PreparePartialTests {
    private func partial(_ window: CellWindow) -> PreparePartial {
        var partial = PreparePartial(layerCount: 2, pairCount: 1)
        let layers = [TestModel.regridded(window, seed: 1), TestModel.regridded(window, seed: 7)]
        for (index, layer) in layers.enumerated() { partial.add(layer, index: index) }
        partial.addDeficits(emission: layers[0].value, sink: layers[1].value, pair: 0)
        return partial
    }

    @Test func `the sum over tiles is the sum over the whole to the last byte`() throws {
        let grid = TestModel.grid
        let whole = partial(grid.window)
        for size in [1, 3, 4, 5] {
            let layout = TileLayout(grid: grid, tileSizePixels: size)
            var sum = PreparePartial(layerCount: 2, pairCount: 1)
            for tile in layout.tileIDs.reversed() {
                sum.merge(partial(try #require(layout.core(of: tile))))
            }
            #expect(sum.encoded == whole.encoded)
        }
    }

    @Test func `a partial survives its encoding and any cut or surplus is refused`() throws {
        let bytes = partial(TestModel.grid.window).encoded
        #expect(try PreparePartial(encoded: bytes).encoded == bytes)
        for count in 0..<bytes.count {
            #expect(throws: (any Error).self) {
                try PreparePartial(encoded: Array(bytes.prefix(count)))
            }
        }
        #expect(throws: (any Error).self) { try PreparePartial(encoded: bytes + [0]) }
    }

    @Test func `totals weigh each cell by its valid fraction and area`() throws {
        let layer = TestModel.regridded(TestModel.grid.window, seed: 1)
        let totals = partial(TestModel.grid.window).constants(model: TestModel.model).layers[0]
        var expected = 0.0
        for (value, fraction) in zip(layer.value.samples, layer.validFraction.samples) {
            expected += Double(value) * Double(fraction)
        }
        #expect(abs(totals.integral - expected) < 1e-9)
        #expect(totals.name == "emission")
        #expect(
            totals.minimum
                == layer.value.samples.indices.filter {
                    layer.validFraction.samples[$0] > 0
                }.map { Double(layer.value.samples[$0]) }.min()
        )
    }

    @Test func `inhabitants of the known part of a cell weigh a mean, not its density`() throws {
        let window = CellWindow(rows: 0..<1, columns: 0..<2)
        func layer(_ values: [Float], _ valid: [Float]) -> RegriddedLayer {
            RegriddedLayer(
                value: CellBlock(window: window, samples: values),
                validFraction: CellBlock(window: window, samples: valid)
            )
        }
        var partial = PreparePartial(layerCount: 1, pairCount: 0)
        partial.addZones(
            layer([1, 4], [1, 1]),
            index: 0,
            coverage: [
                ZoneCells(
                    zoneIndex: 0,
                    cells: [
                        CellFraction(index: 0, fraction: 1), CellFraction(index: 1, fraction: 1),
                    ]
                )
            ],
            // A hundred a km² inland, ten thousand on the fiftieth of a cell that is land.
            population: layer([100, 10_000], [1, 0.02])
        )
        let mean = try #require(partial.zone(0)[0].figures(cellAreaKm2: 1).populationMean)
        // (100 · 1 + 200 · 4) / 300.
        #expect(abs(mean - 3) < 1e-6)
    }
}
