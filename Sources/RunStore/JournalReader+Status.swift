import GRDB
package import Tiling

extension JournalReader {
    /// Where the run stands.
    ///
    /// - Parameters:
    ///   - wallSeconds: the time now, seconds since 1970.
    ///   - windowSeconds: how far back the rate looks.
    /// - Returns: phase, counts and rate.
    /// - Throws: `.damaged` and what keeps a file from being read.
    package func status(
        wallSeconds: Double,
        windowSeconds: Double = 60
    ) throws(RunStoreError) -> RunStatus {
        try read { database in
            let snapshotHead = try head(in: database)
            return RunStatus(
                runID: snapshotHead.runID,
                name: try String.fetchOne(database, sql: "SELECT name FROM plan") ?? "",
                epoch: snapshotHead.epoch,
                phase: snapshotHead.phase,
                phaseMessage: try JournalQueries.meta("phase_message", in: database) ?? "",
                startedSeconds: try JournalQueries.meta("started_at", in: database)
                    .flatMap { Double($0) } ?? 0,
                lastCommitSeconds: try Double.fetchOne(
                    database,
                    sql: "SELECT max(committed_at) FROM result"
                ),
                commitsPerSecond: try rate(
                    in: database,
                    wallSeconds: wallSeconds,
                    windowSeconds: windowSeconds
                ),
                rounds: try rounds(in: database)
            )
        }
    }

    /// Commits per second in a window that ends now.
    ///
    /// Where very many were committed, the latest of them decide: counting them all takes longer than
    /// anyone wants to wait for a status.
    private func rate(
        in database: Database,
        wallSeconds: Double,
        windowSeconds: Double
    ) throws -> Double {
        let limit = 5000
        let earliest = try Double.fetchOne(
            database,
            sql: "SELECT committed_at FROM result ORDER BY committed_at DESC LIMIT 1 OFFSET ?",
            arguments: [limit - 1]
        )
        if let earliest, earliest > wallSeconds - windowSeconds, earliest < wallSeconds {
            return Double(limit) / (wallSeconds - earliest)
        }
        let recent =
            try Int.fetchOne(
                database,
                sql: "SELECT count(*) FROM result WHERE committed_at > ?",
                arguments: [wallSeconds - windowSeconds]
            ) ?? 0
        return Double(recent) / windowSeconds
    }

    private func head(
        in database: Database
    ) throws -> (runID: String, epoch: UInt64, phase: RunPhase) {
        guard let runID = try JournalQueries.meta("run_id", in: database),
            let epoch = try JournalQueries.meta("epoch", in: database).flatMap({ UInt64($0) }),
            let phase = try JournalQueries.meta("phase", in: database)
                .flatMap({ RunPhase(rawValue: $0) })
        else { throw JournalQueries.damaged(path, "the journal misses its head") }
        return (runID, epoch, phase)
    }

    private func rounds(in database: Database) throws -> [RoundCounts] {
        let plan = try Row.fetchAll(
            database,
            sql: "SELECT name, tile_count FROM stage ORDER BY position"
        )
        var openLeases: [String: [Int: Int]] = [:]
        // The partial index of open leases is small; by stage they would be sought among all.
        let open = try Row.fetchAll(
            database,
            sql: """
                SELECT stage, round, count(*) FROM attempt INDEXED BY attempt_open
                WHERE outcome IS NULL GROUP BY stage, round
                """
        )
        for row in open { openLeases[row[0], default: [:]][row[1]] = row[2] }
        var counts: [RoundCounts] = []
        for row in plan {
            let name: String = row[0]
            let stage = try JournalQueries.stage(name, path: path)
            let last =
                try Int.fetchOne(
                    database,
                    sql: "SELECT max(round) FROM tile WHERE stage = ?",
                    arguments: [name]
                ) ?? 0
            for round in 0...max(0, last) {
                let arguments: StatementArguments = [name, round]
                let ofRound = "WHERE stage = ? AND round = ?"
                func count(_ rows: String) throws -> Int {
                    try Int.fetchOne(
                        database,
                        sql: "SELECT count(*) FROM \(rows)",
                        arguments: arguments
                    ) ?? 0
                }
                counts.append(
                    RoundCounts(
                        stage: stage,
                        round: round,
                        tileCount: row[1],
                        committedCount: try Int.fetchOne(
                            database,
                            sql: "SELECT committed FROM result_count \(ofRound)",
                            arguments: arguments
                        ) ?? 0,
                        // Left to itself the planner goes through all tiles of the round.
                        quarantinedCount: try count(
                            "tile INDEXED BY tile_quarantined \(ofRound) AND state = 2"
                        ),
                        openLeaseCount: openLeases[name]?[round] ?? 0,
                        retriedCount: try count(
                            "tile INDEXED BY tile_retried \(ofRound) AND attempts > 1"
                        ),
                        isReduced: try count("reduction \(ofRound)") > 0
                    )
                )
            }
        }
        return counts
    }

