import ArgumentParser
import ContentDigest
import Foundation
import RunStore
import Tiling

/// The command `sectile merge`.
struct MergeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Bring the shards of `sectile worker --shard` together in one run directory.",
        discussion: """
            Compares every tile of the shards with its digest, copies it, and commits it in the journal of \
            DIR, which is made when missing. Shards must be of the same plan. Merging again adds what is \
            new. Then `sectile run CONFIG --output DIR` goes on with the stages that need all tiles; what \
            no shard brought, it computes itself.
            """
    )

    @Argument(help: "The run directory: created, or completed when it holds the same plan.")
    var directory: String
    @Argument(help: "The directories of the shards.")
    var shards: [String]

    func run() throws {
        do {
            let merge = try ShardMerge(directory: directory, shards: shards)
            let report = try merge.perform()
            for text in report.refused { print("REFUSED  \(text)") }
            print(
                "\(report.adoptedCount) tiles adopted, \(report.knownCount) were there, "
                    + "\(report.refused.count) refused"
            )
            if !report.refused.isEmpty { throw ArgumentParser.ExitCode(ExitCode.failed) }
        } catch let error as RunStoreError {
            throw CommandError(exitCode: error.exitCode, description: "\(error)")
        }
    }
}

/// Adopts what shards have committed, by digest.
struct ShardMerge {
    private let opened: RunDirectory
    private let shards: [RunDirectory]
    private let plan: RunPlan

    /// What became of the shards' tiles.
    struct Report {
        var adoptedCount = 0
        var knownCount = 0
        var refused: [String] = []
    }

    /// Opens the shards, and the directory that they are merged into.
    init(directory: String, shards paths: [String]) throws {
        let files = PosixFileSystem()
        shards = try paths.map { path in
            let place = URL(fileURLWithPath: path).standardizedFileURL.path
            guard let shard = try RunDirectory.open(at: place, files: files) else {
                throw CommandError.usage("\(path) holds no run; give directories of shards")
            }
            return shard
        }
        guard let first = shards.first else {
            throw CommandError.usage("merge: give at least one directory of a shard")
        }
        for shard in shards where shard.planDigest != first.planDigest {
            throw CommandError.usage(
                "\(shard.path) is a shard of another plan (\(shard.planDigest.short), not "
                    + "\(first.planDigest.short) as \(first.path))"
            )
        }
        plan = try JournalReader(path: first.journalFile, files: files).plan()
        opened = try RunDirectory.prepare(
            at: URL(fileURLWithPath: directory).standardizedFileURL.path,
            plan: plan,
            runID: UUID().uuidString.lowercased(),
            probeToken: UUID().uuidString.lowercased(),
            files: files
        )
    }

    /// Merges.
    func perform() throws -> Report {
        let holder = "process \(ProcessFacts.processID) on \(ProcessFacts.host): sectile merge"
        let lock = try opened.lock(holder: holder)
        defer { withExtendedLifetime(lock) {} }
        let journal = try RunJournal.open(
            at: try RunReading.path(opened.path, journal: nil),
            plan: plan,
            runID: opened.runID,
            wallSeconds: Timestamps.secondsSince1970(),
            files: PosixFileSystem()
        )
        var report = Report()
        for shard in shards {
            let shardLock = try shard.lock(holder: holder)
            defer { withExtendedLifetime(shardLock) {} }
            try adopt(shard, into: journal, &report)
        }
        try journal.close()
        return report
    }

    private func adopt(
        _ shard: RunDirectory,
        into journal: RunJournal,
        _ report: inout Report
    ) throws {
        let reader = try JournalReader(path: shard.journalFile, files: PosixFileSystem())
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
                            + "\(result.object.samplesDigest.short), committed are "
                            + "\(object.samplesDigest.short) by \(there.committedBy ?? "?")"
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
            try copy(result.object.key, from: shard, to: adopted.object.key)
            try journal.appendNow(Self.entries(of: adopted, partial: partial))
            report.adoptedCount += 1
        }
    }

    private static func entries(of result: StoredResult, partial: [UInt8]) -> [JournalEntry] {
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
        ].map {
            JournalEntry($0, cause: "0.0", wallSeconds: Timestamps.secondsSince1970())
        }
    }

    private func copy(
        _ key: TileObjectKey,
        from shard: RunDirectory,
        to own: TileObjectKey
    ) throws {
        let files = PosixFileSystem()
        let target = opened.path(of: own)
        let folder = String(target.prefix(upTo: target.lastIndex(of: "/") ?? target.endIndex))
        let temporary = "\(folder)/.\(target.dropFirst(folder.count + 1)).tmp"
        try files.remove(temporary)
        var offset = 0
        while case let piece = try files.contents(
            at: shard.path(of: key),
            offset: offset,
            count: 1 << 20
        ), !piece.isEmpty {
            try files.write(piece, to: temporary, offset: offset)
            offset += piece.count
        }
        try files.synchronise(temporary)
        try files.rename(temporary, to: target)
    }
}
