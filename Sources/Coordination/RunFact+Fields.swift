import Telemetry
import Tiling
import WireProtocol

extension RunFact {
    /// What a log line says beside time, level and message: key and value, what is unknown left out.
    package var fields: [(key: String, value: String)] {
        var fields = [(key: LogKey.event, value: name.rawValue)]
        func put(_ key: String, _ value: String?) {
            if let value { fields.append((key, value)) }
        }
        put(LogKey.causeID, cause.isEmpty ? nil : cause)
        put(LogKey.stage, stage?.rawValue)
        put(LogKey.round, round.map { "\($0)" })
        put(LogKey.tileID, tile?.description)
        put(LogKey.tileAttempt, attempt?.description)
        put(LogKey.workerID, worker?.short)
        put(LogKey.workerHost, host)
        put(LogKey.sessionID, session.map { "\($0)" })
        put(LogKey.errorClass, failureClass?.rawValue)
        put(LogKey.durationMs, durationMilliseconds.map { "\($0)" })
        put(LogKey.memoryPeakMiB, peakMebibytes.map { "\($0)" })
        put(LogKey.bytes, bytes.map { "\($0)" })
        put("detail", message.isEmpty ? nil : message)
        return fields
    }
}
