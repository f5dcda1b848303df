/// Where an input is: the text of the configuration, and what it stands for.
///
/// Two paths are equal when they name the same place; the text as written is for messages only, and
/// is not kept by an encoding.
package struct SourcePath: Sendable, Codable, Hashable, CustomStringConvertible {
    /// As written in the configuration.
    package let text: String
    /// What GDAL opens: relative paths are joined to the directory of the configuration file.
    package let resolved: String

    /// A path whose text needs no resolution.
    package init(_ text: String) {
        self.text = text
        resolved = text
    }

    /// A path written as `text` that stands for `resolved`.
    package init(text: String, resolved: String) {
        self.text = text
        self.resolved = resolved
    }

    package var description: String { resolved }

    /// True when `*` or `?` stand for parts of file names; in a URL a `?` begins a query.
    package var isPattern: Bool {
        resolved.contains("*") || (resolved.contains("?") && !resolved.contains("://"))
    }

    package static func == (lhs: Self, rhs: Self) -> Bool { lhs.resolved == rhs.resolved }

    package func hash(into hasher: inout Hasher) { hasher.combine(resolved) }

    package init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(resolved)
    }
}

extension SourcePath {
    /// The path that a text in a configuration of `directory` stands for.
    ///
    /// Absolute paths, GDAL's `/vsi…` paths and URLs stand for themselves. In a subdataset name such as
    /// `NETCDF:"a.nc":var` or `HDF4_EOS:EOS_GRID:"a.hdf":grid:field` the file within is resolved;
    /// where no quotes mark it, it is known for NETCDF, HDF5 and GTIFF_DIR, and other names stand for
    /// themselves.
    init(text: String, directory: String) {
        self.init(text: text, resolved: Self.resolve(text, directory: directory))
    }

    private static func resolve(_ text: String, directory: String) -> String {
        guard let colon = text.firstIndex(of: ":") else { return joined(text, to: directory) }
        let prefix = text[..<colon]
        let rest = text[text.index(after: colon)...]
        guard !prefix.contains("/"), !rest.hasPrefix("//") else {
            return rest.hasPrefix("//") ? text : joined(text, to: directory)
        }
        let isDriver =
            prefix.count >= 2
            && prefix.utf8.allSatisfy { byte in
                (65...90).contains(byte) || (48...57).contains(byte) || byte == 95
            }
        guard isDriver else { return joined(text, to: directory) }
        if let open = rest.firstIndex(of: "\""),
            let close = rest[rest.index(after: open)...].firstIndex(of: "\"")
        {
            let file = String(rest[rest.index(after: open)..<close])
            return text[...open] + nested(file, to: directory) + rest[close...]
        }
        var fields = rest.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let position: Int
        switch prefix {
        case "NETCDF", "HDF5": position = 0
        case "GTIFF_DIR": position = fields.count - 1
        default: return text
        }
        guard !fields[position].isEmpty, !rest.contains("://") else { return text }
        fields[position] = nested(fields[position], to: directory)
        return "\(prefix):" + fields.joined(separator: ":")
    }

    private static func nested(_ file: String, to directory: String) -> String {
        file.contains("://") ? file : joined(file, to: directory)
    }

    /// A path, relative ones behind a directory; `..` stays, because a link may stand before it.
    static func joined(_ path: String, to directory: String) -> String {
        guard !path.hasPrefix("/") else { return path }
        var path = path[...]
        while path.hasPrefix("./") { path = path.dropFirst(2) }
        return directory.hasSuffix("/") ? directory + path : "\(directory)/\(path)"
    }

    /// The directory of an absolute path.
    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }
}
