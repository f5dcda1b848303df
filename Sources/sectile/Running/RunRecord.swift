import Foundation

/// The `run.json` of an earlier run.
enum RunRecord {
    /// Its effective configuration, as a text that parses to the same settings; paths are absolute.
    ///
    /// - Parameter path: a run.json, or the directory that it lies in.
    /// - Returns: JSON, which is YAML.
    /// - Throws: `CommandError` with exit code 2 when the file is no run.json.
    static func configuration(in path: String) throws -> [UInt8] {
        var isDirectory: ObjCBool = false
        let exists = unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
        let file = exists && isDirectory.boolValue ? "\(path)/run.json" : path
        guard let data = FileManager.default.contents(atPath: file) else {
            throw CommandError.usage("--from: \(file) cannot be read")
        }
        guard let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any],
            let configuration = object["configuration"],
            JSONSerialization.isValidJSONObject(configuration)
        else {
            throw CommandError.usage("--from: \(file) is no run.json: it has no 'configuration'")
        }
        return Array(
            try JSONSerialization.data(
                withJSONObject: configuration,
                options: [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
            )
        )
    }
}
