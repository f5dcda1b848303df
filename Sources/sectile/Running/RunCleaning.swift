import Foundation
import RunStore
import Tiling

/// Removes from a run directory what nobody needs any more.
struct RunCleaning {
    /// The run directory.
    let opened: RunDirectory
    /// The journal, when it is not in the run directory.
    let journalPath: String?
    /// True to remove nothing.
    let isDryRun: Bool

    /// What was removed.
    struct Report {
        /// Paths within the run directory, in ascending order.
        var paths: [String] = []
        /// Their size, bytes.
        var bytes = 0
    }

    /// The directories in which only the publisher makes temporary files.
    private static let resultDirectories = ["mosaic", "tables", "preview", "stac"]

    /// Cleans.
    ///
    /// - Throws: `.locked` while a coordinator is at work, and what keeps files from being removed.
    func perform() throws -> Report {
        let lock = try opened.lock(
            holder: "process \(ProcessFacts.processID) on \(ProcessFacts.host): sectile clean"
        )
        defer { withExtendedLifetime(lock) {} }
        let reader = try JournalReader(
            path: try RunReading.path(opened.path, journal: journalPath),
            files: PosixFileSystem()
        )
        let snapshot = try reader.snapshot()
        // A worker that outlived its coordinator comes back with what it holds; not to a run that ended.
        let open = snapshot.phase.isOver ? [] : Set(snapshot.openAttempts.map(\.lease))
        let swept = try opened.sweep(
            committed: snapshot.committedKeys,
            open: open,
            isDryRun: isDryRun
        )
        var report = Report(
            paths: swept.removed.map { "tiles/\($0)" },
            bytes: swept.removedBytes
        )
        try removeTemporaryFiles(&report)
        report.paths.sort()
        return report
    }

    private func removeTemporaryFiles(_ report: inout Report) throws {
        let files = opened.files
        func consider(_ relative: String) throws {
            let path = "\(opened.path)/\(relative)"
            guard let information = try files.information(at: path), information.kind == .file
            else { return }
            if !isDryRun { try files.remove(path) }
            report.paths.append(relative)
            report.bytes += information.bytes
        }
        func names(_ directory: String) throws -> [String] {
            let path = directory.isEmpty ? opened.path : "\(opened.path)/\(directory)"
            guard try files.information(at: path)?.kind == .directory else { return [] }
            return try files.names(in: path)
        }
        for name in try names("") where name.hasSuffix(".tmp") { try consider(name) }
        for directory in Self.resultDirectories {
            for name in try names(directory) where Self.isTemporary(name) {
                try consider("\(directory)/\(name)")
            }
        }
        for name in try names("control") { try consider("control/\(name)") }
    }

    /// Names that writers use until a file is whole.
    static func isTemporary(_ name: String) -> Bool {
        name.hasSuffix(".tmp") || name.contains(".partial") || name.contains(".assembling.")
    }
}
