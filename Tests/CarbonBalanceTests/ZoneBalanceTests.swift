import CarbonBalance
import Lattice
import Testing

struct ZoneBalanceTests {
    private struct Cell {
        var zone: Int
        var fraction: Double
        var e: Float
        var eValid: Float
        var s: Float
        var sValid: Float
        var layer: Float
        var layerValid: Float
    }

    private static func cells(seed: UInt64, count: Int) -> [Cell] {
        var random = SeededRandom(seed: seed)
        return (0..<count).map { _ in
            Cell(
                zone: Int.random(in: 0..<4, using: &random),
                fraction: 1 - random.unit(),
                e: random.unit() < 0.1 ? .nan : Float(random.unit() * 1e5),
                eValid: Float(random.unit()),
                s: random.unit() < 0.1 ? .nan : Float(random.unit() * 1e3 - 100),
                sValid: Float(random.unit()),
                layer: random.unit() < 0.2 ? .nan : Float(random.unit()),
                layerValid: Float(random.unit())
            )
        }
    }

    private static func add(_ cell: Cell, to zone: inout ZoneBalance) {
        zone.add(
            fraction: cell.fraction,
            emission: cell.e,
            emissionValid: cell.eValid,
            sink: cell.s,
            sinkValid: cell.sValid,
            layers: [(cell.layer, cell.layerValid)]
        )
    }

