import Coordination
import Foundation
import RunStore
import Tiling
import WireProtocol

/// An operator's word to a run: to its coordinator where one is at work, else to its journal.
struct RunControl {
    /// The run directory, absolute.
    let directory: String
    /// The journal, when it is not in the run directory.
    let journalPath: String?

    /// How long a coordinator may take to answer, seconds.
    private static let patienceSeconds = 20.0
    private static let interval = Duration.milliseconds(100)
    /// Looks for an answer after which the journal is asked whether the run is over: a second's.
    private static let looksBeforeDoubt = 10

    /// The run in a directory.
    init(_ directory: String, journal: String?) {
        self.directory = URL(fileURLWithPath: directory).standardizedFileURL.path
        journalPath = journal
    }

    /// The run directory.
    ///
    /// - Throws: `CommandError` with exit code 2 where there is no run, ``RunStoreError`` where it cannot
    ///   be opened.
    func opened() throws -> RunDirectory {
        guard let opened = try RunDirectory.open(at: directory, files: PosixFileSystem()) else {
            throw CommandError.usage("\(directory) holds no run; give the directory of one")
        }
        return opened
    }

    /// Says it, and returns what came of it.
    ///
    /// - Throws: `CommandError` with exit code 2 for what was refused, 1 when nobody answers.
    func perform(_ request: ControlRequest) async throws -> String {
        let opened = try opened()
        if let reply = try await ask(request, of: opened) {
            guard reply.isAccepted else { throw CommandError.usage(reply.message) }
            return reply.message
        }
        return try record(request, in: opened)
    }

    /// The workers as a live coordinator sees them; nil when none is at work.
    func liveWorkers() async throws -> [WorkerReport]? {
        try await ask(.workers, of: try opened())?.workers
    }

    /// Asks the coordinator; nil when there is none.
    private func ask(_ request: ControlRequest, of opened: RunDirectory) async throws
        -> ControlReply?
    {
        guard opened.isCoordinated else { return nil }
        let control = ControlDirectory(of: opened)
        let id = UUID().uuidString.lowercased().filter { $0 != "-" }
        try control.submit(request, as: id)
        let start = Timestamps.secondsSince1970()
        var looks = 0
        while true {
            if let reply = try control.reply(to: id) { return reply }
            looks += 1
            // The lock is held while results are published, too: then nobody answers.
            if looks == Self.looksBeforeDoubt, isOver(), try control.withdraw(id) { return nil }
            let isPatient = Timestamps.secondsSince1970() - start < Self.patienceSeconds
            guard opened.isCoordinated, isPatient else { break }
            try await Task.sleep(for: Self.interval)
        }
        // The answer may have come with the coordinator's last breath.
        if let reply = try control.reply(to: id) { return reply }
        let wasTakenUp = try !control.withdraw(id)
        if !opened.isCoordinated, !wasTakenUp { return nil }
        throw CommandError.failed(
            "the coordinator of \(directory) did not answer within "
                + "\(Int(Self.patienceSeconds)) s; "
                + (wasTakenUp
                    ? "it took the request up: look with `sectile status \(directory)`"
                    : "the request is withdrawn; is its process stopped?")
        )
    }

    /// True when the journal says that nothing is computed any more.
    private func isOver() -> Bool {
        let reader = try? RunReading.reader(directory, journal: journalPath)
        let status = try? reader?.status(wallSeconds: Timestamps.secondsSince1970())
        return status?.phase.isOver == true
    }

    /// Decides as the next coordinator would, and keeps the decision in the journal.
    private func record(_ request: ControlRequest, in opened: RunDirectory) throws -> String {
        let event: RunEvent
        switch request {
        case .pause: event = .pauseRequested
        case .resume: event = .resumeRequested
        case .cancel: event = .cancelRequested
        case .retry(let tile): event = .retryRequested(tile)
        case .drain, .workers:
            throw CommandError.usage("no coordinator is at work on \(directory): nobody to drain")
        }
        return try record(event, request, in: opened)
    }

