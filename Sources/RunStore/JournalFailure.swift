import GRDB

/// Puts SQLite's errors into the terms of ``RunStoreError``.
enum JournalFailure {
    /// Runs database work; every error that leaves it is a ``RunStoreError`` about `path`.
    static func translating<Value>(
        _ path: String,
        _ body: () throws -> Value
    ) throws(RunStoreError) -> Value {
        do {
            return try body()
        } catch let error as RunStoreError {
            throw error
        } catch let error as DatabaseError {
            throw translated(error, path: path)
        } catch {
            throw RunStoreError(
                .inputOutput,
                path: path,
                message: "the journal cannot be used",
                underlying: "\(error)"
            )
        }
    }

    /// The remedy for a journal that cannot be trusted.
    static let remedyForDamage =
        "restore it from a backup, or move it away and start the run again: tiles that are "
        + "already computed are then computed anew"

    private static func translated(_ error: DatabaseError, path: String) -> RunStoreError {
        let detail = "SQLite \(error.extendedResultCode.rawValue): \(error.message ?? "no message")"
        func failure(_ code: RunStoreError.Code, _ message: String) -> RunStoreError {
            RunStoreError(code, path: path, message: message, underlying: detail)
        }
        return switch error.resultCode {
        case .SQLITE_FULL:
            failure(.full, "no space is left for the journal; free some, the run goes on then")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            failure(.damaged, "the journal is damaged; \(remedyForDamage)")
        case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_READONLY, .SQLITE_AUTH:
            failure(.permission, "the journal cannot be opened for this; check owner and mode")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            failure(.inputOutput, "another program is using the journal; close it")
        case .SQLITE_CONSTRAINT, .SQLITE_MISUSE, .SQLITE_ERROR, .SQLITE_RANGE, .SQLITE_MISMATCH:
            failure(.misuse, "the journal refused a statement")
        default:
            failure(.inputOutput, "the journal cannot be read or written")
        }
    }
}