    @Test(arguments: UInt64(1)...10)
    func `a zone's bytes do not depend on how its cells were dealt to tiles`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var cells = Self.cells(seed: seed, count: 200)
        var whole = ZoneBalance(layerCount: 1)
        for cell in cells { Self.add(cell, to: &whole) }
        cells.shuffle(using: &random)
        var parts = Array(repeating: ZoneBalance(layerCount: 1), count: 5)
        for cell in cells { Self.add(cell, to: &parts[Int.random(in: 0..<5, using: &random)]) }
        var merged = ZoneBalance(layerCount: 1)
        for part in parts.shuffled(using: &random) {
            var bytes = part.encoded[...]
            merged.merge(try ZoneBalance(decodingPrefixOf: &bytes, layerCount: 1))
            #expect(bytes.isEmpty)
        }
        #expect(merged == whole)
        #expect(merged.encoded == whole.encoded)
    }

    @Test func `a summary is the sums in kilometres and tonnes`() {
        var zone = ZoneBalance(layerCount: 1)
        zone.add(
            fraction: 1,
            emission: 30,
            emissionValid: 1,
            sink: 10,
            sinkValid: 1,
            layers: [(4, 1)]
        )
        zone.add(
            fraction: 0.5,
            emission: 20,
            emissionValid: 0.5,
            sink: .nan,
            sinkValid: 0,
            layers: [(.nan, 0)]
        )
        let summary = zone.summary(cellAreaKm2: 100)
        #expect(summary.cellCount == 2)
        #expect(summary.coveredAreaKm2 == 150)
        #expect(summary.emissionAreaKm2 == 125)
        #expect(summary.sinkAreaKm2 == 100)
        #expect(summary.emissionTonnes == 3500)
        #expect(summary.sinkTonnes == 1000)
        #expect(summary.layerTotals == [400])
    }

    @Test func `a coast cell counts the inhabitants of its land alone`() {
        var zone = ZoneBalance(layerCount: 1)
        func add(_ fraction: Double, _ layer: (value: Float, valid: Float)) {
            zone.add(
                fraction: fraction,
                emission: 1,
                emissionValid: 1,
                sink: 1,
                sinkValid: 1,
                layers: [layer]
            )
        }
        // 80 persons per km² on the land: a quarter of the cell, half of which lies in the zone.
        add(0.5, (80, 0.25))
        add(1, (8, 1))
        // A value that was dropped, and one of no place.
        add(1, (.nan, 0.5))
        add(1, (5, 0))
        #expect(zone.summary(cellAreaKm2: 100).layerTotals == [1000 + 800])
        #expect(zone.layers[0].coverage.value == 1.125)
        // The table of zone statistics says the same.
        var sums = ZoneLayerSums()
        sums.add(fraction: 0.5, value: 80, validFraction: 0.25, population: nil)
        sums.add(fraction: 1, value: 8, validFraction: 1, population: nil)
        #expect(sums.figures(cellAreaKm2: 100).integral == 1800)
    }

    @Test func `a partial holds the zones and the nation, and merges to the same bytes`() throws {
        let window = CellWindow(rows: 0..<6, columns: 0..<6)
        let values = (0..<36).map { $0 % 7 == 0 ? Float.nan : Float($0) }
        let layer = RegriddedLayer(
            value: CellBlock(window: window, samples: values),
            validFraction: CellBlock(window: window, samples: values.map { $0.isNaN ? 0 : 1 })
        )
        let coverage = [
            ZoneCells(
                zoneIndex: 2,
                cells: (0..<20).map { CellFraction(index: $0, fraction: 0.3) }
            ),
            ZoneCells(zoneIndex: 9, cells: [CellFraction(index: 30, fraction: 1)]),
        ]
        func partial(rows: Range<Int>) -> BalancePartial {
            let part = CellWindow(rows: rows, columns: 0..<6)
            var cut = RegriddedLayer(emptyOver: part, hasWater: false)
            cut.paste(layer)
            let block = BalanceBlock(
                emission: cut,
                sink: cut,
                variants: [.absolute],
                parameters: DeficitParameters()
            )
            let cells = coverage.map { zone in
                ZoneCells(
                    zoneIndex: zone.zoneIndex,
                    cells: zone.cells.compactMap { cell in
                        rows.contains(cell.index / 6)
                            ? CellFraction(
                                index: cell.index - 6 * rows.lowerBound,
                                fraction: cell.fraction
                            ) : nil
                    }
                )
            }
            var partial = BalancePartial()
            partial.add(
                block,
                coverage: cells.filter { !$0.cells.isEmpty },
                deficit: block.bands[0]
            )
            return partial
        }
        let whole = partial(rows: 0..<6)
        var merged = BalancePartial()
        for rows in [4..<6, 0..<1, 1..<4] {
            merged.merge(try BalancePartial(encoded: partial(rows: rows).encoded))
        }
        #expect(merged.encoded == whole.encoded)
        #expect(whole.zoneIndices == [2, 9])
        #expect(whole.zone(9).summary(cellAreaKm2: 2).emissionTonnes == 60)
        #expect(whole.national.count(of: .bothMissing) == 6)
        #expect(whole.national.count(of: .regular) == 30)
        #expect(whole.national.sums.emission.value == Double(630 - 105))
        #expect(whole.national.deficitSizes.median == 0)
        #expect(whole.zone(7) == ZoneBalance())
    }

    @Test(arguments: UInt64(1)...8)
    func `decoding a partial refuses whatever encoding cannot have made`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let window = CellWindow(rows: 0..<1, columns: 0..<3)
        let layer = RegriddedLayer(
            value: CellBlock(window: window, samples: [1.5, 7, 300]),
            validFraction: CellBlock(window: window, filledWith: 1)
        )
        let block = BalanceBlock(
            emission: layer,
            sink: layer,
            variants: [.pressure],
            parameters: DeficitParameters()
        )
        var partial = BalancePartial(layerCount: 1)
        let cells = ZoneCells(zoneIndex: 5, cells: [CellFraction(index: 1, fraction: 0.1)])
        partial.add(block, coverage: [cells], deficit: block.bands[0], layers: [layer])
        let bytes = partial.encoded
        #expect(try BalancePartial(encoded: bytes) == partial)
        for length in 0..<bytes.count {
            #expect(throws: CarbonBalanceError.self) {
                try BalancePartial(encoded: Array(bytes[..<length]))
            }
        }
        for _ in 0..<500 {
            var damaged = bytes
            let place = Int.random(in: 0..<bytes.count, using: &random)
            damaged[place] = UInt8.random(in: 0...255, using: &random)
            guard let read = try? BalancePartial(encoded: damaged) else { continue }
            #expect(read.encoded == damaged)
        }
    }

    @Test(arguments: UInt64(1)...10)
    func `a median is found within its stated resolution, however it was merged`(
        seed: UInt64
    ) throws {
        var random = SeededRandom(seed: seed)
        let values = (0..<1001).map { _ in
            Float((random.unit() - 0.5) * (random.unit() < 0.5 ? 1 : 1e4))
        }
        var whole = MedianSketch()
        var parts = [MedianSketch(), MedianSketch(), MedianSketch()]
        for (index, value) in values.enumerated() {
            whole.add(value)
            parts[index % 3].add(value)
        }
        whole.add(.nan)
        whole.add(-.infinity)
        var merged = MedianSketch()
        for part in parts {
            var bytes = part.encoded[...]
            merged.merge(try MedianSketch(decodingPrefixOf: &bytes))
        }
        #expect(merged == whole)
        #expect(merged.encoded == whole.encoded)
        let exact = Double(values.map(\.magnitude).sorted()[500])
        #expect(abs(try #require(merged.median) / exact - 1) < 0.00025)
        #expect(MedianSketch().median == nil)
    }
}
