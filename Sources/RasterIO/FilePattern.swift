internal import CGDAL

/// File names with `*` and `?` in them, on every file system of the library.
package enum FilePattern {
    /// The most files that one pattern may stand for.
    package static let maximumFiles = 10_000

    /// The files that a pattern stands for, by name.
    ///
    /// `*` stands for any characters but `/`, `?` for one; neither for a dot at the beginning of a name.
    /// A part without either is taken as it stands, so that archives (`/vsizip/a.zip/*.tif`) work.
    ///
    /// - Throws: ``RasterError/Code/cannotOpen`` when there are none, or too many.
    package static func files(_ pattern: String) throws(RasterError) -> [String] {
        let parts = pattern.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        var found = [parts.first ?? ""]
        for part in parts.dropFirst() {
            guard part.contains("*") || part.contains("?") else {
                found = found.map { "\($0)/\(part)" }
                continue
            }
            found = found.flatMap { directory in
                names(in: directory.isEmpty ? "/" : directory)
                    .filter { matches($0, part) }
                    .map { "\(directory)/\($0)" }
            }
            guard found.count <= maximumFiles else {
                throw RasterError(
                    .cannotOpen,
                    path: pattern,
                    detail: "it stands for more than \(maximumFiles) files"
                )
            }
        }
        let files = found.filter { exists($0) }
        guard !files.isEmpty else {
            throw RasterError(.cannotOpen, path: pattern, detail: "no file has such a name")
        }
        return files.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
    }

    private static func names(in directory: String) -> [String] {
        withGDALMessages { _ in
            let list = unsafe VSIReadDir(directory)
            defer { unsafe CSLDestroy(list) }
            return unsafe texts(of: list)
        }
    }

    private static func exists(_ path: String) -> Bool {
        var state = stat()
        return withGDALMessages { _ in unsafe sectile_vsi_stat(path, &state) } == 0
    }

    /// True when a name fits a pattern.
    static func matches(_ name: String, _ pattern: String) -> Bool {
        guard !name.hasPrefix(".") || pattern.hasPrefix(".") else { return false }
        let name = Array(name.unicodeScalars)
        let pattern = Array(pattern.unicodeScalars)
        // The last star and the place where what follows it was tried.
        var star: (pattern: Int, name: Int)?
        var i = 0
        var j = 0
        while i < name.count {
            if j < pattern.count, pattern[j] == "*" {
                star = (j, i)
                j += 1
            } else if j < pattern.count, pattern[j] == "?" || pattern[j] == name[i] {
                i += 1
                j += 1
            } else if let last = star {
                star = (last.pattern, last.name + 1)
                i = last.name + 1
                j = last.pattern + 1
            } else {
                return false
            }
        }
        return pattern[j...].allSatisfy { $0 == "*" }
    }
}
