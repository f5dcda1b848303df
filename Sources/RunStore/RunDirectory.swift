package import ContentDigest
package import Tiling

/// The directory that a run leaves its results in, and the layout of what is there.
///
/// ```
/// run.json  journal.sqlite (or journal.location, .backup.sqlite, .recent)  join.json  report.html
/// tiles/<stage>/…  mosaic/  tables/  preview/  logs/  keys/ (0700)  control/ (0700)
/// .run (identity)  .lock (who coordinates)  tiles/.probe (what workers compare)
/// ```
package struct RunDirectory: Sendable {
    /// The path of the directory.
    package let path: String
    /// The file operations.
    package let files: any FileSystem
    /// Identity of the run.
    package let runID: String
    /// Identity of the plan that the directory belongs to.
    package let planDigest: ContentDigest
    /// Content of `tiles/.probe`, by which a worker knows that it sees the same directory.
    package let probeToken: String

    /// The directories of the layout that hold results.
    package static let directoryNames = [
        "tiles", "mosaic", "tables", "preview", "logs", "keys", "control",
    ]
    /// Those that nobody but the owner may enter.
    private static let privateNames: Set<String> = ["keys", "control"]

    /// The description of the run.
    package var runFile: String { "\(path)/run.json" }
    /// The journal, unless the operator keeps it elsewhere.
    package var journalFile: String { "\(path)/journal.sqlite" }
    /// What a worker on another machine needs.
    package var joinFile: String { "\(path)/join.json" }
    /// The report.
    package var reportFile: String { "\(path)/report.html" }
    /// The tile files of all stages.
    package var tilesDirectory: String { "\(path)/tiles" }
    /// Mosaics.
    package var mosaicDirectory: String { "\(path)/mosaic" }
    /// Tables.
    package var tablesDirectory: String { "\(path)/tables" }
    /// Pictures.
    package var previewDirectory: String { "\(path)/preview" }
    /// Log files.
    package var logsDirectory: String { "\(path)/logs" }
    /// Keys of this run; nobody but the owner may enter.
    package var keysDirectory: String { "\(path)/keys" }
    /// Requests of operators to a running coordinator; nobody but the owner may enter.
    package var controlDirectory: String { "\(path)/control" }
    /// What workers read to know that they see this directory.
    package var probeFile: String { "\(tilesDirectory)/.probe" }

    /// What was found wrong with a committed object, when that is the object's fault; blocks.
    ///
    /// - Returns: the finding while the storage of the objects answers as it did when the run began; nil
    ///   when it does not, because then every object looks lost.
    package func believing(_ finding: String?) -> String? {
        guard finding != nil, (try? files.contents(at: probeFile)) == Array(probeToken.utf8) else {
            return nil
        }
        return finding
    }

    /// Where a tile object lies.
    package func path(of key: TileObjectKey) -> String { "\(tilesDirectory)/\(key.path)" }

    /// Creates the directory for a plan, or opens it when it already belongs to that plan.
    ///
    /// - Parameters:
    ///   - path: the directory; created with those above it when missing.
    ///   - plan: the plan to be run.
    ///   - runID: identity for a new run; a directory that exists keeps its own.
    ///   - probeToken: content for `tiles/.probe` of a new run: letters and digits that no other run
    ///     has.
    ///   - files: the file operations.
    /// - Returns: the directory.
    /// - Throws: `.otherPlan` or `.foreignFiles` when the directory is not for this plan, `.damaged` when the
    ///   volume of its tiles is not there; nothing is changed then.
    package static func prepare(
        at path: String,
        plan: RunPlan,
        runID: String,
        probeToken: String,
        files: any FileSystem
    ) throws(RunStoreError) -> RunDirectory {
        if let existing = try open(at: path, files: files) {
            guard existing.planDigest == plan.digest else {
                throw RunStoreError(
                    .otherPlan,
                    path: path,
                    message: "holds the run \(existing.runID) of another plan "
                        + "(\(existing.planDigest.short), not \(plan.digest.short)); give another "
                        + "--output, or replace that run with `run --new`"
                )
            }
            try existing.refuseEmptiedStorage()
            try existing.createLayout(stages: plan.stages.map(\.stage))
            return existing
        }
        try refuseForeignFiles(at: path, files: files)
        let directory = RunDirectory(
            path: path,
            files: files,
            runID: runID,
            planDigest: plan.digest,
            probeToken: probeToken
        )
        try directory.createLayout(stages: plan.stages.map(\.stage))
        let identity = "sectile-run 1\n\(runID)\n\(plan.digest)\n\(probeToken)\n"
        // Written last: a creation that was cut short is begun again, not taken for a run.
        try files.write(
            Array(identity.utf8),
            to: identityFile(of: path),
            permissions: 0o644
        )
        return directory
    }

    /// Opens the directory of a run; nil when there is no run in it.
    ///
    /// - Throws: `.damaged` when the identity of the run cannot be read.
    package static func open(
        at path: String,
        files: any FileSystem
    ) throws(RunStoreError) -> RunDirectory? {
        let identityPath = identityFile(of: path)
        guard try files.information(at: identityPath)?.kind == .file else { return nil }
        let text = String(decoding: try files.contents(at: identityPath), as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.count >= 4, lines[0] == "sectile-run 1", !lines[1].isEmpty,
            let digest = ContentDigest(hexadecimal: lines[2]), !lines[3].isEmpty
        else {
            throw RunStoreError(
                .damaged,
                path: identityPath,
                message: "is not the identity of a run that this version can read; move the "
                    + "directory away, or give another --output"
            )
        }
        return RunDirectory(
            path: path,
            files: files,
            runID: lines[1],
            planDigest: digest,
            probeToken: lines[3]
        )
    }

    private static func identityFile(of path: String) -> String { "\(path)/.run" }

    private static func refuseForeignFiles(
        at path: String,
        files: any FileSystem
    ) throws(RunStoreError) {
        guard let information = try files.information(at: path) else { return }
        guard information.kind == .directory else {
            throw RunStoreError(
                .foreignFiles,
                path: path,
                message: "is not a directory; give another --output"
            )
        }
        let ours = Set(directoryNames + [".lock", ".run.tmp", "lost+found"])
        let foreign = try files.names(in: path).filter { !ours.contains($0) }
        guard let first = foreign.first else { return }
        let others = foreign.count > 1 ? " and \(foreign.count - 1) more" : ""
        throw RunStoreError(
            .foreignFiles,
            path: path,
            message: "holds '\(first)'\(others), and no run; give an empty or new directory as "
                + "--output"
        )
    }

    /// An empty mount point looks like a run that lost all its tiles; written into, it would prove it.
    private func refuseEmptiedStorage() throws(RunStoreError) {
        guard try files.information(at: tilesDirectory)?.kind == .directory,
            try files.information(at: probeFile) == nil
        else { return }
        throw RunStoreError(
            .damaged,
            path: tilesDirectory,
            message:
                "has no .probe, so it is not what the run's tiles were written to; mount that volume "
                + "again, or remove the directory: what is missing is then computed again"
        )
    }

    private func createLayout(stages: [Stage]) throws(RunStoreError) {
        try files.createDirectory(at: path, permissions: 0o755)
        for name in Self.directoryNames {
            try files.createDirectory(
                at: "\(path)/\(name)",
                permissions: Self.privateNames.contains(name) ? 0o700 : 0o755
            )
        }
        for stage in stages {
            try files.createDirectory(
                at: "\(tilesDirectory)/\(stage.rawValue)",
                permissions: 0o755
            )
        }
        if try files.information(at: probeFile) == nil {
            try files.write(Array(probeToken.utf8), to: probeFile, permissions: 0o644)
        }
    }
}