    private func record(_ event: RunEvent, _ request: ControlRequest, in opened: RunDirectory)
        throws -> String
    {
        let files = PosixFileSystem()
        let holder =
            "process \(ProcessFacts.processID) on \(ProcessFacts.host): sectile \(request.verb)"
        let lock = try opened.lock(holder: holder)
        defer { withExtendedLifetime(lock) {} }
        let path = try RunReading.path(directory, journal: journalPath)
        let place = JournalPlace(path: path, directory: directory)
        let journalLock = try place.lock(holder: holder)
        defer { withExtendedLifetime(journalLock) {} }
        let reader = try JournalReader(path: path, files: files)
        let wallSeconds = Timestamps.secondsSince1970()
        let refusal = try refusal(
            of: request,
            in: try reader.status(wallSeconds: wallSeconds).phase,
            quarantined: try reader.quarantined()
        )
        if let refusal { return refusal }
        let plan = try reader.plan()
        let journal = try RunJournal.open(
            at: path,
            plan: plan,
            runID: opened.runID,
            wallSeconds: wallSeconds,
            files: files
        )
        let snapshot = try journal.snapshot()
        var state = RunState.restored(
            from: snapshot,
            plan: plan,
            identity: RunIdentity(
                runID: opened.runID,
                epoch: journal.epoch,
                build: Version.identity,
                runDirectory: directory,
                storageProbe: opened.probeToken
            )
        )
        let entries = decisions(event, request, on: &state, snapshot.phase, wallSeconds)
        try journal.appendNow(entries)
        // A decision that only the journal knows would be undone with its loss.
        if place.isElsewhere { try MirroredJournal(journal, place: place, files: files).backUp() }
        try journal.close()
        return done(request, entries: entries)
            + "; no coordinator is at work: it is kept for the next one"
    }

    /// What is to be kept of a request.
    private func decisions(
        _ event: RunEvent,
        _ request: ControlRequest,
        on state: inout RunState,
        _ before: RunPhase,
        _ wallSeconds: Double
    ) -> [JournalEntry] {
        var records = state.apply(event, at: WorldClock().now).compactMap { effect in
            if case .journal(let record) = effect { record } else { nil }
        }
        if request == .resume, before == .cancelled, state.phase != .running {
            records.append(.phaseChanged(.running, message: "resumed by the operator"))
        }
        return records.map { JournalEntry($0, cause: state.cause, wallSeconds: wallSeconds) }
    }

    /// What stands against a request, as a sentence where it is as good as done.
    private func refusal(
        of request: ControlRequest,
        in phase: RunPhase,
        quarantined: [QuarantinedUnit]
    ) throws -> String? {
        switch request {
        case .cancel where phase == .cancelled: return "was cancelled already"
        case .pause where phase == .paused: return "was paused already"
        case .resume where phase == .running: return "was not paused"
        case .resume where phase == .cancelled: return nil
        case .pause, .resume, .cancel:
            guard phase.isOver else { return nil }
            throw CommandError.usage("the run is over: \(phase.rawValue)")
        case .retry(let tile):
            let isAny = quarantined.contains { tile == nil || $0.unit.tile == tile }
            guard isAny else {
                throw CommandError.usage(
                    (tile.map { "\($0)" } ?? "no tile") + " is not quarantined"
                )
            }
            return nil
        case .drain, .workers: return nil
        }
    }

    private func done(_ request: ControlRequest, entries: [JournalEntry]) -> String {
        switch request {
        case .pause: return "paused"
        case .resume: return "resumed"
        case .cancel: return "cancelled"
        case .retry:
            let count = entries.filter { if case .requeued = $0.record { true } else { false } }
                .count
            return "\(count) quarantined tiles are put back"
        case .drain, .workers: return ""
        }
    }
}
