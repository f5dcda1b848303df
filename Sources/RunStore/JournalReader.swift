import ContentDigest
import Foundation
import GRDB
package import Tiling

/// Reads a journal without writing to it, beside a live coordinator or after its death.
///
/// Every call blocks and sees one consistent state; two calls may see different ones.
package struct JournalReader: Sendable {
    /// The database file.
    package let path: String
    private let database: DatabaseQueue

    /// Opens a journal for reading.
    ///
    /// - Throws: `.noRun` when there is no such file, `.damaged`, `.newerSchema`, `.olderSchema`,
    ///   `.permission`.
    package init(path: String, files: any FileSystem) throws(RunStoreError) {
        guard try files.information(at: path)?.kind == .file else {
            throw RunStoreError(
                .noRun,
                path: path,
                message: "there is no journal here; start the run, or give its directory"
            )
        }
        self.path = path
        database = try JournalFailure.translating(path) {
            let database = try JournalOpening.openForReading(path)
            try database.read { database in
                let identifier = try Int.fetchOne(database, sql: "PRAGMA application_id")
                guard identifier == JournalSchema.applicationID else {
                    throw RunStoreError(
                        .damaged,
                        path: path,
                        message: "is a database, but no journal of a run"
                    )
                }
                let migrator = JournalSchema.migrator
                guard try !migrator.hasBeenSuperseded(database) else {
                    throw RunStoreError(
                        .newerSchema,
                        path: path,
                        message: "was written by a newer version; look at it with that version"
                    )
                }
                guard try migrator.hasCompletedMigrations(database) else {
                    throw RunStoreError(
                        .olderSchema,
                        path: path,
                        message:
                            "was written by an older version; look at it with that version, or "
                            + "go on with the run: the command that started it brings the journal "
                            + "up to date"
                    )
                }
            }
            return database
        }
    }

    /// Checks every page; the findings, none when the file is sound.
    ///
    /// Takes seconds for a gigabyte.
    package func integrityFindings() throws(RunStoreError) -> [String] {
        let findings = try read { database in
            try String.fetchAll(database, sql: "PRAGMA integrity_check(20)")
        }
        return findings == ["ok"] ? [] : findings
    }

    /// All that a coordinator needs to go on.
    package func snapshot() throws(RunStoreError) -> JournalSnapshot {
        try read { try JournalQueries.snapshot(in: $0, path: path) }
    }

    /// The plan, exactly as it was when the run began.
    package func plan() throws(RunStoreError) -> RunPlan {
        try read { database in
            guard
                let head = try Row.fetchOne(
                    database,
                    sql: "SELECT name, digest, specification FROM plan"
                )
            else { throw JournalQueries.damaged(path, "the plan is missing") }
            let rows = try Row.fetchAll(
                database,
                sql: "SELECT name, model_digest, tiles FROM stage ORDER BY position"
            )
            let stages = try rows.map { row in
                guard let digest = ContentDigest(hexadecimal: row[1]),
                    let tiles = PackedTiles.tiles(from: [UInt8](row[2] as Data))
                else { throw JournalQueries.damaged(path, "a stage's plan cannot be read") }
                return StagePlan(
                    stage: try JournalQueries.stage(row[0], path: path),
                    tiles: tiles,
                    modelDigest: digest
                )
            }
            guard zip(stages, stages.dropFirst()).allSatisfy({ $0.stage < $1.stage }) else {
                throw JournalQueries.damaged(path, "the stages are out of order")
            }
            let plan = RunPlan(
                name: head[0],
                stages: stages,
                specification: [UInt8](head[2] as Data)
            )
            guard plan.digest.hexadecimal == head[1] as String else {
                throw JournalQueries.damaged(path, "the plan does not have its digest")
            }
            return plan
        }
    }

    /// The results of a round in tile order.
    package func results(stage: Stage, round: Int) throws(RunStoreError) -> [StoredResult] {
        try results(
            "stage = ? AND round = ? ORDER BY tile_row, tile_column",
            [stage.rawValue, round]
        )
    }

    /// The result of a unit; nil when there is none.
    package func result(of unit: WorkUnit) throws(RunStoreError) -> StoredResult? {
        try results(
            "stage = ? AND round = ? AND tile_row = ? AND tile_column = ?",
            [unit.stage.rawValue, unit.round, unit.tile.row, unit.tile.column]
        ).first
    }

    private func results(
        _ condition: String,
        _ arguments: StatementArguments
    ) throws(RunStoreError) -> [StoredResult] {
        try read { database in
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT stage, round, tile_row, tile_column, attempt,
                        object_key, bytes, file_digest, samples_digest, worker, committed_at
                    FROM result WHERE \(condition)
                    """,
                arguments: arguments
            )
            var results: [StoredResult] = []
            while let row = try rows.next() {
                results.append(
                    StoredResult(
                        lease: try JournalQueries.lease(row, path: path),
                        object: try JournalQueries.object(row, from: 5, path: path),
                        worker: row[9],
                        committedSeconds: row[10]
                    )
                )
            }
            return results
        }
    }

    /// The partials of a round in tile order.
    package func partials(
        stage: Stage,
        round: Int
    ) throws(RunStoreError) -> [(tile: TileID, partial: [UInt8])] {
        try read {
            try JournalQueries.partials(stage: stage, round: round, in: $0, path: path)
        }
    }

    /// The partial of a committed unit; nil when there is none.
    package func partial(of unit: WorkUnit) throws(RunStoreError) -> [UInt8]? {
        try read { database in
            try Data.fetchOne(
                database,
                sql: """
                    SELECT partial FROM result
                    WHERE stage = ? AND round = ? AND tile_row = ? AND tile_column = ?
                    """,
                arguments: [unit.stage.rawValue, unit.round, unit.tile.row, unit.tile.column]
            ).map { [UInt8]($0) }
        }
    }

    /// Number of rows of the history.
    package func eventCount() throws(RunStoreError) -> Int {
        try read { try Int.fetchOne($0, sql: "SELECT count(*) FROM event") ?? 0 }
    }

    /// The reductions in the order of stages and rounds.
    package func reductions() throws(RunStoreError) -> [ReductionSnapshot] {
        try read { try JournalQueries.reductions(in: $0, path: path) }
    }

    /// The constants of each stage that is finished.
    package func constants() throws(RunStoreError) -> [Stage: [UInt8]] {
        var constants: [Stage: [UInt8]] = [:]
        for reduction in try reductions() {
            if case .finished(let bytes) = reduction.reduction {
                constants[reduction.stage] = bytes
            }
        }
        return constants
    }

    func read<Value>(_ body: (Database) throws -> Value) throws(RunStoreError) -> Value {
        try JournalFailure.translating(path) { try database.read(body) }
    }
}
