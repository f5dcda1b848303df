import ContentDigest
import GRDB
private import Synchronization
package import Tiling

/// The run's truth on disk: an SQLite database with a write-ahead log, synced at every commit.
///
/// One coordinator writes; any number of processes read (``JournalReader``). ``append(_:)`` groups
/// what several callers submit while the disk is busy into one transaction of at most
/// ``groupLimit`` entries, so the rate of commits adapts to the disk and a lone entry never waits.
/// SQLite runs on GRDB's own queue, never on the cooperative pool.
package final class RunJournal: JournalStore {
    /// The most entries that one transaction takes from several callers together.
    package static let groupLimit = 4096
    /// The most rows that the history keeps, from each opening and each stage's end on.
    package static let eventLimit = 200_000

    /// The database file.
    package let path: String
    /// Incarnation of the coordinator, raised when the journal is opened for coordination.
    package let epoch: UInt64
    /// Identity of the run.
    package let runID: String

    let database: DatabaseQueue
    private let planDigest: ContentDigest

    private struct Submission: Sendable {
        let entries: [JournalEntry]
        let completion: @Sendable (RunStoreError?) -> Void
    }

    private struct Submissions {
        var waiting: [Submission] = []
        var isCommitting = false
        var isClosed = false
    }

    private let submissions = Mutex(Submissions())

    /// Opens or creates the journal of a plan and raises its epoch.
    ///
    /// Blocks; a large journal is checked page by page first. The caller holds the run's lock.
    ///
    /// - Parameters:
    ///   - path: the database file; its directory exists.
    ///   - plan: the plan to be run.
    ///   - runID: identity of the run; a journal that exists must bear the same.
    ///   - wallSeconds: the time now, seconds since 1970.
    ///   - files: probes the file system that the journal is on.
    /// - Returns: the journal, in its new epoch.
    /// - Throws: `.networkFileSystem`, `.damaged`, `.newerSchema`, `.otherPlan`, `.permission`,
    ///   `.full`; a journal that exists is unchanged then.
    package static func open(
        at path: String,
        plan: RunPlan,
        runID: String,
        wallSeconds: Double,
        files: any FileSystem
    ) throws(RunStoreError) -> RunJournal {
        let parent = PosixFileSystem.parent(of: path) ?? "/"
        if case .network(let name) = try files.storageKind(at: parent) {
            throw RunStoreError(
                .networkFileSystem,
                path: path,
                message: "lies on \(name), where a journal is not safe; put it on a local disk "
                    + "with --journal PATH"
            )
        }
        return try JournalFailure.translating(path) {
            let database = try JournalOpening.openForWriting(path)
            try JournalOpening.check(database, path: path)
            try JournalOpening.migrate(database, path: path)
            let epoch = try database.write { database in
                try JournalOpening.adopt(
                    plan: plan,
                    runID: runID,
                    wallSeconds: wallSeconds,
                    in: database,
                    path: path
                )
            }
            return RunJournal(
                path: path,
                epoch: epoch,
                runID: runID,
                planDigest: plan.digest,
                database: database
            )
        }
    }

    private init(
        path: String,
        epoch: UInt64,
        runID: String,
        planDigest: ContentDigest,
        database: DatabaseQueue
    ) {
        self.path = path
        self.epoch = epoch
        self.runID = runID
        self.planDigest = planDigest
        self.database = database
    }

    /// Makes entries durable, all or none, in one transaction with what others submit meanwhile.
    ///
    /// Cancelling the calling task does not take the entries back.
    package func append(_ entries: [JournalEntry]) async throws(RunStoreError) {
        guard !entries.isEmpty else { return }
        let failure: RunStoreError? = await withCheckedContinuation { continuation in
            submit(Submission(entries: entries) { continuation.resume(returning: $0) })
        }
        if let failure { throw failure }
    }

    /// Makes entries durable, all or none, before it returns; blocks.
    package func appendNow(_ entries: [JournalEntry]) throws(RunStoreError) {
        try JournalFailure.translating(path) { [self] in
            try database.write { database in
                var writer = JournalWriter(database: database, epoch: epoch)
                for entry in entries { try writer.write(entry) }
                try writer.finish()
            }
        }
    }

    /// The partials of a round's committed units, in tile order, each compared with its digest.
    package func partials(
        stage: Stage,
        round: Int
    ) async throws(RunStoreError) -> [(tile: TileID, partial: [UInt8])] {
        try await looked { [path] database in
            try JournalQueries.partials(stage: stage, round: round, in: database, path: path)
        }
    }

    /// The units of a round whose partials do not have their digests, in tile order.
    package func damagedPartials(
        stage: Stage,
        round: Int
    ) async throws(RunStoreError) -> [WorkUnit] {
        try await looked { [path] database in
            try JournalQueries.damagedPartials(stage: stage, round: round, in: database, path: path)
        }
    }

    /// Reads on the journal's own queue.
    private func looked<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(RunStoreError) -> Value {
        let outcome: Result<Value, RunStoreError> = await withCheckedContinuation { continuation in
            database.asyncWriteWithoutTransaction { [path] database in
                continuation.resume(
                    returning: Result { () throws(RunStoreError) in
                        try JournalFailure.translating(path) { try body(database) }
                    }
                )
            }
        }
        return try outcome.get()
    }

    /// All that a coordinator needs to go on; blocks.
    package func snapshot() throws(RunStoreError) -> JournalSnapshot {
        try JournalFailure.translating(path) { [self] in
            try database.read { database in
                try JournalQueries.snapshot(in: database, path: path)
            }
        }
    }

    /// Writes a consistent copy of the whole journal to another file; blocks, writers wait.
    ///
    /// The copy appears by rename, and can be opened like the journal itself.
    package func backup(
        to destination: String,
        files: any FileSystem
    ) throws(RunStoreError) {
        let temporary = "\(destination).tmp"
        try files.remove(temporary)
        try JournalFailure.translating(destination) { [self] in
            try database.writeWithoutTransaction { database in
                try database.execute(sql: "VACUUM INTO ?", arguments: [temporary])
            }
        }
        try files.rename(temporary, to: destination)
    }

    /// Writes down that the tile files of stages are removed on purpose; blocks.
    ///
    /// The caller holds the run's lock.
    package static func note(
        removedStages stages: Set<Stage>,
        in path: String
    ) throws(RunStoreError) {
        try JournalFailure.translating(path) {
            let database = try JournalOpening.openForWriting(path)
            try database.write { database in
                try JournalQueries.setMeta(
                    "removed_stages",
                    stages.sorted().map(\.rawValue).joined(separator: " "),
                    in: database
                )
            }
            try database.close()
        }
    }

    /// Ends writing: merges the log into the database file and closes it; blocks.
    ///
    /// A process that ends without this loses nothing; the next open merges the log.
    package func close() throws(RunStoreError) {
        submissions.withLock { $0.isClosed = true }
        try JournalFailure.translating(path) { [self] in
            try database.close()
        }
    }

    // MARK: - Group commit

    private func submit(_ submission: Submission) {
        let (mustStart, isClosed) = submissions.withLock { state in
            if state.isClosed { return (false, true) }
            state.waiting.append(submission)
            defer { state.isCommitting = true }
            return (!state.isCommitting, false)
        }
        if isClosed {
            submission.completion(
                RunStoreError(.misuse, path: path, message: "the journal is closed")
            )
        }
        if mustStart {
            database.asyncWriteWithoutTransaction { [self] in commitGroups(in: $0) }
        }
    }

    /// Runs on GRDB's queue until nothing is left to commit.
    private func commitGroups(in database: Database) {
        while let group = nextGroup() {
            var failure: RunStoreError?
            do throws(RunStoreError) {
                try JournalFailure.translating(path) {
                    try database.inTransaction {
                        var writer = JournalWriter(database: database, epoch: epoch)
                        for submission in group {
                            for entry in submission.entries { try writer.write(entry) }
                        }
                        try writer.finish()
                        return .commit
                    }
                }
            } catch {
                failure = error
            }
            for submission in group { submission.completion(failure) }
        }
    }

    private func nextGroup() -> [Submission]? {
        submissions.withLock { state in
            var count = 0
            var entryCount = 0
            for submission in state.waiting {
                entryCount += submission.entries.count
                if count > 0, entryCount > Self.groupLimit { break }
                count += 1
            }
            guard count > 0 else {
                state.isCommitting = false
                return nil
            }
            let group = Array(state.waiting.prefix(count))
            state.waiting.removeFirst(count)
            return group
        }
    }
}
