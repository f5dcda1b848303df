import Foundation
import Testing

/// A compressed GeoTIFF in many small tiles, made from a layer of the small input.
struct TiledRaster {
    /// The file.
    let path: String

    /// Writes `<name>.tif` beside `<name>.asc`; needs gdal_translate.
    init(of name: String, in scratch: ScratchDirectory) async throws {
        path = "\(scratch.path)/\(name).tif"
        let program = try #require(Program.tool("gdal_translate"))
        let finished = try await SectileProcess(
            executable: program,
            [
                "-q", "-ot", "Float32", "-outsize", "1152", "1024", "-r", "bilinear",
                "-a_srs", "EPSG:4326", "-co", "TILED=YES", "-co", "BLOCKXSIZE=64",
                "-co", "BLOCKYSIZE=64", "-co", "COMPRESS=DEFLATE", "\(scratch.path)/\(name).asc",
                path,
            ]
        ).finished()
        try #require(finished.exitCode == 0, "\(finished.errors)")
    }

    /// Cuts the end off.
    func truncate(toShare share: Double) throws {
        let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        defer { try? handle.close() }
        try handle.truncate(atOffset: UInt64(Double(try handle.seekToEnd()) * share))
    }
}
