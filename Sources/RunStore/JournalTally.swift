import GRDB
import Tiling

/// What a transaction adds to the journal's counters; written once at its end.
struct JournalTally {
    private struct Round: Hashable {
        var stage: String
        var round: Int
    }

    private struct Activity {
        var committed = 0
        var at = 0.0
    }

    private var results: [Round: Int] = [:]
    private var workers: [String: Activity] = [:]

    /// A result was inserted.
    mutating func countCommit(of unit: WorkUnit, by worker: String) {
        results[Round(stage: unit.stage.rawValue, round: unit.round), default: 0] += 1
        workers[worker, default: Activity()].committed += 1
    }

    /// So many results of a unit were deleted.
    mutating func countDiscarded(_ count: Int, of unit: WorkUnit) {
        results[Round(stage: unit.stage.rawValue, round: unit.round), default: 0] -= count
    }

    /// A worker's attempt began or ended.
    mutating func noteActivity(of worker: String, at wallSeconds: Double) {
        workers[worker, default: Activity()].at = max(workers[worker]?.at ?? 0, wallSeconds)
    }

    /// All results of later rounds of the stages were deleted, with their counters.
    mutating func forget(stages: [String], afterRound round: Int = -1) {
        results = results.filter { !stages.contains($0.key.stage) || $0.key.round <= round }
    }

    /// Adds everything to the tables.
    func write(to database: Database) throws {
        for (key, count) in results where count != 0 {
            try database.cachedStatement(
                sql: """
                    INSERT INTO result_count (stage, round, committed) VALUES (?, ?, ?)
                    ON CONFLICT DO UPDATE SET committed = committed + excluded.committed
                    """
            ).execute(arguments: [key.stage, key.round, count])
        }
        for (worker, activity) in workers {
            try database.cachedStatement(
                sql: """
                    UPDATE worker SET committed = committed + ?, active_at = max(active_at, ?)
                    WHERE id = ?
                    """
            ).execute(arguments: [activity.committed, activity.at, worker])
        }
    }
}
