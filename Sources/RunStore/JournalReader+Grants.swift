import GRDB

extension JournalReader {
    /// When the oldest lease under way was granted, seconds since 1970; nil when none is.
    ///
    /// - Throws: `.damaged` and what keeps a file from being read.
    package func oldestOpenGrantSeconds() throws(RunStoreError) -> Double? {
        try read { database in
            try Double.fetchOne(
                database,
                sql: """
                    SELECT min(granted_at) FROM attempt INDEXED BY attempt_open WHERE outcome IS NULL
                    """
            )
        }
    }
}
