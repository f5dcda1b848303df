import Coordination
import Execution
import Foundation
import Logging
import Settings
import Synchronization
import Telemetry
import Tiling
import WireProtocol

/// The coordinator's facts as log lines.
///
/// What strangers and misbehaving peers can cause without end is limited (``LineAllowance``).
struct CoordinatorLog: RunLog {
    /// Where lines go.
    let logger: Logger
    private let allowance = SharedAllowance()

    /// What the copies of a log have in common.
    private final class SharedAllowance: Sendable {
        let lines = Mutex(LineAllowance())
    }

    private static let limited: Set<RunFact.Name> = [
        .peerRefused, .peerHandshakeFailed, .peerUnknown, .workerRefused, .resultStale,
        .resultRejected, .channelAcceptFailed, .channelOverflowed,
    ]

    /// A log into a logger.
    init(logger: Logger) { self.logger = logger }

    func record(_ fact: RunFact) {
        var metadata: Logger.Metadata = [:]
        for (key, value) in fact.fields { metadata[key] = "\(value)" }
        if Self.limited.contains(fact.name) {
            let omitted = allowance.lines.withLock { lines in
                lines.take(
                    kind: fact.name.rawValue,
                    source: fact.host ?? fact.message,
                    at: WorldClock().seconds
                )
            }
            guard let omitted else { return }
            if omitted > 0 {
                metadata["detail"] = "\(fact.message); \(omitted) more since the last such line"
            }
        }
        let level = Logger.Level(rawValue: fact.severity.rawValue) ?? .notice
        logger.log(level: level, "\(fact.name.rawValue)", metadata: metadata)
    }
}

/// A worker's facts as log lines, each with the session in which it was.
final class WorkerFactLog: WorkerLog {
    /// Where lines go.
    private let logger: Logger
    /// Slots tell of themselves on threads of their own.
    private let session = Mutex<(epoch: UInt64, number: UInt64)?>(nil)

    /// A log into a logger.
    init(logger: Logger) { self.logger = logger }

    func record(_ fact: WorkerFact) {
        var metadata: Logger.Metadata = [LogKey.event: "\(fact.event)"]
        if let session = session(of: fact) {
            metadata[LogKey.epoch] = "\(session.epoch)"
            metadata[LogKey.sessionID] = "\(session.number)"
        }
        if let lease = fact.lease {
            metadata[LogKey.stage] = "\(lease.unit.stage.rawValue)"
            metadata[LogKey.round] = "\(lease.unit.round)"
            metadata[LogKey.tileID] = "\(lease.unit.tile)"
            metadata[LogKey.tileAttempt] = "\(lease.attempt)"
        }
        if case .failed(let failure) = fact {
            metadata[LogKey.errorClass] = "\(failure.failureClass.rawValue)"
        }
        if let bytes = fact.peakResidentBytes, bytes > 0 {
            metadata[LogKey.memoryPeakMiB] = "\(bytes >> 20)"
        }
        metadata["detail"] = "\(fact.sentence)"
        let level = Logger.Level(rawValue: fact.level.rawValue) ?? .notice
        logger.log(level: level, "\(fact.event)", metadata: metadata)
    }

    /// The session in which something happened, also that which ends with it; nil outside of any.
    private func session(of fact: WorkerFact) -> (epoch: UInt64, number: UInt64)? {
        session.withLock { session in
            if case .welcomed(_, let epoch, let number) = fact { session = (epoch, number) }
            defer { if fact.endsSession { session = nil } }
            return session
        }
    }
}

/// The loggers of this process.
enum Logs {
    /// Lines to a JSON file (from `fileLevel` on) and to standard error (as `terminal` says).
    ///
    /// - Parameters:
    ///   - label: coordinator or worker.
    ///   - path: the file; nil for none.
    ///   - runID: identity of the run; stamped on each line.
    ///   - fileLevel: least severe lines of the file.
    ///   - terminal: least severe lines of standard error, and their form.
    /// - Returns: a logger that writes to both.
    static func logger(
        _ label: String,
        path: String?,
        runID: String?,
        fileLevel: Logger.Level = .debug,
        terminal: LogSettings
    ) -> Logger {
        var handlers: [any LogHandler] = []
        if let path {
            var file = JSONLogHandler(
                label: label,
                sink: FileLogSink(path: path) { dropped in
                    JSONLogHandler.gapLine(of: dropped, label: label, at: Timestamps.now())
                },
                timestamp: { Timestamps.now() }
            )
            file.logLevel = fileLevel
            handlers.append(file)
        }
        var stream: any LogHandler =
            switch terminal.format {
            case .text:
                PlainLogHandler(sink: StandardStreamSink.error, timestamp: { Timestamps.now() })
            case .json:
                JSONLogHandler(
                    label: label,
                    sink: StandardStreamSink(descriptor: STDERR_FILENO) { dropped in
                        JSONLogHandler.gapLine(of: dropped, label: label, at: Timestamps.now())
                    },
                    timestamp: { Timestamps.now() }
                )
            }
        stream.logLevel = Logger.Level(rawValue: terminal.level.rawValue) ?? .notice
        handlers.append(stream)
        let tee = TeeLogHandler(handlers)
        var logger = Logger(label: label) { _ in tee }
        // Each handler keeps its own level; the logger itself lets everything through to them.
        if let runID { logger[metadataKey: LogKey.runID] = "\(runID)" }
        return logger
    }
}
