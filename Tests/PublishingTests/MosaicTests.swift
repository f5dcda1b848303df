import CarbonBalance
import Foundation
import Lattice
import RasterIO
import RunStore
import Testing
import Tiling

@testable import Publishing

@Suite struct MosaicTests {
    /// The samples of all bands of a raster, in order.
    private func samples(_ path: String) throws -> [[UInt64]] {
        let dataset = try RasterDataset(path: path)
        return try (1...dataset.description.bandCount).map { band in
            try dataset.read(dataset.description.window, band: band).samples.map { sample in
                sample.isNaN ? UInt64.max : sample.bitPattern
            }
        }
    }

    @Test func `pixels and tables do not depend on the tile size`() throws {
        var rasters: [[[UInt64]]] = []
        var tables: [String] = []
        for size in [64, 100, 130] {
            let run = try RunFixture(RunFixture.Options(tileSize: size))
            defer { run.remove() }
            _ = try Publisher().publish(run.input)
            rasters.append(
                try samples(run.path("mosaic/deficit.tif"))
                    + samples(run.path("mosaic/status.tif"))
            )
            tables.append(try run.text("tables/cities.csv"))
        }
        #expect(rasters[0] == rasters[1])
        #expect(rasters[0] == rasters[2])
        #expect(rasters[0].count == 4 + 4 + 2)
        #expect(tables[0] == tables[1])
        #expect(tables[0] == tables[2])
    }

