import ContentDigest
import GRDB
import Tiling

/// Applies entries to the tables, inside a transaction that its caller owns.
struct JournalWriter {
    let database: Database
    let epoch: UInt64
    private var tally = JournalTally()

    /// A writer for one transaction, which ends with ``finish()``.
    init(database: Database, epoch: UInt64) {
        self.database = database
        self.epoch = epoch
    }

    /// Writes what was only counted so far; the last thing in the transaction.
    mutating func finish() throws {
        try tally.write(to: database)
        tally = JournalTally()
    }

    /// Applies one entry.
    mutating func write(_ entry: JournalEntry) throws {
        switch entry.record {
        case .granted(let lease, let worker, let isSpeculative):
            try grant(lease, worker: worker, isSpeculative: isSpeculative, entry)
            tally.noteActivity(of: worker, at: entry.wallSeconds)
        case .committed(let result, let worker, let elapsedSeconds):
            try commit(result, worker: worker, elapsedSeconds: elapsedSeconds, entry)
            tally.noteActivity(of: worker, at: entry.wallSeconds)
            tally.countCommit(of: result.lease.unit, by: worker)
        case .attemptEnded(let end):
            try finish(end, entry)
        case .quarantined(let unit, let failureClass, let message):
            try setState(.quarantined, of: unit, message: message)
            try event("tile.quarantined", "\(failureClass.rawValue): \(message)", unit: unit, entry)
        case .requeued(let unit):
            try requeue(unit, entry)
        case .chargesForgiven(let unit, let worker):
            try forgive(unit, worker: worker, entry)
        case .resultDiscarded(let unit, let reason):
            try run("DELETE FROM result WHERE \(Self.isUnit)", key(unit))
            tally.countDiscarded(database.changesCount, of: unit)
            try setState(.open, of: unit, message: reason)
            try event("tile.discarded", reason, unit: unit, entry)
        case .claimed(let claim): try keep(claim, entry)
        case .claimsSettled(let unit, let message):
            try run("DELETE FROM claim WHERE \(Self.isUnit)", key(unit))
            try event("result.arbitrated", message, unit: unit, entry)
        case .workerDistrusted(let id, let reason):
            try run("UPDATE worker SET distrusted = 1 WHERE id = ?", [id])
            try event("worker.distrusted", reason, worker: id, entry)
        case .reduced(let stage, let round, let reduction):
            try reduce(stage, round: round, reduction, entry)
        case .invalidated(let stage):
            try invalidate(from: stage, entry)
        case .workerJoined(let worker):
            try join(worker, entry)
        case .drainRequested(let id):
            try run("UPDATE worker SET draining = 1 WHERE id = ?", [id])
            try event("worker.draining", "asked for by the operator", worker: id, entry)
        case .drainEnded(let id):
            try run("UPDATE worker SET draining = 0 WHERE id = ?", [id])
        case .workerLeft(let id, let reason):
            try run(
                "UPDATE worker SET left_at = ?, left_reason = ? WHERE id = ?",
                [entry.wallSeconds, reason, id]
            )
            try event("worker.left", reason, worker: id, entry)
        case .phaseChanged(let phase, let message):
            try JournalQueries.setMeta("phase", phase.rawValue, in: database)
            try JournalQueries.setMeta("phase_message", message, in: database)
            try event("run.\(phase.rawValue)", message, entry)
        case .noted(let kind, let message, let worker):
            try event(kind, message, worker: worker, entry)
        }
    }

    private static let isUnit = "stage = ? AND round = ? AND tile_row = ? AND tile_column = ?"

    private func key(_ unit: WorkUnit) -> StatementArguments {
        [unit.stage.rawValue, unit.round, unit.tile.row, unit.tile.column]
    }

    private func run(_ sql: String, _ arguments: StatementArguments) throws {
        try database.cachedStatement(sql: sql).execute(arguments: arguments)
    }

