import ArgumentParser
import Foundation
import RunStore
import Settings
import Telemetry
import Tiling

/// The command `sectile status`.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "How far a run is, who works on it, what went wrong, and what to type next.",
        discussion: """
            Reads the journal, so it works with the coordinator dead, on every machine that sees the run \
            directory. Exit code 0 running or done, 6 coordinator dead, 5 stalled (for --stalled-after there \
            was no commit, though the coordinator runs so long, and the tile under way longest was first \
            granted so long ago), 3 quarantined tiles; of several, the first of these. 1 a run that failed.
            """
    )

    @Argument(help: "The run directory.")
    var directory: String?
    @Option(
        help: """
            A join.json in its run directory, instead of the directory. A copy elsewhere does not do: \
            the coordinator's port tells workers what to compute, and nobody how far it is.
            """
    )
    var join: String?
    @Option(help: "The journal, when it is not in the run directory.")
    var journal: String?
    @Option(help: "Time without progress that counts as stalled, seconds or a span (30s, 10min).")
    var stalledAfter = "5min"
    @Flag(help: "One JSON object.")
    var json = false
    @Flag(help: "Again every two seconds, until the run is over.")
    var watch = false

    func run() async throws {
        let path = try place()
        guard let patience = TimeSpan(stalledAfter) ?? TimeSpan("\(stalledAfter)s") else {
            throw CommandError.usage(
                "--stalled-after: '\(stalledAfter)'; legal: a number of seconds, "
                    + TimeSpan.legalForms.joined(separator: ", ")
            )
        }
        while true {
            let report = try StatusReport(
                directory: path,
                reader: try RunReading.reader(path, journal: journal),
                stallSeconds: patience.seconds
            )
            if watch, isatty(STDOUT_FILENO) == 1 { print("\u{1B}[H\u{1B}[2J", terminator: "") }
            print(json ? try report.json() : report.text)
            guard watch, !report.isOver else {
                guard report.exitCode == ExitCode.done else {
                    throw ArgumentParser.ExitCode(report.exitCode)
                }
                return
            }
            // Whoever reads a pipe wants each look when it is made.
            fflush(nil)
            try await Task.sleep(for: .seconds(2))
        }
    }

    /// The run directory that was given, absolute.
    private func place() throws -> String {
        if let directory { return URL(fileURLWithPath: directory).standardizedFileURL.path }
        guard let join else {
            throw CommandError.usage("status: give the run directory, or --join FILE")
        }
        let place = URL(fileURLWithPath: join).standardizedFileURL.deletingLastPathComponent().path
        guard try RunDirectory.open(at: place, files: PosixFileSystem()) != nil else {
            throw CommandError.usage(
                "--join: \(join) does not lie in a run directory, which is what status reads; type "
                    + "`sectile status DIR` on a machine that sees the coordinator's DIR"
            )
        }
        return place
    }
}

/// What `status` shows.
struct StatusReport {
    /// The run directory.
    let directory: String
    private let status: RunStatus
    private let workers: [StoredWorker]
    private let quarantined: [QuarantinedUnit]
    private let isCoordinatorAlive: Bool
    private let now: Double
    private let stallSeconds: Double
    /// When the latest thing happened that counts as progress, seconds since 1970.
    private let progressSeconds: Double

    /// Reads a run.
    ///
    /// - Parameters:
    ///   - directory: the run directory.
    ///   - reader: its journal.
    ///   - stallSeconds: time without progress after which a run counts as stalled.
    /// - Throws: what keeps the journal from being read.
    init(directory: String, reader: JournalReader, stallSeconds: Double) throws {
        self.directory = directory
        self.stallSeconds = stallSeconds
        now = Timestamps.secondsSince1970()
        status = try reader.status(wallSeconds: now)
        workers = try reader.workers()
        quarantined = try reader.quarantined()
        isCoordinatorAlive = RunDirectory.isCoordinated(at: directory)
        // A coordinator that has just started, and a long tile that began lately, are given their time;
        // a tile that fails again and again began with its first attempt.
        progressSeconds = max(
            status.lastCommitSeconds ?? status.startedSeconds,
            RunDirectory.lockedSeconds(at: directory) ?? 0,
            try reader.earliestOpenUnitSeconds() ?? 0
        )
    }

    /// True when no tile will be computed any more.
    var isOver: Bool { status.phase.isOver }

    /// The contract's exit code of `status`.
    var exitCode: Int32 {
        if isOver {
            guard quarantined.isEmpty else { return ExitCode.incomplete }
            return status.phase == .failed ? ExitCode.failed : ExitCode.done
        }
        if !isCoordinatorAlive { return ExitCode.coordinatorDead }
        if isStalled { return ExitCode.stalled }
        return quarantined.isEmpty ? ExitCode.done : ExitCode.incomplete
    }