    @Test func `bands carry name, unit, nodata, statistics and formula`() throws {
        let run = try RunFixture(RunFixture.Options(sink: .npp, isProxy: true))
        defer { run.remove() }
        _ = try Publisher().publish(run.input)
        let dataset = try RasterDataset(path: run.path("mosaic/deficit.tif"))
        let bands = dataset.description.bands
        #expect(
            bands.map(\.name) == [
                "emission", "sink", "emission_valid", "sink_valid", "abs", "rel", "norm",
                "logratio",
            ]
        )
        #expect(bands.map(\.unit).prefix(3) == ["tCO2 km-2 yr-1", "tCO2 km-2 yr-1", "1"])
        #expect(bands.allSatisfy { $0.noDataValue?.isNaN == true })
        let rel = Dictionary(
            uniqueKeysWithValues: dataset.metadata(band: 6).map { ($0.key, $0.value) }
        )
        #expect(rel["FORMULA_ID"] == "rel")
        #expect(rel["FORMULA"] == "(E - S) / E where E >= epsilon")
        #expect(rel["SINK_CAPTION"]?.hasPrefix("NPP: gross") == true)
        let least = try #require(rel["STATISTICS_MINIMUM"].flatMap(Double.init))
        let valid = try dataset.read(dataset.description.window, band: 6).samples
            .filter { !$0.isNaN }
        #expect(least == valid.min())
        let items = dataset.metadata(domain: MetadataItem.deficitDomain)
        let deficit = Dictionary(uniqueKeysWithValues: items.map { ($0.key, $0.value) })
        #expect(deficit["FORMULA_rel"] == "(E - S) / E where E >= epsilon")
        #expect(deficit["SINK_KIND"] == "npp")
        #expect(deficit["STATE"] == "complete")
        #expect(deficit["RUN_ID"] == "run-1")
        #expect(deficit["PROXY"]?.contains("emission stands in") == true)
        #expect(deficit["WATER_POLICY"]?.hasPrefix("zeroSink") == true)
        #expect(deficit["INPUT_1"]?.hasPrefix("emission: emission.tif sha256:") == true)
        #expect(dataset.metadata().contains { $0.key == "TITLE" && $0.value.contains("NPP:") })
    }

    @Test func `the regression's status is 1 without an observation, and unknown elsewhere`() throws
    {
        let run = try RunFixture()
        defer { run.remove() }
        _ = try Publisher().publish(run.input)
        let dataset = try RasterDataset(path: run.path("mosaic/status.tif"))
        #expect(dataset.description.bands.map(\.name) == ["deficit", "regression"])
        let window = dataset.description.window
        let deficit = try dataset.read(window, band: 1)
        let regression = try dataset.read(window, band: 2)
        // Row 10: column 20 has no emission, column 60 is regular, column 2 lies outside the zones.
        #expect(deficit[10, 20] == 1)
        #expect(regression[10, 20] == 1)
        #expect(deficit[50, 60] == 0)
        #expect(regression[50, 60].isNaN)
        #expect(deficit[10, 2].isNaN)
        #expect(regression[10, 2].isNaN)
    }

    @Test func `a missing tile is nodata, and every output says so`() throws {
        let missing = TileID(row: 0, column: 1)
        let run = try RunFixture(RunFixture.Options(missing: [missing]))
        defer { run.remove() }
        _ = try Publisher().publish(run.input)
        let dataset = try RasterDataset(path: run.path("mosaic/deficit.tif"))
        let hole = try #require(run.input.layout.core(of: missing))
        for band in 1...dataset.description.bandCount {
            #expect(try dataset.read(hole, band: band).samples.allSatisfy(\.isNaN))
        }
        let items = dataset.metadata(domain: MetadataItem.deficitDomain)
        #expect(items.contains { $0.key == "MISSING_TILES" && $0.value.contains("r000c001") })
        #expect(items.contains { $0.key == "STATE" && $0.value == "incomplete" })
        for name in ["run.json", "report.html", "stac/deficit.json", "stac/status.json"] {
            #expect(try run.text(name).contains("1 of 6 tiles are missing"), "\(name)")
        }
        #expect(try run.text("tables/cities.csv-metadata.json").contains("r000c001"))
        let rows = try run.text("tables/cities.csv").split(separator: "\n")
        let east = rows[2].components(separatedBy: ",")
        // The second zone's name has a comma; its missing share is the sixth field then.
        #expect(Double(east[5]).map { $0 > 0.3 && $0 < 0.9 } == true)
    }

    @Test func `a tile that was never planned is not missing`() throws {
        let run = try RunFixture(RunFixture.Options(missing: [TileID(row: 0, column: 0)]))
        defer { run.remove() }
        var input = run.input
        input.missingTiles = []
        input.facts.state = .done
        #expect(RunStatements(input).incomplete == nil)
    }

    @Test func `a damaged tile is refused by name before anything is replaced`() throws {
        let run = try RunFixture()
        defer { run.remove() }
        _ = try Publisher().publish(run.input)
        let before = try run.bytes("mosaic/deficit.tif")
        let tile = run.input.tiles[2]
        let path = run.path("tiles/\(tile.object.key.path)")
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path))
        let error = try #require(throws: PublishingError.self) {
            try Publisher().publish(run.input)
        }
        #expect(error.code == .damagedTile)
        #expect(error.description.contains("\(tile.id)"))
        #expect(error.description.contains(path))
        #expect(error.description.contains("sectile run"))
        #expect(try run.bytes("mosaic/deficit.tif") == before)
        try bytes.dropLast(3).write(to: URL(fileURLWithPath: path))
        #expect(throws: PublishingError.self) { try Publisher().publish(run.input) }
        try FileManager.default.removeItem(atPath: path)
        let missing = try #require(throws: PublishingError.self) {
            try Publisher().publish(run.input)
        }
        #expect(missing.description.contains("is missing"))
    }

    @Test func `a view reads as the band it shows`() throws {
        let run = try RunFixture()
        defer { run.remove() }
        _ = try Publisher().publish(run.input)
        let mosaic = try RasterDataset(path: run.path("mosaic/deficit.tif"))
        let view = try RasterDataset(path: run.path("mosaic/deficit_norm.vrt"))
        let band = try view.description.band(1)
        #expect(view.description.bandCount == 1)
        #expect(band.name == "norm")
        #expect(band.blockRows == 512)
        #expect(band.blockColumns == 512)
        #expect(band.noDataValue?.isNaN == true)
        let window = view.description.window
        let expected = try mosaic.read(window, band: 7).samples
        let found = try view.read(window, band: 1).samples
        #expect(
            zip(expected, found).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }
        )
    }

    @Test func `publishing again gives the same files`() throws {
        let run = try RunFixture()
        defer { run.remove() }
        let results = try Publisher().publish(run.input)
        let first = try results.all.map { try run.bytes($0) }
        #expect(try Publisher().publish(run.input) == results)
        for (path, bytes) in zip(results.all, first) {
            #expect(try run.bytes(path) == bytes, "\(path)")
        }
    }

    @Test func `zones of another run are refused`() throws {
        let run = try RunFixture()
        defer { run.remove() }
        var input = run.input
        input.zones.swapAt(0, 1)
        let error = try #require(throws: PublishingError.self) {
            try Publisher().publish(input)
        }
        #expect(error.code == .incompleteRun)
    }
}
