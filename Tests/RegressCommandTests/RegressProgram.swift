import Foundation

/// The program under test, as its users run it.
enum RegressProgram {
    /// Path of the binary; nil when it was not built.
    ///
    /// `scripts/test` names it; otherwise it lies beside the test bundle.
    static let path: String? = {
        let named = ProcessInfo.processInfo.environment["SECTILE_BINARY"]
        let beside = URL(fileURLWithPath: CommandLine.arguments[0])
            .deletingLastPathComponent().appendingPathComponent("sectile").path
        return [named, beside].compactMap(\.self)
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    /// The reference cases; nil when they are absent.
    static let reference: URL? = found("shared/reference/gwr")
    /// The city table; nil when it is absent.
    static let cityTable: URL? = found("shared/data/china/tables/city_gwr_table_2017.csv")

    private static func found(_ path: String) -> URL? {
        let place = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent(path)
        return FileManager.default.fileExists(atPath: place.path) ? place : nil
    }

    /// How a run ended, and what it said.
    struct Finished {
        let exitCode: Int32
        let output: String
        let errors: String
    }

    /// Runs `sectile regress` to its end; what it says goes through files, which never block it.
    static func run(
        _ arguments: [String],
        in scratch: Scratch,
        environment: [String: String] = [:]
    ) throws -> Finished {
        guard let path else { throw CocoaError(.fileNoSuchFile) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = ["regress"] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let streams = ["stdout", "stderr"].map { scratch.url.appendingPathComponent($0) }
        for stream in streams { try Data().write(to: stream) }
        process.standardOutput = try FileHandle(forWritingTo: streams[0])
        process.standardError = try FileHandle(forWritingTo: streams[1])
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return Finished(
            exitCode: process.terminationStatus,
            output: try String(contentsOf: streams[0], encoding: .utf8),
            errors: try String(contentsOf: streams[1], encoding: .utf8)
        )
    }
}

/// A directory that vanishes with its owner.
final class Scratch {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory
            .appendingPathComponent("sectile-regress-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }

    /// Writes a text and returns its path.
    func write(_ text: String, as name: String) throws -> String {
        try Data(text.utf8).write(to: url.appendingPathComponent(name))
        return path(name)
    }

    /// Rows of a CSV that was written without quotes: header, then fields.
    func rows(_ name: String) throws -> [[String]] {
        try String(contentsOfFile: path(name), encoding: .utf8).split(separator: "\n").map { line in
            line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
    }

    /// A JSON object.
    func object(_ name: String) throws -> [String: Any] {
        let data = try Data(contentsOf: URL(fileURLWithPath: path(name)))
        return try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    }

    /// A table of a bumpy plane on a jittered grid; `edit` may spoil rows.
    func plane(
        side: Int,
        edit: (_ row: Int, _ fields: inout [String]) -> Void = { _, _ in }
    ) throws -> String {
        var text = "id,east,north,obs,a,b\n"
        for row in 0..<(side * side) {
            let (i, j) = (Double(row / side), Double(row % side))
            let east = 1_000 * i + 300.5 * (7 * i + 3 * j).truncatingRemainder(dividingBy: 1.7)
            let north = 1_000 * j + 200.25 * (5 * i + 11 * j).truncatingRemainder(dividingBy: 2.3)
            let a = (13 * i + 29 * j).truncatingRemainder(dividingBy: 17) / 4
            let b = (31 * i + 7 * j).truncatingRemainder(dividingBy: 23) / 5
            let noise = (47 * i + 53 * j + i * j).truncatingRemainder(dividingBy: 19) / 30
            let response = 2 + (1 + i / Double(side)) * a - b * j / Double(side) + noise
            var fields = ["p\(row)", "\(east)", "\(north)", "\(response)", "\(a)", "\(b)"]
            edit(row, &fields)
            text += fields.joined(separator: ",") + "\n"
        }
        return try write(text, as: "points.csv")
    }
}
