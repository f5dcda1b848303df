import Foundation
import GRDB
import RunStore
import Testing
import Tiling

/// Journals of other versions.
struct JournalSchemaTests {
    private let temporary: TemporaryDirectory
    private var path: String { "\(temporary.path)/journal.sqlite" }

    init() throws { temporary = try TemporaryDirectory() }

    private func open() throws -> RunJournal {
        try RunJournal.open(
            at: path,
            plan: Fixtures.plan(),
            runID: "run1",
            wallSeconds: 1000,
            files: PosixFileSystem()
        )
    }

    /// Takes a journal back to the tables of the first version.
    private func makeFirstVersion() throws {
        let database = try DatabaseQueue(path: path)
        try database.write { database in
            try database.execute(
                sql: """
                    DELETE FROM grdb_migrations WHERE identifier <> 'v1';
                    DROP TABLE claim;
                    DROP TABLE result_count;
                    DROP INDEX tile_quarantined;
                    DROP INDEX tile_retried;
                    ALTER TABLE worker DROP COLUMN distrusted;
                    ALTER TABLE worker DROP COLUMN committed;
                    ALTER TABLE worker DROP COLUMN failed;
                    ALTER TABLE worker DROP COLUMN active_at;
                    ALTER TABLE worker DROP COLUMN key;
                    ALTER TABLE worker DROP COLUMN draining;
                    """
            )
        }
        try database.close()
    }

    private func failureOfReading() -> RunStoreError? {
        #expect(throws: RunStoreError.self) {
            _ = try JournalReader(path: path, files: PosixFileSystem())
        }
    }

    @Test func `a journal of an older version is read once the run has gone on`() throws {
        let journal = try open()
        try journal.appendNow(Fixtures.commit(Fixtures.lease(0)))
        try journal.close()
        try makeFirstVersion()
        let failure = try #require(failureOfReading())
        #expect(failure.code == .olderSchema)
        #expect(failure.description.contains(path))
        #expect(failure.message.contains("go on with the run"))
        try open().close()
        let reader = try JournalReader(path: path, files: PosixFileSystem())
        #expect(try reader.snapshot().units.map(\.state) == [.committed])
        #expect(try reader.status(wallSeconds: 1010).rounds.first?.committedCount == 1)
    }

    @Test func `a journal of a newer version is refused by readers and coordinators`() throws {
        try open().close()
        let database = try DatabaseQueue(path: path)
        try database.write { database in
            try database.execute(sql: "INSERT INTO grdb_migrations VALUES ('v9999')")
        }
        try database.close()
        #expect(failureOfReading()?.code == .newerSchema)
        let failure = #expect(throws: RunStoreError.self) { try open() }
        #expect(failure?.code == .newerSchema)
    }
}
