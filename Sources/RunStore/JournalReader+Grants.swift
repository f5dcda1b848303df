import GRDB

extension JournalReader {
    /// When the unit that is under way longest was first granted, seconds since 1970; nil when none is.
    ///
    /// Attempts of the same coordinator at the unit that failed, were lost or given back count, too:
    /// what is granted again and again without a result is under way all the time.
    ///
    /// - Throws: `.damaged` and what keeps a file from being read.
    package func earliestOpenUnitSeconds() throws(RunStoreError) -> Double? {
        try read { database in
            // From the few open leases to the attempts at their units, by the table's key.
            try Double.fetchOne(
                database,
                sql: """
                    SELECT min(earlier.granted_at)
                    FROM attempt AS lease INDEXED BY attempt_open
                    CROSS JOIN attempt AS earlier ON earlier.stage = lease.stage
                        AND earlier.round = lease.round AND earlier.tile_row = lease.tile_row
                        AND earlier.tile_column = lease.tile_column
                        AND earlier.epoch = lease.epoch
                    WHERE lease.outcome IS NULL
                        AND coalesce(earlier.outcome, '') NOT IN ('committed', 'superseded', 'revoked')
                    """
            )
        }
    }
}
