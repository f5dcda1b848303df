import Yams

/// What one pass over a configuration tree has found: problems, and where every key stands.
///
/// A reference, because all cursors of one pass add to the same lists; it never leaves the pass.
final class SettingsReader {
    /// The problems so far, in the order in which they were found.
    private(set) var problems: [SettingsProblem]
    /// Places of the keys that were given, by path.
    private(set) var locations: [String: SettingsLocation] = [:]
    /// Values that replace those of the file, by path.
    let overrides: [String: SettingsOverride]
    /// Patterns of ``KeyTable`` that were asked for: a test proves that each one is.
    private(set) var consulted: Set<String> = []

    init(problems: [SettingsProblem] = [], overrides: [String: SettingsOverride] = [:]) {
        self.problems = problems
        self.overrides = overrides
    }

    /// Adds a problem.
    func report(
        at location: SettingsLocation,
        _ keyPath: String,
        _ message: String,
        found: String? = nil,
        legal: [String] = []
    ) {
        problems.append(
            SettingsProblem(
                at: location,
                keyPath: keyPath,
                message: message,
                found: found,
                legal: legal
            )
        )
    }

    /// Adds a problem at a key, or at the nearest key above it that was given.
    func report(
        _ keyPath: String,
        _ message: String,
        found: String? = nil,
        legal: [String] = []
    ) {
        report(at: location(of: keyPath), keyPath, message, found: found, legal: legal)
    }

    /// Where a key stands, or the nearest key above it that was given.
    func location(of keyPath: String) -> SettingsLocation {
        Self.location(of: keyPath, in: locations)
    }

    /// Where a key stands, or the nearest key above it, among places by path.
    static func location(
        of keyPath: String,
        in locations: [String: SettingsLocation]
    ) -> SettingsLocation {
        var path = keyPath
        while !path.isEmpty {
            if let location = locations[path] { return location }
            guard let end = path.lastIndex(where: { $0 == "." || $0 == "[" }) else { break }
            path = String(path[..<end])
        }
        return locations[""] ?? .file
    }

    /// True when the key was given.
    func isGiven(_ keyPath: String) -> Bool { locations[keyPath] != nil }

    func note(_ keyPath: String, at location: SettingsLocation) { locations[keyPath] = location }

    /// The description of a pattern; asking for a key that is not in the table is a bug.
    func describe(_ pattern: String) -> KeyDescription {
        consulted.insert(pattern)
        guard let key = KeyTable.key(pattern) else {
            preconditionFailure("'\(pattern)' is missing in KeyTable")
        }
        return key
    }

    /// Asks for the root mapping.
    func root(_ node: Node) -> MappingCursor? {
        let location = Self.location(of: node)
        locations[""] = location
        guard case .mapping(let mapping) = node else {
            report(
                at: location,
                "",
                "is no mapping of keys to values",
                legal: KeyTable.children(of: "").map(\.name)
            )
            return nil
        }
        return MappingCursor(self, mapping: mapping, path: "", pattern: "", location: location)
    }

    static func location(of node: Node) -> SettingsLocation {
        node.mark.map { SettingsLocation(line: $0.line, column: $0.column) } ?? .file
    }
}

/// A value that a flag or a variable of the environment gives instead of the file.
struct SettingsOverride: Hashable, Sendable {
    /// The value as written.
    var text: String
    /// The flag or variable, for messages.
    var origin: String
}
