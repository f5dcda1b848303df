import ContentDigest
import Foundation
import GRDB
import Tiling

/// Reads the tables; shared by the writer's connection and by readers.
enum JournalQueries {
    /// Bytes in the form that the database takes.
    static func data(_ bytes: [UInt8]) -> Data { Data(bytes) }

    /// A value of the `meta` table.
    static func meta(_ key: String, in database: Database) throws -> String? {
        try String.fetchOne(
            database,
            sql: "SELECT value FROM meta WHERE key = ?",
            arguments: [key]
        )
    }

    /// Sets a value of the `meta` table.
    static func setMeta(_ key: String, _ value: String, in database: Database) throws {
        try database.execute(
            sql: "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
            arguments: [key, value]
        )
    }

    /// Drops the oldest history beyond ``RunJournal/eventLimit`` rows.
    static func prune(_ database: Database) throws {
        try database.execute(
            sql: "DELETE FROM event WHERE id <= (SELECT max(id) FROM event) - ?",
            arguments: [RunJournal.eventLimit]
        )
    }

    /// The partials of a round, in tile order, each compared with its digest.
    static func partials(
        stage: Stage,
        round: Int,
        in database: Database,
        path: String
    ) throws -> [(tile: TileID, partial: [UInt8])] {
        let rows = try Row.fetchCursor(
            database,
            sql: """
                SELECT tile_row, tile_column, partial, partial_check FROM result
                WHERE stage = ? AND round = ? ORDER BY tile_row, tile_column
                """,
            arguments: [stage.rawValue, round]
        )
        var partials: [(tile: TileID, partial: [UInt8])] = []
        while let row = try rows.next() {
            let tile = try tileID(row[0], row[1], path: path)
            let partial = [UInt8](row[2] as Data)
            guard ContentDigest(of: partial).short == row[3] as String else {
                throw damaged(path, "the partial sums of \(stage.rawValue)/\(tile) have changed")
            }
            partials.append((tile, partial))
        }
        return partials
    }

    /// The units of a round whose partials do not have their digests, in tile order.
    static func damagedPartials(
        stage: Stage,
        round: Int,
        in database: Database,
        path: String
    ) throws -> [WorkUnit] {
        let rows = try Row.fetchCursor(
            database,
            sql: """
                SELECT tile_row, tile_column, partial, partial_check FROM result
                WHERE stage = ? AND round = ? ORDER BY tile_row, tile_column
                """,
            arguments: [stage.rawValue, round]
        )
        var units: [WorkUnit] = []
        while let row = try rows.next() {
            let check = ContentDigest(of: [UInt8](row[2] as Data)).short
            guard check != row[3] as String else { continue }
            let tile = try tileID(row[0], row[1], path: path)
            units.append(WorkUnit(stage: stage, round: round, tile: tile))
        }
        return units
    }

    /// The whole state.
    static func snapshot(in database: Database, path: String) throws -> JournalSnapshot {
        guard let runID = try meta("run_id", in: database),
            let digestText = try meta("plan_digest", in: database),
            let digest = ContentDigest(hexadecimal: digestText),
            let epochText = try meta("epoch", in: database), let epoch = UInt64(epochText),
            let phaseText = try meta("phase", in: database),
            let phase = RunPhase(rawValue: phaseText)
        else { throw damaged(path, "the journal misses its head") }
        var snapshot = JournalSnapshot(runID: runID, planDigest: digest, epoch: epoch)
        snapshot.attemptBase = try meta("attempt_base", in: database).flatMap { Int($0) } ?? 0
        let removed = try meta("removed_stages", in: database) ?? ""
        snapshot.removedStages = Set(
            removed.split(separator: " ").compactMap { Stage(rawValue: String($0)) }
        )
        snapshot.phase = phase
        snapshot.phaseMessage = try meta("phase_message", in: database) ?? ""
        snapshot.units = try units(in: database, path: path)
        snapshot.openAttempts = try openAttempts(in: database, path: path)
        snapshot.chargedFailures = try chargedFailures(in: database, path: path)
        snapshot.reductions = try reductions(in: database, path: path)
        snapshot.claims = try claims(in: database, path: path)
        snapshot.durations = try durations(in: database, path: path)
        let workers = try Row.fetchAll(
            database,
            sql: "SELECT id, host, distrusted, draining, key FROM worker"
        )
        for row in workers {
            let id: String = row[0]
            snapshot.hosts[id] = row[1]
            snapshot.keys[id] = String.fromDatabaseValue(row[4]) ?? ""
            if Bool.fromDatabaseValue(row[3]) ?? false { snapshot.drainedWorkers.insert(id) }
            if row[2] as Bool { snapshot.distrustedWorkers.insert(id) }
        }
        return snapshot
    }

