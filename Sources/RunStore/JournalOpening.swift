import ContentDigest
import GRDB
import Tiling

/// The steps from a file to a journal that may be written.
enum JournalOpening {
    /// Opens the file for writing, with a write-ahead log and a sync at each commit.
    static func openForWriting(_ path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.journalMode = .wal
        configuration.busyMode = .timeout(5)
        configuration.label = "sectile.journal"
        let database = try DatabaseQueue(path: path, configuration: configuration)
        try database.writeWithoutTransaction { database in
            // GRDB sets NORMAL with WAL, which loses the last commits on a power failure.
            try database.execute(sql: "PRAGMA synchronous = FULL")
        }
        return database
    }

    /// Opens the file for reading only.
    static func openForReading(_ path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        configuration.label = "sectile.journal.reader"
        return try DatabaseQueue(path: path, configuration: configuration)
    }

    /// Checks every page and that the file is a journal at all.
    static func check(_ database: DatabaseQueue, path: String) throws {
        try database.read { database in
            let findings = try String.fetchAll(database, sql: "PRAGMA quick_check(3)")
            guard findings == ["ok"] else {
                throw RunStoreError(
                    .damaged,
                    path: path,
                    message: "the journal is damaged; \(JournalFailure.remedyForDamage)",
                    underlying: findings.joined(separator: "; ")
                )
            }
            let identifier = try Int.fetchOne(database, sql: "PRAGMA application_id") ?? 0
            let tableCount =
                try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") ?? 0
            guard identifier == JournalSchema.applicationID || tableCount == 0 else {
                throw RunStoreError(
                    .damaged,
                    path: path,
                    message: "is a database, but no journal of a run; give another path"
                )
            }
        }
    }

    /// Brings the tables up to date.
    static func migrate(_ database: DatabaseQueue, path: String) throws {
        let migrator = JournalSchema.migrator
        let isNewer = try database.read { try migrator.hasBeenSuperseded($0) }
        guard !isNewer else {
            throw RunStoreError(
                .newerSchema,
                path: path,
                message: "was written by a newer version; go on with that version"
            )
        }
        try database.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA application_id = \(JournalSchema.applicationID)")
        }
        try migrator.migrate(database)
    }

    /// Makes the journal that of the plan, or proves that it is, raises the epoch, and drops old history.
    static func adopt(
        plan: RunPlan,
        runID: String,
        wallSeconds: Double,
        in database: Database,
        path: String
    ) throws -> UInt64 {
        let epoch: UInt64
        if let digest = try JournalQueries.meta("plan_digest", in: database) {
            let found = try JournalQueries.meta("run_id", in: database) ?? ""
            guard digest == plan.digest.hexadecimal, found == runID else {
                throw RunStoreError(
                    .otherPlan,
                    path: path,
                    message: "is the journal of the run \(found) with plan \(digest.prefix(12)), "
                        + "not of \(runID) with plan \(plan.digest.short); give another --output "
                        + "or --journal, or replace that run with `run --new`"
                )
            }
            guard let text = try JournalQueries.meta("epoch", in: database),
                let previous = UInt64(text), previous < UInt64(Int64.max)
            else {
                throw RunStoreError(
                    .damaged,
                    path: path,
                    message: "the journal misses its epoch; \(JournalFailure.remedyForDamage)"
                )
            }
            epoch = max(previous + 1, seconds(wallSeconds))
        } else {
            epoch = max(1, seconds(wallSeconds))
            try insert(plan, runID: runID, wallSeconds: wallSeconds, in: database)
        }
        try JournalQueries.setMeta("epoch", "\(epoch)", in: database)
        try database.execute(
            sql: """
                INSERT INTO event (at, cause, kind, message) VALUES (?, ?, 'coordinator.started', ?)
                """,
            arguments: [wallSeconds, "\(epoch).0", "epoch \(epoch)"]
        )
        try JournalQueries.prune(database)
        return epoch
    }

    /// Whole seconds since 1970: with them coordinators on two copies of a journal never share an epoch,
    /// and the one that was started later is the newer one.
    private static func seconds(_ wallSeconds: Double) -> UInt64 {
        // A clock that shows nonsense must not use the numbers up.
        (0..<1e11).contains(wallSeconds) ? UInt64(wallSeconds) : 0
    }

    private static func insert(
        _ plan: RunPlan,
        runID: String,
        wallSeconds: Double,
        in database: Database
    ) throws {
        try JournalQueries.setMeta("run_id", runID, in: database)
        try JournalQueries.setMeta("plan_digest", plan.digest.hexadecimal, in: database)
        try JournalQueries.setMeta("phase", RunPhase.running.rawValue, in: database)
        try JournalQueries.setMeta("phase_message", "", in: database)
        try JournalQueries.setMeta("started_at", "\(wallSeconds)", in: database)
        try database.execute(
            sql: "INSERT INTO plan (id, name, digest, specification) VALUES (1, ?, ?, ?)",
            arguments: [
                plan.name, plan.digest.hexadecimal, JournalQueries.data(plan.specification),
            ]
        )
        for (position, stage) in plan.stages.enumerated() {
            try database.execute(
                sql: """
                    INSERT INTO stage (position, name, model_digest, tile_count, tiles)
                    VALUES (?, ?, ?, ?, ?)
                    """,
                arguments: [
                    position, stage.stage.rawValue, stage.modelDigest.hexadecimal,
                    stage.tiles.count, JournalQueries.data(PackedTiles.bytes(of: stage.tiles)),
                ]
            )
        }
    }
}
