import Foundation

/// A directory that is removed when the test is over.
final class ScratchDirectory: Sendable {
    /// Its path.
    let path: String

    init() throws {
        path =
            FileManager.default.temporaryDirectory
            .appendingPathComponent("sectile-end-to-end-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Writes a text file and returns its path.
    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        let file = "\(path)/\(name)"
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        return file
    }

    /// Every file below, by relative path, with its content.
    static func contents(of directory: String) throws -> [String: Data] {
        var contents: [String: Data] = [:]
        let files = FileManager.default
        for name in try files.subpathsOfDirectory(atPath: directory) {
            var isDirectory: ObjCBool = false
            let file = "\(directory)/\(name)"
            guard unsafe files.fileExists(atPath: file, isDirectory: &isDirectory),
                !isDirectory.boolValue
            else { continue }
            contents[name] = try Data(contentsOf: URL(fileURLWithPath: file))
        }
        return contents
    }
}
