import GRDB
package import Tiling

/// Where the journal of a run lies, and what the run directory keeps of one that lies elsewhere.
///
/// ```
/// journal.sqlite            the journal, when it is here
/// journal.location          host and path of a journal that is not
/// journal.backup.sqlite     its last consistent copy
/// journal.recent(.earlier)  commits since then
/// ```
package struct JournalPlace: Hashable, Sendable {
    /// The run directory.
    package let directory: String
    /// The journal.
    package let path: String
    /// True when it is not in the run directory.
    package let isElsewhere: Bool

    /// Numbers by which epochs and attempts are ahead after a journal was restored from a backup:
    /// more than a coordinator can use between two backups.
    package static let restoreStep = 100_000

    /// The place of a journal.
    ///
    /// - Parameters:
    ///   - path: the journal, absolute; nil: in the run directory.
    ///   - directory: the run directory, absolute.
    package init(path: String?, directory: String) {
        self.directory = directory
        let own = "\(directory)/journal.sqlite"
        self.path = path ?? own
        isElsewhere = self.path != own
    }

    /// The last copy of a journal that lies elsewhere.
    package var backupFile: String { "\(directory)/journal.backup.sqlite" }
    /// Says where the journal lies.
    package var locationFile: String { "\(directory)/journal.location" }
    /// Commits since the last copy.
    package var recentFile: String { "\(directory)/journal.recent" }
    /// Commits before them, while a copy is made.
    package var earlierFile: String { "\(directory)/journal.recent.earlier" }

    /// Where a run directory says that its journal lies; nil when it is in the directory.
    package static func location(
        of directory: String,
        files: any FileSystem
    ) throws(RunStoreError) -> (host: String, path: String)? {
        let place = JournalPlace(path: nil, directory: directory)
        guard try files.information(at: place.locationFile)?.kind == .file else { return nil }
        let bytes = try files.contents(at: place.locationFile, offset: 0, count: 8192)
        let lines = String(decoding: bytes, as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.count >= 3, lines[0] == "sectile-journal 1", lines[2].hasPrefix("/") else {
            throw RunStoreError(
                .damaged,
                path: place.locationFile,
                message:
                    "does not say where the journal lies; give it with --journal PATH, or remove "
                    + "this file when the journal is in the run directory"
            )
        }
        return (lines[1], lines[2])
    }

    /// The journal as a reader finds it: the journal itself where this host has it, else its backup.
    ///
    /// - Parameters:
    ///   - path: what the operator gave; nil: what the directory says.
    ///   - directory: the run directory, absolute.
    ///   - host: this host.
    ///   - files: the file operations.
    /// - Returns: the file to read, and whether it is a backup.
    /// - Throws: `.damaged` when the directory does not say it in a legal form.
    package static func readable(
        _ path: String?,
        directory: String,
        host: String,
        files: any FileSystem
    ) throws(RunStoreError) -> (path: String, isBackup: Bool) {
        let place = JournalPlace(path: path, directory: directory)
        if path != nil { return (place.path, false) }
        guard let location = try location(of: directory, files: files) else {
            return (place.path, false)
        }
        if location.host == host, try files.information(at: location.path)?.kind == .file {
            return (location.path, false)
        }
        return (place.backupFile, true)
    }

    /// Writes down where the journal lies.
    package func note(host: String, files: any FileSystem) throws(RunStoreError) {
        guard isElsewhere else { return try files.remove(locationFile) }
        try files.write(
            Array("sectile-journal 1\n\(host)\n\(path)\n".utf8),
            to: locationFile,
            permissions: 0o644
        )
    }

    // MARK: - Backup and restoring

    /// Copies a journal that may be written to meanwhile; the copy appears by rename.
    func backUp(from journal: String, files: any FileSystem) throws(RunStoreError) {
        // SQLite works on the local disk only; what goes over the network is a plain file.
        let local = "\(journal).backup.tmp"
        try files.remove(local)
        try JournalFailure.translating(journal) {
            let source = try JournalOpening.openForReading(journal)
            let copy = try DatabaseQueue(path: local)
            try source.backup(to: copy)
            // One file, without a log beside it, that can be read where nothing can be written.
            try copy.writeWithoutTransaction { database in
                _ = try String.fetchOne(database, sql: "PRAGMA journal_mode = DELETE")
            }
            try copy.close()
            try source.close()
        }
        try files.copy(local, to: backupFile)
        try files.remove(local)
    }

    /// Makes a lost journal again from its backup, with epochs and attempts far ahead of those lost.
    ///
    /// - Returns: false when there is no backup.
    /// - Throws: `.damaged` when the backup is.
    package func restore(files: any FileSystem) throws(RunStoreError) -> Bool {
        guard try files.information(at: backupFile)?.kind == .file else { return false }
        let local = "\(path).restoring"
        for suffix in ["", "-wal", "-shm"] { try files.remove(local + suffix) }
        try files.copy(backupFile, to: local)
        try JournalFailure.translating(local) {
            let database = try JournalOpening.openForWriting(local)
            try JournalOpening.check(database, path: backupFile)
            try database.write { database in
                for key in ["epoch", "attempt_base"] {
                    let value = try JournalQueries.meta(key, in: database).flatMap { UInt64($0) }
                    let next = (value ?? 0) + UInt64(Self.restoreStep)
                    try JournalQueries.setMeta(key, "\(next)", in: database)
                }
            }
            try database.writeWithoutTransaction { database in
                _ = try String.fetchOne(database, sql: "PRAGMA journal_mode = DELETE")
            }
            try database.close()
        }
        try files.rename(local, to: path)
        return true
    }

    // MARK: - Adopting

    /// What became of the commits since the last backup.
    package struct Adoption: Hashable, Sendable {
        /// Tiles whose objects are as they were committed: they are commits again.
        package var adopted: [WorkUnit] = []
        /// Tiles whose objects are not: they are computed again, with what was found.
        package var refused: [(unit: WorkUnit, reason: String)] = []

        /// The same tiles with the same reasons.
        package static func == (lhs: Self, rhs: Self) -> Bool {
            lhs.adopted == rhs.adopted && lhs.refused.map(\.unit) == rhs.refused.map(\.unit)
        }

        /// Puts the tiles into a hash.
        package func hash(into hasher: inout Hasher) {
            hasher.combine(adopted)
        }
    }

    /// Takes up commits since the backup whose objects have their digests; blocks.
    ///
    /// - Parameters:
    ///   - journal: the restored journal.
    ///   - directory: the run directory.
    ///   - wallSeconds: the time now, seconds since 1970.
    /// - Returns: what was adopted and what was not.
    /// - Throws: what keeps files from being read or the journal from being written.
    package func adopt(
        into journal: RunJournal,
        directory: RunDirectory,
        wallSeconds: Double
    ) throws -> Adoption {
        let verifier = DirectoryObjectVerifier(directory: directory, check: .digest)
        let snapshot = try journal.snapshot()
        var known = Set(snapshot.units.filter { $0.state != .open }.map(\.unit))
        let openLeases = Set(snapshot.openAttempts.map(\.lease))
        var adoption = Adoption()
        for file in [earlierFile, recentFile] {
            try RecentCommits.forEach(in: file, files: directory.files) { commit in
                let unit = commit.result.lease.unit
                guard !known.contains(unit) else { return }
                known.insert(unit)
                if let reason = verifier.discrepancy(of: commit.result.object) {
                    adoption.refused.append((unit, reason))
                    return
                }
                var entries = [
                    JournalRecord.committed(
                        commit.result,
                        worker: commit.worker,
                        elapsedSeconds: 0
                    )
                ]
                if !openLeases.contains(commit.result.lease) {
                    entries.insert(
                        .granted(commit.result.lease, worker: commit.worker, isSpeculative: false),
                        at: 0
                    )
                }
                try journal.appendNow(
                    entries.map {
                        JournalEntry($0, cause: "\(journal.epoch).0", wallSeconds: wallSeconds)
                    }
                )
                adoption.adopted.append(unit)
            }
        }
        return adoption
    }
}
