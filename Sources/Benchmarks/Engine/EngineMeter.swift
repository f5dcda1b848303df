import Coordination
import Foundation
import Logging
import Synchronization
import Telemetry
import Tiling

/// A coordinator's log that counts, and writes the lines that the program would write.
final class EngineMeter: RunLog {
    /// What was counted.
    struct Counts: Sendable {
        var joined = 0
        var committed = 0
        var granted = 0
        var begun: ProcessUsage?
        var finished: ProcessUsage?
        var lastJoined = 0.0
        var lost = 0.0
        var lastGrantAgain = 0.0
        var grantedAgain = 0
    }

    private let counts = Mutex(Counts())
    private let logger: Logger?

    /// A meter.
    ///
    /// - Parameters:
    ///   - path: the file of the log; nil for none.
    ///   - runID: stamped on each line.
    init(fields path: String?, runID: String) {
        logger = path.map { path in
            let sink = FileLogSink(path: path)
            var logger = Logger(label: "coordinator") { label in
                var handler = JSONLogHandler(label: label, sink: sink) {
                    TimestampText.text(secondsSince1970: EngineWorld().secondsSince1970)
                }
                handler.logLevel = .debug
                return handler
            }
            logger[metadataKey: LogKey.runID] = "\(runID)"
            return logger
        }
    }

    /// Sessions so far.
    var joinedCount: Int { counts.withLock { $0.joined } }
    /// Commits since the beginning.
    var committedCount: Int { counts.withLock { $0.committed } }
    /// Everything.
    var all: Counts { counts.withLock { $0 } }

    /// Starts the clock.
    func begin() {
        counts.withLock { $0.begun = ProcessUsage() }
    }

    func record(_ fact: RunFact) {
        counts.withLock { counts in
            switch fact.name {
            case .workerJoined, .workerRejoined:
                counts.joined += 1
                counts.lastJoined = EngineWorld().seconds
            case .leaseGranted:
                counts.granted += 1
                if let attempt = fact.attempt, attempt.number > 1 {
                    counts.grantedAgain += 1
                    counts.lastGrantAgain = EngineWorld().seconds
                }
            case .tileCommitted: counts.committed += 1
            case .workerLost: counts.lost = EngineWorld().seconds
            case .stageReduced: counts.finished = ProcessUsage()
            default: break
            }
        }
        guard let logger else { return }
        var metadata: Logger.Metadata = [:]
        for (key, value) in fact.fields { metadata[key] = "\(value)" }
        let level = Logger.Level(rawValue: fact.severity.rawValue) ?? .notice
        logger.log(level: level, "\(fact.name.rawValue)", metadata: metadata)
    }
}
