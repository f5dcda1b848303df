import Analysis
import CarbonBalance
import Foundation
import Lattice
import RasterIO
import Testing

@testable import Publishing

@Suite struct ClosureTests {
    /// Writes a source raster on the grid's projection with cells of its own size, one value.
    private func writeSource(
        _ run: RunFixture,
        cellSizeMetres: Double,
        value: (_ row: Int, _ column: Int) -> Float
    ) throws -> String {
        let grid = Grid(
            reference: run.input.model.grid.reference,
            originX: -700_000,
            originY: 4_600_000,
            cellSizeMetres: cellSizeMetres,
            columns: Int(1_800_000 / cellSizeMetres),
            rows: Int(1_200_000 / cellSizeMetres)
        )
        let window = grid.window
        var block = CellBlock(window: window)
        for row in window.rows {
            for column in window.columns { block[row, column] = value(row, column) }
        }
        let path = run.path("source.tif")
        _ = try TileWriter.write(
            to: path,
            grid: grid,
            bands: [TileBand(name: "value", block: block)]
        )
        return path
    }

    private func report(
        _ run: RunFixture,
        path: String,
        change: (inout LayerModel) -> Void = { _ in }
    ) throws -> ClosureReport.Layer {
        var model = run.input.model
        model.layers[0].paths = [path]
        change(&model.layers[0])
        let totals = LayerTotals(
            name: "emission",
            cellCount: 1,
            validAreaKm2: 1,
            integral: 1.3e6,
            minimum: nil,
            maximum: nil
        )
        let check = try ClosureCheck(
            directory: run.directory,
            model: model,
            zones: run.input.zones
        )
        let report = check.report(
            prepare: PrepareConstants(layers: [totals, totals], deficitScales: [1]),
            balance: try #require(run.input.balance),
            isComplete: true
        )
        return try #require(report.layers.first)
    }

    @Test func `a constant density sums to the grid's area, whatever the source's cells`() throws {
        let run = try RunFixture()
        defer { run.remove() }
        for cellSize in [25_000.0, 7_500] {
            let path = try writeSource(run, cellSizeMetres: cellSize) { _, _ in 2 }
            let layer = try report(run, path: path)
            // The grid measures 1300 km by 1000 km.
            let total = try #require(layer.sourceTotal)
            #expect(abs(total / 2.6e6 - 1) < 1e-9)
            #expect(abs((layer.difference ?? 0) + 0.5) < 1e-9)
        }
    }

    @Test func `a total per pixel is not multiplied by the pixel's area`() throws {
        let run = try RunFixture()
        defer { run.remove() }
        let path = try writeSource(run, cellSizeMetres: 20_000) { _, _ in 400 }
        let layer = try report(run, path: path) { $0.quantity = .total }
        // 400 in 400 km² is 1 per km².
        #expect(abs(try #require(layer.sourceTotal) / 1.3e6 - 1) < 1e-9)
    }

    @Test func `codes, nodata, scale and unit are those of the layer`() throws {
        let run = try RunFixture()
        defer { run.remove() }
        let path = try writeSource(run, cellSizeMetres: 50_000) { row, column in
            switch (row + column) % 4 {
            case 0: 10
            case 1: 32_762
            case 2: 32_766
            default: -9999
            }
        }
        let layer = try report(run, path: path) { layer in
            layer.nodata = [-9999]
            layer.scale = 0.1
            layer.unitFactor = 3
            layer.codes = [
                LayerCode(code: 32_762, value: 5, isWater: false),
                LayerCode(code: 32_766, value: nil, isWater: true),
            ]
        }
        // A quarter each of 3, 15, 0 (water) and nothing; the grid is 26 by 20 such pixels.
        let expected = 1.3e6 / 4 * 18
        #expect(abs(try #require(layer.sourceTotal) / expected - 1) < 1e-9)
    }

