import Foundation

/// A directory of one test, removed when the test is done with it.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory
            .appending(path: "sectile-test-\(UUID().uuidString)", directoryHint: .notDirectory)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path(percentEncoded: false)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// A run directory as a coordinator leaves it, with its probe.
    static func run(probe: String = "probe") throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(
            atPath: "\(directory.path)/tiles",
            withIntermediateDirectories: true
        )
        try Data("\(probe)\n".utf8).write(to: URL(filePath: "\(directory.path)/tiles/.probe"))
        return directory
    }

    /// The files below `folder`, hidden ones too, sorted.
    func files(in folder: String) -> [String] {
        let found = try? FileManager.default.subpathsOfDirectory(atPath: "\(path)/\(folder)")
        return (found ?? []).sorted()
    }
}