    private func grant(
        _ lease: LeaseID,
        worker: String,
        isSpeculative: Bool,
        _ entry: JournalEntry
    ) throws {
        let unit = lease.unit
        try run(
            """
            INSERT INTO tile (stage, round, tile_row, tile_column, attempts) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET attempts = max(attempts, excluded.attempts)
            """,
            [
                unit.stage.rawValue, unit.round, unit.tile.row, unit.tile.column,
                lease.attempt.number,
            ]
        )
        try run(
            """
            INSERT INTO attempt (stage, round, tile_row, tile_column, attempt, worker, epoch,
                speculative, granted_at, granted_cause)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                unit.stage.rawValue, unit.round, unit.tile.row, unit.tile.column,
                lease.attempt.number, worker, Int64(epoch), isSpeculative, entry.wallSeconds,
                entry.cause,
            ]
        )
    }

    private func commit(
        _ result: TileResult,
        worker: String,
        elapsedSeconds: Double,
        _ entry: JournalEntry
    ) throws {
        let unit = result.lease.unit
        // The unique key makes a second commit of a unit an error instead of a lost result.
        try run(
            """
            INSERT INTO result (stage, round, tile_row, tile_column, attempt, worker, object_key,
                bytes, file_digest, samples_digest, committed_at, partial_check, partial)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                unit.stage.rawValue, unit.round, unit.tile.row, unit.tile.column,
                result.lease.attempt.number, worker, result.object.key.path, result.object.bytes,
                result.object.fileDigest.hexadecimal, result.object.samplesDigest.hexadecimal,
                entry.wallSeconds, ContentDigest(of: result.partial).short,
                JournalQueries.data(result.partial),
            ]
        )
        // A unit that was granted has a row, so that this is rarely more than an update.
        try run("UPDATE tile SET state = 1 WHERE \(Self.isUnit)", key(unit))
        if database.changesCount == 0 { try setState(.committed, of: unit, message: nil) }
        let cost = result.cost
        try run(
            """
            UPDATE attempt SET outcome = 'committed', ended_at = ?, ended_cause = ?,
                elapsed_seconds = ?, read_seconds = ?, compute_seconds = ?, write_seconds = ?,
                peak_bytes = ?
            WHERE \(Self.isUnit) AND attempt = ?
            """,
            [
                entry.wallSeconds, entry.cause, elapsedSeconds, cost.readSeconds,
                cost.computeSeconds, cost.writeSeconds, cost.peakResidentBytes,
                unit.stage.rawValue, unit.round, unit.tile.row, unit.tile.column,
                result.lease.attempt.number,
            ]
        )
    }

    private func finish(_ end: AttemptEnd, _ entry: JournalEntry) throws {
        let unit = end.lease.unit
        try run(
            """
            UPDATE attempt SET outcome = ?, failure_class = ?, charged = ?, message = ?,
                elapsed_seconds = ?, peak_bytes = ?, ended_at = ?, ended_cause = ?
            WHERE \(Self.isUnit) AND attempt = ? AND outcome IS NULL
            """,
            [
                end.outcome.rawValue, end.failureClass?.rawValue, end.isCharged, end.message,
                end.elapsedSeconds, end.peakResidentBytes, entry.wallSeconds, entry.cause,
            ] + key(unit) + [end.lease.attempt.number]
        )
        if database.changesCount > 0 {
            try run(
                """
                UPDATE worker SET failed = failed + ?, active_at = max(active_at, ?)
                WHERE id = (SELECT worker FROM attempt WHERE \(Self.isUnit) AND attempt = ?)
                """,
                [end.outcome == .failed ? 1 : 0, entry.wallSeconds]
                    + key(unit) + [end.lease.attempt.number]
            )
        }
        let isStorage = end.failureClass == .storage
        guard end.isCharged || isStorage || end.outcome == .lost else { return }
        try run(
            """
            UPDATE tile SET charges = charges + ?, storage_failures = storage_failures + ?,
                losses = losses + ?, message = ? WHERE \(Self.isUnit)
            """,
            [
                end.isCharged ? 1 : 0, isStorage ? 1 : 0, end.outcome == .lost ? 1 : 0,
                end.message,
            ] + key(unit)
        )
    }

    private func keep(_ claim: ResultClaim, _ entry: JournalEntry) throws {
        let unit = claim.lease.unit
        try run(
            """
            INSERT INTO claim (stage, round, tile_row, tile_column, attempt, worker, host,
                samples_digest)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
            """,
            key(unit) + [
                claim.lease.attempt.number, claim.worker, claim.host,
                claim.samplesDigest.hexadecimal,
            ]
        )
        try event(
            "result.claimed",
            "attempt \(claim.lease.attempt) has the samples \(claim.samplesDigest.short)",
            unit: unit,
            worker: claim.worker,
            entry
        )
    }

    private func setState(
        _ state: UnitSnapshot.State,
        of unit: WorkUnit,
        message: String?
    ) throws {
        try run(
            """
            INSERT INTO tile (stage, round, tile_row, tile_column, state, message)
            VALUES (?, ?, ?, ?, ?, coalesce(?, ''))
            ON CONFLICT DO UPDATE SET state = excluded.state, message = coalesce(?, message)
            """,
            key(unit) + [state.rawValue, message, message]
        )
    }

    private func requeue(_ unit: WorkUnit, _ entry: JournalEntry) throws {
        try run(
            """
            UPDATE tile SET state = 0, charges = 0, storage_failures = 0, losses = 0
            WHERE \(Self.isUnit)
            """,
            key(unit)
        )
        try run("UPDATE attempt SET charged = 0 WHERE \(Self.isUnit) AND charged = 1", key(unit))
        try event("tile.requeued", "", unit: unit, entry)
    }

    private func forgive(_ unit: WorkUnit, worker: String, _ entry: JournalEntry) throws {
        try run(
            "UPDATE attempt SET charged = 0 WHERE \(Self.isUnit) AND worker = ? AND charged = 1",
            key(unit) + [worker]
        )
        let forgiven = database.changesCount
        try run(
            "UPDATE tile SET charges = max(0, charges - ?) WHERE \(Self.isUnit)",
            [forgiven] + key(unit)
        )
        try event("tile.forgiven", "failures laid to the worker", unit: unit, worker: worker, entry)
    }

    private func reduce(
        _ stage: Stage,
        round: Int,
        _ reduction: StageReduction,
        _ entry: JournalEntry
    ) throws {
        let (kind, constants) =
            switch reduction {
            case .finished(let constants): ("finished", constants)
            case .anotherRound(let constants): ("anotherRound", constants)
            }
        try run(
            """
            INSERT INTO reduction (stage, round, kind, reduced_at, constants_check, constants)
            VALUES (?, ?, ?, ?, ?, ?)
            """,
            [
                stage.rawValue, round, kind, entry.wallSeconds,
                ContentDigest(of: constants).short, JournalQueries.data(constants),
            ]
        )
        try event("stage.reduced", "\(stage.rawValue) round \(round): \(kind)", entry)
        try JournalQueries.prune(database)
    }

    private mutating func invalidate(from stage: Stage, _ entry: JournalEntry) throws {
        let later = Stage.allCases.filter { $0 > stage }.map(\.rawValue)
        try run("DELETE FROM reduction WHERE stage = ?", [stage.rawValue])
        // Later rounds of the stage asked for what no longer follows.
        let ofStage: StatementArguments = [stage.rawValue]
        try run("DELETE FROM result WHERE stage = ? AND round > 0", ofStage)
        try run("UPDATE tile SET state = 0 WHERE stage = ? AND round > 0", ofStage)
        for name in later {
            try run("DELETE FROM reduction WHERE stage = ?", [name])
            try run("DELETE FROM result WHERE stage = ?", [name])
            try run(
                """
                UPDATE tile SET state = 0, charges = 0, storage_failures = 0, losses = 0
                WHERE stage = ?
                """,
                [name]
            )
            try run("UPDATE attempt SET charged = 0 WHERE stage = ? AND charged = 1", [name])
        }
        tally.forget(stages: later)
        tally.forget(stages: [stage.rawValue], afterRound: 0)
        for name in later { try run("DELETE FROM result_count WHERE stage = ?", [name]) }
        try run("DELETE FROM result_count WHERE stage = ? AND round > 0", ofStage)
        try event("stage.invalidated", "from \(stage.rawValue)", entry)
    }

    private func join(_ worker: WorkerDescription, _ entry: JournalEntry) throws {
        try run(
            """
            INSERT INTO worker (id, host, process_id, slots, build, epoch, session, joined_at, key)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET host = excluded.host, process_id = excluded.process_id,
                slots = excluded.slots, build = excluded.build, epoch = excluded.epoch,
                session = excluded.session, key = excluded.key, left_at = NULL, left_reason = NULL
            """,
            [
                worker.id, worker.host, worker.processID, worker.slots, worker.build,
                Int64(epoch), Int64(clamping: worker.session), entry.wallSeconds, worker.key,
            ]
        )
        try event(
            "worker.joined",
            "\(worker.host) process \(worker.processID), \(worker.slots) slots",
            worker: worker.id,
            entry
        )
    }

    private func event(
        _ kind: String,
        _ message: String,
        unit: WorkUnit? = nil,
        worker: String? = nil,
        _ entry: JournalEntry
    ) throws {
        try run(
            """
            INSERT INTO event (at, cause, kind, stage, round, tile_row, tile_column, worker, message)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                entry.wallSeconds, entry.cause, kind, unit?.stage.rawValue, unit?.round,
                unit?.tile.row, unit?.tile.column, worker, message,
            ]
        )
    }
}
