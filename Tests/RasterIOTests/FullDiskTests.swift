import Foundation
import Lattice
import RasterIO
import Testing

/// A file system of one megabyte, which only root may mount.
private final class TinyDisk {
    let path: String

    /// True when this process may mount file systems.
    static let isPossible: Bool = (try? TinyDisk()) != nil

    init() throws {
        let url = FileManager.default.temporaryDirectory
            .appendingPathComponent("sectile-disk-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/mount")
        process.arguments = ["-t", "tmpfs", "-o", "size=1m", "tmpfs", path]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            try FileManager.default.removeItem(atPath: path)
            throw CocoaError(.fileWriteNoPermission)
        }
    }

    deinit {
        _ = try? output(of: "/bin/umount", [path])
        try? FileManager.default.removeItem(atPath: path)
    }

    func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    }
}

@Suite(.enabled(if: TinyDisk.isPossible, "mounting a small tmpfs needs root"))
struct FullDiskTests {
    private let disk: TinyDisk

    init() throws { disk = try TinyDisk() }

    private func noise(_ window: CellWindow) -> CellBlock {
        var numbers = SampleSequence(seed: 1)
        return CellBlock(
            window: window,
            samples: (0..<window.cellCount).map { _ in Float(numbers.next()) }
        )
    }

    @Test func `a tile on a full disk is an error and leaves nothing behind`() throws {
        let grid = try nationalGrid(columns: 1024, rows: 1024)
        let path = disk.path + "/tile.tif"
        let error = rasterError {
            _ = try TileWriter.write(
                to: path,
                grid: grid,
                bands: [TileBand(name: "a", block: noise(grid.window))]
            )
        }
        #expect(error?.code == .outOfSpace)
        #expect(
            error?.description == "no space left on the disk for \(path): No space left on device"
        )
        #expect(try disk.names().isEmpty)
    }

    @Test func `a mosaic on a full disk is an error and leaves nothing behind`() throws {
        let grid = try nationalGrid(columns: 1024, rows: 1024)
        let error = rasterError {
            var writer = try MosaicWriter(
                path: disk.path + "/mosaic.tif",
                description: MosaicDescription(
                    grid: grid,
                    format: .float32,
                    bands: [MosaicBand(name: "a")],
                    metadata: [],
                    resampling: .average
                )
            )
            for start in [0, 512] {
                let window = CellWindow(rows: start..<(start + 512), columns: 0..<1024)
                try writer.append(noise(window), band: 1)
            }
            _ = try writer.finish()
        }
        #expect(error?.code == .outOfSpace || error?.code == .writeFailed)
        #expect(error?.description.contains("mosaic.tif") == true)
        #expect(try disk.names().isEmpty)
    }

    @Test func `a GeoPackage on a full disk is an error and leaves nothing behind`() throws {
        let path = disk.path + "/cities.gpkg"
        let text = String(repeating: "x", count: 4096)
        let ring = PolygonRing(xs: [0, 1, 1, 0], ys: [0, 0, 1, 0])
        let feature = VectorFeature(
            geometry: .polygons([PolygonPart(rings: [ring])]),
            values: [.text(text)]
        )
        let error = rasterError {
            try VectorWriter.write(
                to: path,
                layer: "cities",
                reference: ReferenceParser.parse("china-albers"),
                columns: [AttributeColumn(name: "text", kind: .text)],
                features: [VectorFeature](repeating: feature, count: 600)
            )
        }
        #expect(error?.code == .outOfSpace || error?.code == .writeFailed)
        #expect(try disk.names().isEmpty)
    }
}