    /// The workers, those with most recent activity first.
    package func workers() throws(RunStoreError) -> [StoredWorker] {
        try read { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT id, host, process_id, slots, build, session, epoch, joined_at, left_at,
                        left_reason, max(joined_at, active_at),
                        (SELECT count(*) FROM attempt INDEXED BY attempt_open
                            WHERE worker = id AND outcome IS NULL),
                        committed, failed
                    FROM worker ORDER BY 11 DESC, id
                    """
            )
            return rows.map { row in
                StoredWorker(
                    description: WorkerDescription(
                        id: row[0],
                        host: row[1],
                        processID: row[2],
                        slots: row[3],
                        build: row[4],
                        session: UInt64(clamping: row[5] as Int64)
                    ),
                    epoch: UInt64(clamping: row[6] as Int64),
                    joinedSeconds: row[7],
                    leftSeconds: row[8],
                    leftReason: row[9],
                    lastSeenSeconds: row[10],
                    openLeaseCount: (row[11] as Int?) ?? 0,
                    committedCount: (row[12] as Int?) ?? 0,
                    failedCount: (row[13] as Int?) ?? 0
                )
            }
        }
    }

    /// The quarantined units in ascending order.
    package func quarantined() throws(RunStoreError) -> [QuarantinedUnit] {
        try read { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT stage, round, tile_row, tile_column, attempts, message
                    FROM tile WHERE state = 2
                    """
            )
            return try rows.map { row in
                QuarantinedUnit(
                    unit: try JournalQueries.workUnit(row, path: path),
                    attempts: row[4],
                    message: row[5]
                )
            }.sorted { $0.unit < $1.unit }
        }
    }

    /// Every attempt at a tile in all stages, in ascending order.
    package func attempts(of tile: TileID) throws(RunStoreError) -> [StoredAttempt] {
        try read { database in
            // Each stage is looked up by the front of the table's key instead of in a full scan.
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT attempt.stage, attempt.round, tile_row, tile_column, attempt, worker,
                        attempt.epoch, speculative, granted_at, granted_cause, ended_at, ended_cause,
                        outcome, failure_class, charged, message, elapsed_seconds, read_seconds,
                        compute_seconds, write_seconds, peak_bytes, host
                    FROM (SELECT DISTINCT stage, round FROM tile
                        WHERE tile_row = ?1 AND tile_column = ?2) AS touched
                    JOIN attempt ON attempt.stage = touched.stage AND attempt.round = touched.round
                        AND tile_row = ?1 AND tile_column = ?2
                    LEFT JOIN worker ON worker.id = attempt.worker
                    """,
                arguments: [tile.row, tile.column]
            )
            return try rows.map { try attempt($0) }.sorted { $0.lease < $1.lease }
        }
    }

    private func attempt(_ row: Row) throws -> StoredAttempt {
        StoredAttempt(
            lease: try JournalQueries.lease(row, path: path),
            worker: row[5],
            host: row[21] ?? "",
            epoch: UInt64(clamping: row[6] as Int64),
            isSpeculative: row[7],
            grantedSeconds: row[8],
            grantedCause: row[9],
            endedSeconds: row[10],
            endedCause: row[11],
            outcome: (row[12] as String?).flatMap { AttemptOutcome(rawValue: $0) },
            failureClass: (row[13] as String?).flatMap { FailureClass(rawValue: $0) },
            isCharged: row[14],
            message: row[15] ?? "",
            elapsedSeconds: row[16] ?? 0,
            cost: TileCost(
                readSeconds: row[17] ?? 0,
                computeSeconds: row[18] ?? 0,
                writeSeconds: row[19] ?? 0,
                peakResidentBytes: row[20] ?? 0
            )
        )
    }

    /// The history in order of time, of one tile or of everything.
    ///
    /// - Parameters:
    ///   - tile: only what concerns this tile; nil for all.
    ///   - limit: the most rows, the latest ones.
    /// - Returns: the rows, oldest first.
    /// - Throws: `.damaged` and what keeps a file from being read.
    package func events(
        of tile: TileID? = nil,
        limit: Int = 10_000
    ) throws(RunStoreError) -> [StoredEvent] {
        try read { database in
            let condition = tile == nil ? "" : "WHERE tile_row = ? AND tile_column = ?"
            let arguments: StatementArguments = tile.map { [$0.row, $0.column] } ?? []
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT stage, round, tile_row, tile_column, at, cause, kind, worker, message
                    FROM event \(condition) ORDER BY id DESC LIMIT ?
                    """,
                arguments: arguments + [limit]
            )
            return try rows.reversed().map { row in
                StoredEvent(
                    wallSeconds: row[4],
                    cause: row[5],
                    kind: row[6],
                    unit: (row[0] as String?) == nil
                        ? nil : try JournalQueries.workUnit(row, path: path),
                    worker: row[7],
                    message: row[8]
                )
            }
        }
    }
}
