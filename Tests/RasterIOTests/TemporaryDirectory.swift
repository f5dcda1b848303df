import Foundation
import Lattice
import RasterIO

/// A directory that is removed when the test is done with it.
final class TemporaryDirectory {
    let path: String

    init() throws {
        let base = FileManager.default.temporaryDirectory
        let url = base.appendingPathComponent("sectile-rasterio-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The path of a file in the directory.
    func file(_ name: String) -> String { path + "/" + name }

    /// The names of the files in the directory, sorted.
    func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    }

    /// Writes a text file.
    @discardableResult
    func write(_ text: String, as name: String) throws -> String {
        try text.write(toFile: file(name), atomically: false, encoding: .utf8)
        return file(name)
    }

    /// Cuts a file to a part of its length.
    func truncate(_ name: String, to share: Double) throws {
        let handle = try FileHandle(forUpdating: URL(fileURLWithPath: file(name)))
        let size = try handle.seekToEnd()
        try handle.truncate(atOffset: UInt64(Double(size) * share))
        try handle.close()
    }
}

/// Numbers that look random and are the same everywhere (SplitMix64).
struct SampleSequence {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// The next number in [0, 1).
    mutating func next() -> Double {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Double((z ^ (z >> 31)) >> 11) * 0x1p-53
    }
}

/// A north-up position with square pixels.
func northUp(west: Double, north: Double, size: Double) throws -> GeoTransform {
    guard let affine = GeoTransform(coefficients: [west, size, 0, north, 0, -size]) else {
        throw RasterError(.invalidGeometry)
    }
    return affine
}

/// A grid on the national projection.
func nationalGrid(columns: Int, rows: Int, cellSizeMetres: Double = 10_000) throws -> Grid {
    Grid(
        reference: try ReferenceParser.parse("china-albers"),
        originX: -2_760_000,
        originY: 6_228_000,
        cellSizeMetres: cellSizeMetres,
        columns: columns,
        rows: rows
    )
}

/// The error that a body throws, nil when it throws none.
func rasterError(_ body: () throws -> Void) -> RasterError? {
    do {
        try body()
        return nil
    } catch let error as RasterError {
        return error
    } catch {
        return nil
    }
}

/// Runs a program and gives what it printed.
func output(of program: String, _ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
}
