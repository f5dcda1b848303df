import Foundation
import Lattice
import RasterIO
import Testing

struct MosaicTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private let columns = 1100
    private let rows = 700

    /// A national field with a hole and a spread of magnitudes.
    private func field(seed: UInt64) -> [Float] {
        var numbers = SampleSequence(seed: seed)
        return (0..<(columns * rows)).map { index in
            let sample = Float(numbers.next() * 1000 + 1e5)
            return index % 7 == 3 ? .nan : sample
        }
    }

    private static func description(_ grid: Grid) -> MosaicDescription {
        MosaicDescription(
            grid: grid,
            format: .float32,
            bands: [
                MosaicBand(
                    name: "emission",
                    unit: "tCO2 km-2 yr-1",
                    metadata: [MetadataItem(key: "FORMULA", value: "E")]
                ),
                MosaicBand(name: "rel"),
            ],
            metadata: [
                MetadataItem(domain: MetadataItem.deficitDomain, key: "SINK", value: "npp"),
                MetadataItem(
                    domain: MetadataItem.deficitDomain,
                    key: "FORMULA_rel",
                    value: "(E − S)/E where E ≥ ε & \"S\" < ∞"
                ),
                MetadataItem(key: "TITLE", value: "NPP: gross of respiration and harvest"),
            ],
            resampling: .average
        )
    }

    /// Cuts fields into tile files and assembles them.
    @discardableResult
    private func assemble(
        _ name: String,
        tileSize: Int,
        without missing: CellWindow? = nil
    ) throws -> [BandStatistics] {
        let grid = try nationalGrid(columns: columns, rows: rows, cellSizeMetres: 1000)
        let fields = [field(seed: 1), field(seed: 2)]
        var tiles: [[MosaicTile]] = [[], []]
        for row in stride(from: 0, to: rows, by: tileSize) {
            for column in stride(from: 0, to: columns, by: tileSize) {
                let window = CellWindow(
                    rows: row..<min(rows, row + tileSize),
                    columns: column..<min(columns, column + tileSize)
                )
                let path = directory.file("\(name).\(row).\(column).tile.tif")
                let bands = fields.map { samples in
                    TileBand(name: "x", block: cut(samples, to: window))
                }
                _ = try TileWriter.write(to: path, grid: grid, bands: bands)
                for band in 0..<2 {
                    tiles[band].append(
                        MosaicTile(
                            window: window,
                            path: window == missing ? nil : path,
                            band: band + 1
                        )
                    )
                }
            }
        }
        var writer = try MosaicWriter(
            path: directory.file(name),
            description: Self.description(grid)
        )
        try writer.assemble(band: 1, from: tiles[0])
        try writer.assemble(band: 2, from: tiles[1].reversed())
        return try writer.finish()
    }

    private func cut(_ samples: [Float], to window: CellWindow) -> CellBlock {
        CellBlock(
            window: window,
            samples: window.rows.flatMap { row in
                samples[(row * columns + window.columnStart)..<(row * columns + window.columnEnd)]
            }
        )
    }

    @Test func `pixels, overviews and statistics do not depend on the tile size`() throws {
        let first = try assemble("a.tif", tileSize: 256)
        let second = try assemble("b.tif", tileSize: 391)
        #expect(first == second)
        let a = try Data(contentsOf: URL(fileURLWithPath: directory.file("a.tif")))
        let b = try Data(contentsOf: URL(fileURLWithPath: directory.file("b.tif")))
        #expect(a == b)
        let dataset = try RasterDataset(path: directory.file("a.tif"))
        let samples = try dataset.read(dataset.description.window, band: 2).samples
        let expected = field(seed: 2)
        let agree = zip(samples, expected).allSatisfy { found, wanted in
            Float(found).bitPattern == wanted.bitPattern || (found.isNaN && wanted.isNaN)
        }
        #expect(agree)
    }

    @Test func `names, units, nodata, metadata and statistics stand in the finished file`() throws {
        let statistics = try assemble("c.tif", tileSize: 512)
        let path = directory.file("c.tif")
        let dataset = try RasterDataset(path: path)
        let bands = dataset.description.bands
        #expect(bands.map(\.name) == ["emission", "rel"])
        #expect(bands.map(\.unit) == ["tCO2 km-2 yr-1", ""])
        #expect(bands.allSatisfy { $0.noDataValue?.isNaN == true })
        #expect(bands[0].blockRows == 512 && bands[0].blockColumns == 512)
        let overviews = dataset.overviewCount(band: 1)
        #expect(overviews >= 1)
        let deficit = dataset.metadata(domain: MetadataItem.deficitDomain)
        let stated = MosaicTests.description(try nationalGrid(columns: 1, rows: 1)).metadata
        #expect(Set(deficit) == Set(stated.filter { $0.domain == MetadataItem.deficitDomain }))
        let items = dataset.metadata()
        #expect(items.contains { $0.key == "TITLE" && $0.value.hasPrefix("NPP") })
        let structure = dataset.metadata(domain: "IMAGE_STRUCTURE")
        #expect(structure.contains { $0.key == "LAYOUT" && $0.value == "COG" })
        let bandItems = dataset.metadata(band: 1)
        #expect(bandItems.contains(MetadataItem(key: "FORMULA", value: "E")))
        for item in statistics[0].metadata {
            #expect(bandItems.contains(item), "\(item)")
        }
        let others = try directory.names().filter { !$0.hasSuffix(".tile.tif") }
        #expect(others == ["c.tif"])
    }

    @Test func `statistics are those of an independent two-pass computation`() throws {
        let statistics = try assemble("d.tif", tileSize: 512)[0]
        let valid = field(seed: 1).filter { !$0.isNaN }.map(Double.init)
        let mean = valid.reduce(0, +) / Double(valid.count)
        let variance = valid.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(valid.count)
        #expect(statistics.validCount == valid.count)
        #expect(statistics.sampleCount == columns * rows)
        #expect(statistics.minimum == valid.reduce(.infinity, min))
        #expect(statistics.maximum == valid.reduce(-.infinity, max))
        #expect(abs(statistics.mean / mean - 1) < 1e-14)
        #expect(abs(statistics.standardDeviation / variance.squareRoot() - 1) < 1e-10)
    }

    @Test func `a missing tile leaves its cells without data`() throws {
        let hole = CellWindow(rows: 0..<300, columns: 300..<600)
        let statistics = try assemble("e.tif", tileSize: 300, without: hole)[0]
        let whole = field(seed: 1).filter { !$0.isNaN }.count
        let lost = cut(field(seed: 1), to: hole).samples.filter { !$0.isNaN }.count
        #expect(statistics.validCount == whole - lost)
        let dataset = try RasterDataset(path: directory.file("e.tif"))
        let samples = try dataset.read(hole, band: 1).samples
        #expect(samples.allSatisfy { $0.isNaN })
    }

    @Test func `a damaged tile leaves an earlier mosaic untouched`() throws {
        try assemble("f.tif", tileSize: 700)
        let path = directory.file("f.tif")
        let before = try Data(contentsOf: URL(fileURLWithPath: path))
        try directory.truncate("f.tif.0.0.tile.tif", to: 0.5)
        let grid = try nationalGrid(columns: columns, rows: rows, cellSizeMetres: 1000)
        let error = rasterError {
            var writer = try MosaicWriter(path: path, description: Self.description(grid))
            try writer.assemble(
                band: 1,
                from: [
                    MosaicTile(
                        window: CellWindow(rows: 0..<700, columns: 0..<700),
                        path: directory.file("f.tif.0.0.tile.tif"),
                        band: 1
                    )
                ]
            )
        }
        #expect(error != nil)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
        let left = try directory.names().filter { $0.hasPrefix("f.tif.assembling") }
        #expect(left.isEmpty)
    }

    @Test func `status codes become a byte mosaic whose overviews keep to codes`() throws {
        let grid = try nationalGrid(columns: 1024, rows: 1024, cellSizeMetres: 1000)
        let path = directory.file("status.tif")
        var writer = try MosaicWriter(
            path: path,
            description: MosaicDescription(
                grid: grid,
                format: .byte,
                bands: [MosaicBand(name: "deficit")],
                metadata: [],
                resampling: .mode
            )
        )
        for start in [0, 512] {
            let window = CellWindow(rows: start..<(start + 512), columns: 0..<1024)
            var block = CellBlock(window: window)
            for index in block.samples.indices {
                block.samples[index] = index % 3 == 0 ? 20 : (start == 0 ? 10 : .nan)
            }
            try writer.append(block, band: 1)
        }
        let statistics = try writer.finish()
        #expect(statistics[0].minimum == 10)
        #expect(statistics[0].maximum == 20)
        let dataset = try RasterDataset(path: path)
        #expect(dataset.description.bands[0].noDataValue == 255)
        #expect(dataset.description.bands[0].sampleType == "Byte")
        let small = try dataset.readDecimated(
            band: 1,
            columns: 512,
            rows: 512,
            resampling: .nearest
        )
        #expect(small.allSatisfy { $0 == 10 || $0 == 20 || $0.isNaN })
    }

    @Test func `a view has the names, blocks and pixels of its mosaic, and moves with it`() throws {
        try assemble("g.tif", tileSize: 700)
        try VirtualRaster.write(to: directory.file("g.vrt"), viewing: directory.file("g.tif"))
        let file = try RasterDataset(path: directory.file("g.tif"))
        let view = try RasterDataset(path: directory.file("g.vrt"))
        #expect(view.description.bands.map(\.name) == file.description.bands.map(\.name))
        #expect(view.description.bands.map(\.unit) == file.description.bands.map(\.unit))
        #expect(view.description.bands[0].blockRows == 512)
        #expect(view.description.bands[0].blockColumns == 512)
        #expect(view.description.extent == file.description.extent)
        let window = CellWindow(rows: 500..<520, columns: 1000..<1100)
        let fromView = try view.read(window, band: 2).samples
        let fromFile = try file.read(window, band: 2).samples
        #expect(fromView.map(\.bitPattern) == fromFile.map(\.bitPattern))
        let text = try String(contentsOfFile: directory.file("g.vrt"), encoding: .utf8)
        #expect(!text.contains(directory.path))
    }

    @Test(
        .enabled(
            if: ProcessInfo.processInfo.environment["SECTILE_RIO"] != nil,
            "SECTILE_RIO does not name rio-cogeo's program 'rio'"
        )
    )
    func `rio-cogeo finds a mosaic valid without a warning`() throws {
        try assemble("h.tif", tileSize: 512)
        let program = try #require(ProcessInfo.processInfo.environment["SECTILE_RIO"])
        let path = directory.file("h.tif")
        let verdict = try output(of: program, ["cogeo", "validate", "--strict", path])
        #expect(verdict.contains("is a valid cloud optimized GeoTIFF"), "\(verdict)")
    }
}
