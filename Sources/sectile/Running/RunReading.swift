import Foundation
import RunStore
import Telemetry

/// Opening the journal of a run that others may coordinate.
enum RunReading {
    /// The journal's reader; of the backup where the journal is on another host.
    ///
    /// - Parameters:
    ///   - directory: the run directory.
    ///   - journal: the journal as the operator gave it; nil: where the directory says.
    /// - Returns: the reader.
    /// - Throws: ``RunStoreError`` where there is no run, or none that can be read.
    static func reader(_ directory: String, journal: String?) throws -> JournalReader {
        let place = try readable(directory, journal: journal)
        if place.isBackup {
            StandardStreamSink.error.write(
                line: "note: the journal is on another host; this is its backup, a minute old or so"
            )
        }
        return try JournalReader(path: place.path, files: PosixFileSystem())
    }

    /// The journal, which has to be here.
    ///
    /// - Throws: `CommandError` with exit code 2 when it is on another host.
    static func path(_ directory: String, journal: String?) throws -> String {
        let place = try readable(directory, journal: journal)
        guard !place.isBackup else {
            throw CommandError.usage(
                "the journal of \(directory) is on another host, or gone (journal.location says "
                    + "where it was): do this there"
            )
        }
        return place.path
    }

    private static func readable(
        _ directory: String,
        journal: String?
    ) throws -> (path: String, isBackup: Bool) {
        try JournalPlace.readable(
            journal.map { URL(fileURLWithPath: $0).standardizedFileURL.path },
            directory: URL(fileURLWithPath: directory).standardizedFileURL.path,
            host: ProcessFacts.host,
            files: PosixFileSystem()
        )
    }
}