    private static func units(in database: Database, path: String) throws -> [UnitSnapshot] {
        var units: [UnitSnapshot] = []
        // About so many rows come; growing an array of a million copies it twenty times.
        units.reserveCapacity(
            try Int.fetchOne(database, sql: "SELECT sum(committed) FROM result_count") ?? 0
        )
        // Stage by stage the primary key gives the rows in order: a million need no sorting.
        for stage in Stage.allCases.sorted() {
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT tile.stage, tile.round, tile.tile_row, tile.tile_column, state, attempts,
                        charges, storage_failures, losses, message,
                        object_key, bytes, file_digest, samples_digest, worker
                    FROM tile LEFT JOIN result ON result.stage = tile.stage
                        AND result.round = tile.round AND result.tile_row = tile.tile_row
                        AND result.tile_column = tile.tile_column
                    WHERE tile.stage = ?
                    ORDER BY tile.round, tile.tile_row, tile.tile_column
                    """,
                arguments: [stage.rawValue]
            )
            while let row = try rows.next() {
                units.append(try unitSnapshot(row, path: path))
            }
        }
        let rowCount = try Int.fetchOne(database, sql: "SELECT count(*) FROM tile") ?? 0
        guard units.count == rowCount else {
            throw damaged(path, "there are units of a stage that is none")
        }
        return units
    }

    private static func unitSnapshot(_ row: Row, path: String) throws -> UnitSnapshot {
        var unit = UnitSnapshot(unit: try workUnit(row, path: path))
        guard let state = UnitSnapshot.State(rawValue: row[4]) else {
            throw damaged(path, "\(unit.unit) has the unknown state \(row[4] as Int)")
        }
        unit.state = state
        guard isCount(row[5]), isCount(row[6]), isCount(row[7]), isCount(row[8]) else {
            throw damaged(path, "\(unit.unit) has counts out of range")
        }
        unit.attempts = row[5]
        unit.charges = row[6]
        unit.storageFailures = row[7]
        unit.losses = row[8]
        unit.message = row[9]
        if state == .committed {
            unit.object = try object(row, from: 10, path: path)
            unit.committedBy = row[14]
        }
        return unit
    }

    private static func openAttempts(in database: Database, path: String) throws -> [OpenAttempt] {
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT stage, round, tile_row, tile_column, attempt, worker, speculative
                FROM attempt WHERE outcome IS NULL
                """
        )
        return try rows.map { row in
            OpenAttempt(
                lease: try lease(row, path: path),
                worker: row[5],
                isSpeculative: row[6]
            )
        }.sorted { $0.lease < $1.lease }
    }

