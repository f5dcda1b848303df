import Coordination
import Dispatch
import Foundation
import Logging
import RunStore
import Telemetry
import Tiling

/// The journal of a run, opened for its coordinator, with what keeps it safe.
struct HeldJournal {
    /// The journal.
    let journal: RunJournal
    /// What the coordinator appends to.
    let store: any JournalStore
    /// The mirror in the run directory; nil when the journal is there itself.
    let mirror: MirroredJournal?
}

extension RunHost {
    /// Where the journal lies: where the operator says, else where the run directory says.
    ///
    /// - Throws: `CommandError` with exit code 2 when both contradict each other, or nobody knows.
    func journalPlace() throws -> JournalPlace {
        let files = PosixFileSystem()
        let own = JournalPlace(path: nil, directory: directory)
        let given = journalPath.map { URL(fileURLWithPath: $0).standardizedFileURL.path }
        func exists(_ path: String) throws -> Bool {
            try files.information(at: path)?.kind == .file
        }
        guard let location = try JournalPlace.location(of: directory, files: files) else {
            guard let given, given != own.path else { return own }
            guard try exists(given) || !exists(own.path) else {
                throw CommandError.usage(
                    "the journal of this run is \(own.path); leave --journal out, or move the file "
                        + "to \(given)"
                )
            }
            return JournalPlace(path: given, directory: directory)
        }
        let isHere = try location.host == ProcessFacts.host && exists(location.path)
        guard let given else {
            if isHere { return JournalPlace(path: location.path, directory: directory) }
            throw CommandError.usage(
                "the journal of this run is \(location.path) on \(location.host), which is not here; "
                    + "start there, or give --journal PATH: it is restored there from the backup in "
                    + "the run directory, and tiles committed since are compared and adopted"
            )
        }
        if given != location.path, isHere {
            throw CommandError.usage(
                "the journal of this run is \(location.path); leave --journal out, or move the file "
                    + "to \(given)"
            )
        }
        return JournalPlace(path: given, directory: directory)
    }

    /// Opens the journal, from its backup when it is lost.
    func openJournal(
        at place: JournalPlace,
        _ opened: RunDirectory,
        logger: Logger
    ) throws -> HeldJournal {
        let files = PosixFileSystem()
        let isLost = try files.information(at: place.path) == nil
        let isRestored = try place.isElsewhere && isLost && place.restore(files: files)
        let journal = try RunJournal.open(
            at: place.path,
            plan: planned.plan,
            runID: opened.runID,
            wallSeconds: Timestamps.secondsSince1970(),
            files: files
        )
        if isRestored {
            let adoption = try place.adopt(
                into: journal,
                directory: opened,
                wallSeconds: Timestamps.secondsSince1970()
            )
            let refused = adoption.refused.prefix(3).map { "\($0.unit): \($0.reason)" }
            logger.warning(
                "the journal was restored from its backup",
                metadata: [
                    LogKey.event: "journal.restored",
                    "detail":
                        """
                    \(adoption.adopted.count) later tiles adopted, \(adoption.refused.count) not\
                    \(refused.isEmpty ? "" : ": \(refused.joined(separator: "; "))")
                    """,
                ]
            )
        }
        try place.note(host: ProcessFacts.host, files: files)
        guard place.isElsewhere else {
            return HeldJournal(journal: journal, store: journal, mirror: nil)
        }
        let mirror = try MirroredJournal(journal, place: place, files: files)
        // What was adopted is in no backup yet.
        try mirror.backUp()
        return HeldJournal(journal: journal, store: mirror, mirror: mirror)
    }
}

/// Copies a journal that lies elsewhere into the run directory, every minute and at each stage's end.
struct JournalBackups {
    /// The journal.
    let mirror: MirroredJournal
    /// Tells when a stage ends.
    let coordinator: Coordinator
    /// Takes a line when copies begin or cease to fail.
    let logger: Logger

    private static let intervalSeconds = 60.0
    private static let look = Duration.seconds(1)

    /// Makes copies until the task is cancelled.
    func run() async throws -> Never {
        var last = WorldClock().seconds
        var settledCount = 0
        var isFailing = false
        while true {
            try await Task.sleep(for: Self.look)
            let rounds = await coordinator.progress().rounds
            let settled = rounds.filter { $0.waitingCount == 0 && $0.leasedCount == 0 }.count
            let now = WorldClock().seconds
            guard
                settled != settledCount || mirror.wantsBackUp
                    || now - last >= Self.intervalSeconds
            else { continue }
            last = now
            settledCount = settled
            // A stage is over as soon as its last commit is decided: the copy shall have it.
            _ = try await coordinator.decisionsAreDurable(withinMilliseconds: 1000)
            isFailing = report(await backUp(), wasFailing: isFailing)
        }
    }

    /// Makes a last copy.
    func finish() async {
        _ = report(await backUp(), wasFailing: false)
    }

    private func report(_ failure: String?, wasFailing: Bool) -> Bool {
        if let failure, !wasFailing {
            logger.warning(
                "the journal cannot be backed up",
                metadata: [LogKey.event: "journal.backupFailed", "detail": "\(failure)"]
            )
        } else if failure == nil, wasFailing {
            logger.notice(
                "the journal is backed up again",
                metadata: [LogKey.event: "journal.backupRecovered"]
            )
        }
        return failure != nil
    }

    /// Makes a copy; what kept it from being made, or nil.
    func backUp() async -> String? {
        let mirror = mirror
        return await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                do throws(RunStoreError) {
                    try mirror.backUp()
                    continuation.resume(returning: nil)
                } catch {
                    continuation.resume(returning: error.description)
                }
            }
        }
    }
}
