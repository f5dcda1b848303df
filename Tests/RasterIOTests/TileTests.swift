import ContentDigest
import Foundation
import Lattice
import RasterIO
import Testing

struct TileTests {
    private let directory: TemporaryDirectory
    private let window = CellWindow(rows: 100..<137, columns: 40..<341)

    init() throws { directory = try TemporaryDirectory() }

    private func block(seed: UInt64) -> CellBlock {
        var numbers = SampleSequence(seed: seed)
        var samples = (0..<window.cellCount).map { _ in Float(numbers.next() - 0.5) * 1e6 }
        samples[0] = .nan
        samples[1] = -0.0
        samples[2] = .infinity
        samples[3] = .leastNonzeroMagnitude
        samples[4] = .greatestFiniteMagnitude
        return CellBlock(window: window, samples: samples)
    }

    @Test func `a tile comes back bit for bit, at its place on the national grid`() throws {
        let grid = try nationalGrid(columns: 512, rows: 461)
        let bands = [
            TileBand(name: "emission", unit: "tCO2 km-2 yr-1", block: block(seed: 1)),
            TileBand(name: "sink", block: block(seed: 2)),
        ]
        let path = directory.file("r001c000.a1.tif")
        let written = try TileWriter.write(
            to: path,
            grid: grid,
            bands: bands,
            metadata: [MetadataItem(key: "STAGE", value: "balance")]
        )
        let contents = try TileReader.read(path)
        #expect(contents.window == window)
        #expect(contents.names == ["emission", "sink"])
        #expect(contents.blocks == bands.compactMap(\.samples.single))
        #expect(
            contents.blocks[0].samples.map(\.bitPattern)
                == bands[0].samples.single?.samples.map(\.bitPattern)
        )
        #expect(contents.metadata == [MetadataItem(key: "STAGE", value: "balance")])
        #expect(TileWriter.samplesDigest(blocks: contents.blocks) == written.samplesDigest)
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        #expect(data.count == written.bytes)
        #expect(ContentDigest(of: Array(data)) == written.fileDigest)

        let description = try RasterDataset.describe(path: path)
        #expect(description.extent == grid.extent(of: window))
        #expect(description.bands[0].unit == "tCO2 km-2 yr-1")
        #expect(description.bands[0].noDataValue?.isNaN == true)
        let reference = try #require(description.reference)
        #expect(try ReferenceParser.areEquivalent(reference, grid.reference))
        let header = try TileReader.header(path)
        #expect(header.window == window)
    }

    @Test func `a part of some bands is read in the order asked for`() throws {
        let grid = try nationalGrid(columns: 512, rows: 461)
        let path = directory.file("part.tif")
        let first = block(seed: 1)
        let second = block(seed: 2)
        _ = try TileWriter.write(
            to: path,
            grid: grid,
            bands: [TileBand(name: "a", block: first), TileBand(name: "b", block: second)]
        )
        let part = CellWindow(rows: 110..<112, columns: 50..<53)
        let contents = try TileReader.read(path, bands: [2, 1], window: part)
        #expect(contents.names == ["b", "a"])
        var expected = CellBlock(window: part)
        expected.paste(second)
        #expect(contents.blocks[0] == expected)
        #expect(contents.block(named: "b") == expected)
        #expect(contents.block(named: "c") == nil)
        let outside = CellWindow(rows: 99..<101, columns: 50..<53)
        let beyond = rasterError { _ = try TileReader.read(path, window: outside) }
        #expect(beyond?.code == .windowOutside)
        #expect(rasterError { _ = try TileReader.read(path, bands: [3]) }?.code == .noSuchBand)
    }

    @Test func `the same samples give the same bytes, and other samples another digest`() throws {
        let grid = try nationalGrid(columns: 512, rows: 461)
        let band = TileBand(name: "a", block: block(seed: 5))
        let first = try TileWriter.write(to: directory.file("1.tif"), grid: grid, bands: [band])
        let second = try TileWriter.write(to: directory.file("2.tif"), grid: grid, bands: [band])
        #expect(first == second)
        var changed = try #require(band.samples.single)
        changed.samples[77] = changed.samples[77].nextUp
        let third = TileWriter.samplesDigest(blocks: [changed])
        #expect(third != first.samplesDigest)
    }

    @Test func `status codes are kept as bytes, and a fraction is refused`() throws {
        let grid = try nationalGrid(columns: 512, rows: 461)
        let small = CellWindow(rows: 0..<2, columns: 0..<3)
        let path = directory.file("status.tif")
        let codes = CellBlock(window: small, samples: [0, 1, 254, 255, .nan, 20])
        _ = try TileWriter.write(
            to: path,
            grid: grid,
            bands: [TileBand(name: "deficit", block: codes)],
            format: .byte
        )
        #expect(try TileReader.read(path).blocks[0].samples == [0, 1, 254, 255, 255, 20])
        #expect(try RasterDataset.describe(path: path).bands[0].sampleType == "Byte")
        let bad = CellBlock(window: small, samples: [0.5, 1, 2, 3, 4, 5])
        let error = rasterError {
            _ = try TileWriter.write(
                to: path,
                grid: grid,
                bands: [TileBand(name: "deficit", block: bad)],
                format: .byte
            )
        }
        #expect(error?.code == .wrongType)
    }

    @Test func `a damaged or foreign file is no tile`() throws {
        let grid = try nationalGrid(columns: 512, rows: 461)
        let path = directory.file("cut.tif")
        _ = try TileWriter.write(
            to: path,
            grid: grid,
            bands: [TileBand(name: "a", block: block(seed: 9))]
        )
        try directory.truncate("cut.tif", to: 0.6)
        let cut = rasterError { _ = try TileReader.read(path) }
        #expect(cut?.code == .truncated || cut?.code == .cannotOpen)
        let foreign = directory.file("foreign.tif")
        try RasterWriter.write(
            to: foreign,
            columns: 2,
            affine: northUp(west: 0, north: 0, size: 1),
            reference: grid.reference,
            bands: [[1, 2]]
        )
        let error = rasterError { _ = try TileReader.read(foreign) }
        #expect(error?.description == "cannot open \(foreign): it is no tile of a run")
    }

    @Test func `a directory that does not exist is an error that names the file`() throws {
        let grid = try nationalGrid(columns: 512, rows: 461)
        let path = directory.file("nowhere/tile.tif")
        let error = rasterError {
            _ = try TileWriter.write(
                to: path,
                grid: grid,
                bands: [TileBand(name: "a", block: block(seed: 9))]
            )
        }
        #expect(error?.code == .writeFailed)
        #expect(error?.description == "cannot write \(path): No such file or directory")
    }
}
