import GRDB
package import Tiling

/// What the attempts at the units of a round of a stage took together.
package struct StageCosts: Hashable, Sendable {
    /// The stage.
    package var stage: Stage
    /// Its round.
    package var round: Int
    /// Attempts granted.
    package var attemptCount: Int
    /// From the first grant to the last end, seconds.
    package var wallSeconds: Double
    /// Reading, seconds, over committed attempts.
    package var readSeconds: Double
    /// Computing, seconds, over committed attempts.
    package var computeSeconds: Double
    /// Writing, seconds, over committed attempts.
    package var writeSeconds: Double
    /// Largest memory of a computing process, bytes; 0 when unknown.
    package var peakResidentBytes: Int
}

extension JournalReader {
    /// The costs of every round that was begun, in order; one pass over the attempts.
    package func stageCosts() throws(RunStoreError) -> [StageCosts] {
        try read { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT stage, round, count(*), max(ended_at) - min(granted_at),
                        sum(CASE WHEN outcome = 'committed' THEN read_seconds END),
                        sum(CASE WHEN outcome = 'committed' THEN compute_seconds END),
                        sum(CASE WHEN outcome = 'committed' THEN write_seconds END),
                        max(peak_bytes)
                    FROM attempt GROUP BY stage, round
                    """
            )
            return try rows.map { row in
                StageCosts(
                    stage: try JournalQueries.stage(row[0], path: path),
                    round: row[1],
                    attemptCount: row[2],
                    wallSeconds: row[3] ?? 0,
                    readSeconds: row[4] ?? 0,
                    computeSeconds: row[5] ?? 0,
                    writeSeconds: row[6] ?? 0,
                    peakResidentBytes: row[7] ?? 0
                )
            }.sorted { ($0.stage, $0.round) < ($1.stage, $1.round) }
        }
    }
}

/// The SQLite library that journals are kept with.
package enum SQLiteLibrary {
    /// Its version, such as `3.40.1`; empty when it cannot be asked.
    package static var versionText: String {
        let text = try? DatabaseQueue().read { database in
            try String.fetchOne(database, sql: "SELECT sqlite_version()")
        }
        return (text ?? nil) ?? ""
    }
}
