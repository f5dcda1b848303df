import ContentDigest
import Tiling

/// Brings shards of a run together in one run directory: adopts what they have committed, by digest.
package struct ShardMerge: Sendable {
    private let opened: RunDirectory
    private let shards: [RunDirectory]
    private let plan: RunPlan

    /// What became of the shards' tiles.
    package struct Report: Hashable, Sendable {
        /// Tiles that are committed now.
        package var adoptedCount = 0
        /// Tiles that were committed before.
        package var knownCount = 0
        /// A sentence for each tile that is not what its shard says, or not what is committed.
        package var refused: [String] = []
    }

    /// Opens the shards, and the directory that they are merged into.
    ///
    /// - Parameters:
    ///   - directory: the run directory, absolute; made when missing.
    ///   - paths: the directories of the shards, absolute.
    ///   - runID: identity for a new run; a directory that exists keeps its own.
    ///   - probeToken: content for `tiles/.probe` of a new run.
    ///   - files: the file operations.
    /// - Throws: `.noRun` and `.otherPlan` naming the shard, and what keeps the directory from being
    ///   prepared; nothing is changed then.
    package init(
        into directory: String,
        shards paths: [String],
        runID: String,
        probeToken: String,
        files: any FileSystem
    ) throws(RunStoreError) {
        var shards: [RunDirectory] = []
        for path in paths {
            guard let shard = try RunDirectory.open(at: path, files: files) else {
                throw RunStoreError(
                    .noRun,
                    path: path,
                    message: "holds no run; give directories of shards"
                )
            }
            shards.append(shard)
        }
        guard let first = shards.first else {
            throw RunStoreError(.misuse, path: directory, message: "there are no shards to merge")
        }
        for shard in shards where shard.planDigest != first.planDigest {
            throw RunStoreError(
                .otherPlan,
                path: shard.path,
                message: "is a shard of another plan (\(shard.planDigest.short), not "
                    + "\(first.planDigest.short) as \(first.path))"
            )
        }
        self.shards = shards
        plan = try JournalReader(path: first.journalFile, files: files).plan()
        opened = try RunDirectory.prepare(
            at: directory,
            plan: plan,
            runID: runID,
            probeToken: probeToken,
            files: files
        )
    }

    /// Merges; blocks.
    ///
    /// - Parameters:
    ///   - path: the journal of the run directory.
    ///   - holder: who merges, for the message that a coordinator gets meanwhile.
    ///   - wallSeconds: the time now, seconds since 1970.
    /// - Returns: what was adopted and what was not.
    /// - Throws: `.locked` when somebody is at work on a directory, and what keeps files from being read
    ///   or written.
    package func perform(
        journal path: String,
        holder: String,
        wallSeconds: Double
    ) throws(RunStoreError) -> Report {
        let lock = try opened.lock(holder: holder)
        defer { withExtendedLifetime(lock) {} }
        let place = JournalPlace(path: path, directory: opened.path)
        let journalLock = try place.lock(holder: holder)
        defer { withExtendedLifetime(journalLock) {} }
        let journal = try RunJournal.open(
            at: path,
            plan: plan,
            runID: opened.runID,
            wallSeconds: wallSeconds,
            files: opened.files
        )
        var report = Report()
        for shard in shards {
            let shardLock = try shard.lock(holder: holder)
            defer { withExtendedLifetime(shardLock) {} }
            try adopt(shard, into: journal, wallSeconds, &report)
        }
        // What only the journal knows would be undone with its loss.
        if place.isElsewhere {
            try MirroredJournal(journal, place: place, files: opened.files).backUp()
        }
        try journal.close()
        return report
    }

    private func adopt(
        _ shard: RunDirectory,
        into journal: RunJournal,
        _ wallSeconds: Double,
        _ report: inout Report
    ) throws(RunStoreError) {
        let reader = try JournalReader(path: shard.journalFile, files: shard.files)
        let verifier = DirectoryObjectVerifier(directory: shard, check: .digest)
        let snapshot = try journal.snapshot()
        let known = Dictionary(uniqueKeysWithValues: snapshot.units.map { ($0.unit, $0) })
        for result in try reader.results(stage: .prepare, round: 0) {
            let unit = result.lease.unit
            // What was only tried here, or given up, is welcome.
            if let there = known[unit], let object = there.object {
                report.knownCount += 1
                if object.samplesDigest != result.object.samplesDigest {
                    report.refused.append(
                        "\(unit) of \(shard.path) by \(result.worker) has the samples "
                            + "\(result.object.samplesDigest.short), committed in \(opened.path) "
                            + "are \(object.samplesDigest.short) by \(there.committedBy ?? "?")"
                    )
                }
                continue
            }
            if let reason = verifier.discrepancy(of: result.object) {
                report.refused.append("\(shard.path): \(reason)")
                continue
            }
            guard let partial = try reader.partial(of: unit) else {
                report.refused.append("\(unit) of \(shard.path) has no partial sums any more")
                continue
            }
            // Attempts that were made here have used their numbers up.
            let used = max(snapshot.attemptBase, known[unit]?.attempts ?? 0)
            let number = used == 0 ? result.lease.attempt.number : used + 1
            let adopted = result.renamed(to: Attempt(number))
            try opened.files.copy(
                shard.path(of: result.object.key),
                to: opened.path(of: adopted.object.key)
            )
            try journal.appendNow(Self.entries(of: adopted, partial: partial, wallSeconds))
            report.adoptedCount += 1
        }
    }

    private static func entries(
        of result: StoredResult,
        partial: [UInt8],
        _ wallSeconds: Double
    ) -> [JournalEntry] {
        [
            JournalRecord.granted(result.lease, worker: result.worker, isSpeculative: false),
            .committed(
                TileResult(
                    lease: result.lease,
                    object: result.object,
                    partial: partial,
                    cost: TileCost()
                ),
                worker: result.worker,
                elapsedSeconds: 0
            ),
        ].map { JournalEntry($0, cause: "0.0", wallSeconds: wallSeconds) }
    }
}