    private var isStalled: Bool {
        status.phase == .running && now - progressSeconds > stallSeconds
    }

    private var committed: Int { status.rounds.reduce(0) { $0 + $1.committedCount } }
    private var total: Int { status.rounds.reduce(0) { $0 + $1.tileCount } }
    private var liveWorkers: [StoredWorker] {
        isOver || !isCoordinatorAlive
            ? [] : workers.filter { $0.leftSeconds == nil && $0.epoch == status.epoch }
    }

    private var remainingSeconds: Double? {
        guard !isOver, status.commitsPerSecond > 0 else { return nil }
        return Double(total - committed) / status.commitsPerSecond
    }

    private var stateText: String {
        if isOver { return status.phase.rawValue }
        if !isCoordinatorAlive { return "coordinator dead" }
        return isStalled ? "stalled" : status.phase.rawValue
    }

    /// The command to type next.
    private var nextCommand: String {
        if !quarantined.isEmpty, let first = quarantined.first {
            return "sectile explain \(directory) \(first.unit.tile)   then mend the cause and "
                + (isCoordinatorAlive
                    ? "type `sectile retry \(directory)`" : "run the same command with --retry")
        }
        if status.phase == .paused || status.phase == .cancelled {
            return "sectile resume \(directory)   to go on"
        }
        if isOver { return "sectile mosaic \(directory)   to publish again" }
        if !isCoordinatorAlive { return "the command that started the run: it resumes" }
        if liveWorkers.isEmpty { return "sectile worker --join \(directory)/join.json" }
        return "sectile status \(directory) --watch"
    }

    /// For people.
    var text: String {
        var lines = [
            "\(status.name)  \(stateText)"
                + (status.phaseMessage.isEmpty ? "" : ": \(status.phaseMessage)"),
            "\(committed)/\(total) tiles, epoch \(status.epoch), "
                + (isOver ? "" : "\(ProgressLine.oneDecimal(status.commitsPerSecond)) tiles/s, ")
                + "\(liveWorkers.count) workers in session"
                + (remainingSeconds.map { ", ETA \(ProgressLine.duration($0))" } ?? ""),
        ]
        for round in status.rounds {
            let suffix = round.round == 0 ? "" : ".\(round.round)"
            let name = round.stage.rawValue + suffix
            lines.append(
                "  \(name): \(round.committedCount)/\(round.tileCount) committed, "
                    + "\(round.openLeaseCount) under way, \(round.retriedCount) retried, "
                    + "\(round.quarantinedCount) quarantined"
                    + (round.isReduced ? ", reduced" : "")
            )
        }
        for worker in liveWorkers.prefix(50) {
            lines.append(
                "  worker \(worker.description.id.prefix(8)) on \(worker.description.host): "
                    + "\(worker.openLeaseCount) leases, \(worker.committedCount) committed, "
                    + "\(worker.failedCount) failed"
            )
        }
        for unit in quarantined.prefix(20) {
            lines.append(
                "  quarantined \(unit.unit) after \(unit.attempts) attempts: \(unit.message)"
            )
        }
        if quarantined.count > 20 { lines.append("  and \(quarantined.count - 20) more") }
        lines.append("next: \(nextCommand)")
        return lines.joined(separator: "\n")
    }

    /// For programs; keys sorted.
    func json() throws -> String {
        let object: [String: Any] = [
            "run": status.runID,
            "name": status.name,
            "state": stateText,
            "message": status.phaseMessage,
            "epoch": status.epoch,
            "coordinatorAlive": isCoordinatorAlive,
            "tiles": total,
            "committed": committed,
            "tilesPerSecond": status.commitsPerSecond,
            "remainingSeconds": remainingSeconds as Any? ?? NSNull(),
            "workers": liveWorkers.map { worker in
                [
                    "id": worker.description.id, "host": worker.description.host,
                    "leases": worker.openLeaseCount, "committed": worker.committedCount,
                    "failed": worker.failedCount,
                ] as [String: Any]
            },
            "stages": status.rounds.map { round in
                [
                    "stage": round.stage.rawValue, "round": round.round,
                    "tiles": round.tileCount, "committed": round.committedCount,
                    "leased": round.openLeaseCount, "retried": round.retriedCount,
                    "quarantined": round.quarantinedCount, "reduced": round.isReduced,
                ] as [String: Any]
            },
            "quarantined": quarantined.map { unit in
                [
                    "unit": "\(unit.unit)", "attempts": unit.attempts, "message": unit.message,
                ] as [String: Any]
            },
            "next": nextCommand,
        ]
        let data = try JSONSerialization.data(
            withJSONObject: object,
            options: [.sortedKeys, .prettyPrinted]
        )
        return String(decoding: data, as: UTF8.self)
    }
}
