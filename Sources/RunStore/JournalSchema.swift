internal import GRDB

/// The tables of the journal and how older ones become newer ones.
///
/// State tables are the truth; `event` is history and may be pruned. A unit has a row only once
/// something happened to it, so a plan of a million tiles costs nothing until it runs.
enum JournalSchema {
    /// `PRAGMA application_id`: the letters "SCTL".
    static let applicationID = 0x5343_544C

    /// The migrations in order; a name is never changed or removed once released.
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("v1") { database in
            try database.execute(sql: version1)
        }
        migrator.registerMigration("v2") { database in
            try database.execute(sql: version2)
        }
        migrator.registerMigration("v3") { database in
            try database.execute(sql: version3)
        }
        migrator.registerMigration("v4") { database in
            try database.execute(sql: version4)
        }
        return migrator
    }

    private static let version4 = """
        -- What outlives a worker's process: its key, and an operator's wish that it leaves.
        ALTER TABLE worker ADD COLUMN key TEXT NOT NULL DEFAULT '';
        ALTER TABLE worker ADD COLUMN draining INTEGER NOT NULL DEFAULT 0;
        """

    private static let version2 = """
        -- What workers say about units of which another said otherwise, until that is settled.
        CREATE TABLE claim (
            stage TEXT NOT NULL,
            round INTEGER NOT NULL,
            tile_row INTEGER NOT NULL,
            tile_column INTEGER NOT NULL,
            attempt INTEGER NOT NULL,
            worker TEXT NOT NULL,
            host TEXT NOT NULL,
            samples_digest TEXT NOT NULL,
            PRIMARY KEY (stage, round, tile_row, tile_column, attempt)
        ) WITHOUT ROWID;
        -- 1 for a worker that computed something else than two others.
        ALTER TABLE worker ADD COLUMN distrusted INTEGER NOT NULL DEFAULT 0;
        """

    private static let version1 = """
        CREATE TABLE meta (
            key TEXT PRIMARY KEY NOT NULL,
            value TEXT NOT NULL
        ) WITHOUT ROWID;

        -- The plan: its name and specification once, its stages with their tiles.
        CREATE TABLE plan (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            name TEXT NOT NULL,
            digest TEXT NOT NULL,
            specification BLOB NOT NULL
        );
        CREATE TABLE stage (
            position INTEGER PRIMARY KEY NOT NULL,
            name TEXT NOT NULL UNIQUE,
            model_digest TEXT NOT NULL,
            tile_count INTEGER NOT NULL,
            tiles BLOB NOT NULL
        );

        -- Units that something happened to. state: 0 open, 1 committed, 2 quarantined.
        CREATE TABLE tile (
            stage TEXT NOT NULL,
            round INTEGER NOT NULL,
            tile_row INTEGER NOT NULL,
            tile_column INTEGER NOT NULL,
            state INTEGER NOT NULL DEFAULT 0,
            attempts INTEGER NOT NULL DEFAULT 0,
            charges INTEGER NOT NULL DEFAULT 0,
            storage_failures INTEGER NOT NULL DEFAULT 0,
            losses INTEGER NOT NULL DEFAULT 0,
            message TEXT NOT NULL DEFAULT '',
            PRIMARY KEY (stage, round, tile_row, tile_column)
        ) WITHOUT ROWID;

        -- Every lease ever granted; outcome is null while it is open.
        CREATE TABLE attempt (
            stage TEXT NOT NULL,
            round INTEGER NOT NULL,
            tile_row INTEGER NOT NULL,
            tile_column INTEGER NOT NULL,
            attempt INTEGER NOT NULL,
            worker TEXT NOT NULL,
            epoch INTEGER NOT NULL,
            speculative INTEGER NOT NULL,
            granted_at REAL NOT NULL,
            granted_cause TEXT NOT NULL,
            ended_at REAL,
            ended_cause TEXT,
            outcome TEXT,
            failure_class TEXT,
            charged INTEGER NOT NULL DEFAULT 0,
            message TEXT,
            elapsed_seconds REAL,
            read_seconds REAL,
            compute_seconds REAL,
            write_seconds REAL,
            peak_bytes INTEGER,
            PRIMARY KEY (stage, round, tile_row, tile_column, attempt)
        ) WITHOUT ROWID;
        CREATE INDEX attempt_open ON attempt (worker) WHERE outcome IS NULL;
        CREATE INDEX attempt_charged ON attempt (stage) WHERE charged = 1;

        -- One row for each committed unit: what the mosaic reads.
        CREATE TABLE result (
            id INTEGER PRIMARY KEY,
            stage TEXT NOT NULL,
            round INTEGER NOT NULL,
            tile_row INTEGER NOT NULL,
            tile_column INTEGER NOT NULL,
            attempt INTEGER NOT NULL,
            worker TEXT NOT NULL,
            object_key TEXT NOT NULL,
            bytes INTEGER NOT NULL,
            file_digest TEXT NOT NULL,
            samples_digest TEXT NOT NULL,
            committed_at REAL NOT NULL,
            partial_check TEXT NOT NULL,
            partial BLOB NOT NULL,
            UNIQUE (stage, round, tile_row, tile_column)
        );
        CREATE INDEX result_time ON result (committed_at);

        -- kind: 'finished' or 'anotherRound'.
        CREATE TABLE reduction (
            stage TEXT NOT NULL,
            round INTEGER NOT NULL,
            kind TEXT NOT NULL,
            reduced_at REAL NOT NULL,
            constants_check TEXT NOT NULL,
            constants BLOB NOT NULL,
            PRIMARY KEY (stage, round)
        );

        CREATE TABLE worker (
            id TEXT PRIMARY KEY NOT NULL,
            host TEXT NOT NULL,
            process_id INTEGER NOT NULL,
            slots INTEGER NOT NULL,
            build TEXT NOT NULL,
            epoch INTEGER NOT NULL,
            session INTEGER NOT NULL,
            joined_at REAL NOT NULL,
            left_at REAL,
            left_reason TEXT
        ) WITHOUT ROWID;

        CREATE TABLE event (
            id INTEGER PRIMARY KEY,
            at REAL NOT NULL,
            cause TEXT NOT NULL,
            kind TEXT NOT NULL,
            stage TEXT,
            round INTEGER,
            tile_row INTEGER,
            tile_column INTEGER,
            worker TEXT,
            message TEXT NOT NULL
        );
        CREATE INDEX event_tile ON event (tile_row, tile_column) WHERE tile_row IS NOT NULL;
        """

    /// Whoever asks how far a run is must not count a million rows.
    ///
    /// What is rare has a partial index; what happens to every tile has a counter, kept in the same
    /// transactions as the rows.
    private static let version3 = """
        CREATE INDEX tile_quarantined ON tile (stage, round) WHERE state = 2;
        CREATE INDEX tile_retried ON tile (stage, round) WHERE attempts > 1;

        -- Rows of result.
        CREATE TABLE result_count (
            stage TEXT NOT NULL,
            round INTEGER NOT NULL,
            committed INTEGER NOT NULL,
            PRIMARY KEY (stage, round)
        ) WITHOUT ROWID;
        INSERT INTO result_count SELECT stage, round, count(*) FROM result GROUP BY stage, round;

        -- Rows of attempt by their ends; active_at: when the last one began or ended.
        ALTER TABLE worker ADD COLUMN committed INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE worker ADD COLUMN failed INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE worker ADD COLUMN active_at REAL NOT NULL DEFAULT 0;
        UPDATE worker SET
            committed = coalesce((SELECT sum(outcome = 'committed') FROM attempt
                WHERE attempt.worker = worker.id), 0),
            failed = coalesce((SELECT sum(outcome = 'failed') FROM attempt
                WHERE attempt.worker = worker.id), 0),
            active_at = coalesce((SELECT max(max(granted_at), coalesce(max(ended_at), 0))
                FROM attempt WHERE attempt.worker = worker.id), 0);
        """
}