    @Test(arguments: [(LayerCombination.sum, 3.0), (.mean, 1.5)])
    func `several files close by the rule that combines them`(
        rule: LayerCombination,
        expected: Double
    ) throws {
        let run = try RunFixture()
        defer { run.remove() }
        let first = try writeSource(run, cellSizeMetres: 25_000) { _, _ in 1 }
        let second = run.path("second.tif")
        try FileManager.default.moveItem(atPath: first, toPath: second)
        let path = try writeSource(run, cellSizeMetres: 50_000) { _, _ in 2 }
        let layer = try report(run, path: path) { layer in
            layer.paths = [second, path]
            layer.combination = rule
        }
        #expect(layer.skipped == nil)
        #expect(abs(try #require(layer.sourceTotal) / (1.3e6 * expected) - 1) < 1e-9)
    }

    @Test func `several bands close as several files`() throws {
        let run = try RunFixture()
        defer { run.remove() }
        let path = try writeSource(run, cellSizeMetres: 25_000) { _, _ in 2 }
        let layer = try report(run, path: path) { layer in
            layer.reading.furtherBands = [1, 1]
            layer.combination = .sum
        }
        #expect(abs(try #require(layer.sourceTotal) / (1.3e6 * 6) - 1) < 1e-9)
    }

    @Test func `sheets that overlap are not summed`() throws {
        let run = try RunFixture()
        defer { run.remove() }
        let path = try writeSource(run, cellSizeMetres: 25_000) { _, _ in 2 }
        let layer = try report(run, path: path) { layer in
            layer.paths = [path, path]
            layer.combination = .mosaic
        }
        #expect(layer.sourceTotal == nil)
        #expect(layer.skipped?.hasPrefix("sheets overlap") == true)
    }

    @Test func `zones are compared by exact coverage`() throws {
        let run = try RunFixture()
        defer { run.remove() }
        let path = try writeSource(run, cellSizeMetres: 25_000) { _, _ in 1 }
        let layer = try report(run, path: path)
        let zones = try #require(layer.zones)
        // The third zone reaches out of the grid: its sums cannot be compared.
        #expect(zones.count == 2)
        let figures = try #require(run.input.balance?.pairs[0].zones)
        let areas = [450.0 * 890, 447.5 * 890]
        let differences = zip(figures, areas).map { abs($0.emission / $1 - 1) }
        #expect(abs(zones.worst - differences[1]) < 1e-9 * differences[1])
        #expect(zones.worstZone == "02")
        #expect(layer.largeZones?.count == 2)
    }

    @Test func `longitudes beyond 180 degrees are found`() throws {
        let run = try RunFixture()
        defer { run.remove() }
        let reference = try ReferenceParser.parse("EPSG:4326")
        let affine = try #require(GeoTransform(coefficients: [-280, 1, 0, 60, 0, -1]))
        let description = RasterDescription(
            path: "turned",
            driver: "memory",
            columns: 360,
            rows: 60,
            affine: affine,
            reference: reference,
            isGeographic: true,
            unitSize: .pi / 180,
            bands: []
        )
        let atlas = try SourceAtlas(
            grid: run.input.model.grid,
            features: [],
            description: description,
            reference: reference
        )
        // 105°E is −255° there: column 25.
        let window = try #require(atlas.window)
        #expect(window.columns.contains(25))
        #expect(window.columnCount < 30)
    }

    @Test func `what cannot be compared says why`() throws {
        let run = try RunFixture()
        defer { run.remove() }
        let missing = try report(run, path: run.path("nowhere.tif"))
        #expect(missing.skipped?.contains("nowhere.tif") == true)
        #expect(missing.sourceTotal == nil)
        let several = try report(run, path: "a.tif") { $0.paths = ["a.tif", "b.tif"] }
        #expect(several.skipped?.contains("a.tif") == true)
        let none = try report(run, path: "a.tif") { $0.paths = [] }
        #expect(none.skipped == "no raster is read for the layer")
    }

    @Test func `a spread knows its median, its tail and its worst`() throws {
        let differences = (1...100).map { (zone: "z\($0)", difference: Double($0) * -1e-4) }
        let zones = try #require(ClosureReport.Zones(differences))
        #expect(zones.count == 100)
        #expect(abs(zones.median - 50.5e-4) < 1e-12)
        #expect(zones.worstZone == "z100")
        #expect(zones.countAbove1e3 == 90)
        #expect(zones.countAbove1e2 == 0)
        #expect(ClosureReport.Zones([]) == nil)
    }
}