    private static func chargedFailures(
        in database: Database,
        path: String
    ) throws -> [ChargedFailure] {
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT stage, round, tile_row, tile_column, attempt, worker, failure_class
                FROM attempt WHERE charged = 1
                """
        )
        return try rows.map { row in
            let lease = try lease(row, path: path)
            let failureClass = String.fromDatabaseValue(row[6])
                .flatMap { FailureClass(rawValue: $0) }
            let failure = ChargedFailure(
                unit: lease.unit,
                worker: row[5],
                failureClass: failureClass
            )
            return (lease, failure)
        }.sorted { $0.0 < $1.0 }.map(\.1)
    }

    private static func claims(in database: Database, path: String) throws -> [ResultClaim] {
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT stage, round, tile_row, tile_column, attempt, worker, host, samples_digest
                FROM claim
                """
        )
        return try rows.map { row in
            guard let digest = ContentDigest(hexadecimal: row[7]) else {
                throw damaged(path, "a claim misses its digest")
            }
            return ResultClaim(
                lease: try lease(row, path: path),
                worker: row[5],
                host: row[6],
                samplesDigest: digest
            )
        }.sorted { $0.lease < $1.lease }
    }

    private static func durations(
        in database: Database,
        path: String
    ) throws -> [AttemptDuration] {
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT latest.stage, latest.round, attempt.elapsed_seconds
                FROM (SELECT id, stage, round, tile_row, tile_column, attempt FROM result
                    ORDER BY id DESC LIMIT ?) AS latest
                JOIN attempt ON attempt.stage = latest.stage AND attempt.round = latest.round
                    AND attempt.tile_row = latest.tile_row
                    AND attempt.tile_column = latest.tile_column
                    AND attempt.attempt = latest.attempt
                ORDER BY latest.id
                """,
            arguments: [AttemptDuration.limit]
        )
        return try rows.compactMap { row in
            // 0 where it is not known: adopted, or merged.
            guard let seconds = Double.fromDatabaseValue(row[2]), seconds > 0, seconds.isFinite
            else {
                return nil
            }
            return AttemptDuration(
                stage: try stage(row[0], path: path),
                round: row[1],
                seconds: seconds
            )
        }
    }

    /// The reductions in the order of stages and rounds.
    static func reductions(in database: Database, path: String) throws -> [ReductionSnapshot] {
        let rows = try Row.fetchAll(
            database,
            sql: "SELECT stage, round, kind, constants, constants_check FROM reduction"
        )
        return try rows.map { row in
            let constants = [UInt8](row[3] as Data)
            let stage = try self.stage(row[0], path: path)
            guard ContentDigest(of: constants).short == row[4] as String else {
                throw damaged(path, "the constants of \(stage.rawValue) have changed")
            }
            let reduction: StageReduction =
                row[2] as String == "finished"
                ? .finished(constants: constants) : .anotherRound(constants: constants)
            return ReductionSnapshot(stage: stage, round: row[1], reduction: reduction)
        }.sorted { ($0.stage, $0.round) < ($1.stage, $1.round) }
    }

    // MARK: - Columns

    /// The object of four columns: key, bytes, file digest, samples digest.
    static func object(_ row: Row, from column: Int, path: String) throws -> TileObject {
        guard let keyText = row[column] as String?, let key = TileObjectKey(path: keyText),
            let bytes = row[column + 1] as Int?,
            let file = (row[column + 2] as String?).flatMap({ ContentDigest(hexadecimal: $0) }),
            let samples = (row[column + 3] as String?).flatMap({ ContentDigest(hexadecimal: $0) })
        else { throw damaged(path, "a committed unit misses its object") }
        return TileObject(key: key, bytes: bytes, fileDigest: file, samplesDigest: samples)
    }

    /// The unit of the first four columns.
    static func workUnit(_ row: Row, path: String) throws -> WorkUnit {
        let round: Int = row[1]
        guard (0..<WorkUnit.maximumRounds).contains(round) else {
            throw damaged(path, "round \(round) is out of range")
        }
        return WorkUnit(
            stage: try stage(row[0], path: path),
            round: round,
            tile: try tileID(row[2], row[3], path: path)
        )
    }

    /// The lease of the first five columns.
    static func lease(_ row: Row, path: String) throws -> LeaseID {
        let attempt: Int = row[4]
        guard attempt >= 1, isCount(attempt) else {
            throw damaged(path, "attempt \(attempt) is out of range")
        }
        return LeaseID(unit: try workUnit(row, path: path), attempt: Attempt(attempt))
    }

    /// True for what a run can have counted: the next number must exist, too.
    private static func isCount(_ number: Int) -> Bool { (0..<1 << 30).contains(number) }

    /// A stage by its name.
    static func stage(_ name: String, path: String) throws -> Stage {
        guard let stage = Stage(rawValue: name) else {
            throw damaged(path, "'\(name)' is no stage")
        }
        return stage
    }

    /// A tile by its indices.
    static func tileID(_ row: Int, _ column: Int, path: String) throws -> TileID {
        let range = 0...TileID.maximumIndex
        guard range.contains(row), range.contains(column) else {
            throw damaged(path, "tile (\(row), \(column)) is out of range")
        }
        return TileID(row: row, column: column)
    }

    /// An error for content that SQLite accepts and the journal does not.
    static func damaged(_ path: String, _ finding: String) -> RunStoreError {
        RunStoreError(
            .damaged,
            path: path,
            message: "the journal is damaged: \(finding); \(JournalFailure.remedyForDamage)"
        )
    }
}
