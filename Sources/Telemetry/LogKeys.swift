/// The metadata keys of log lines, constant so that operators can filter by them.
package enum LogKey {
    /// Constant name of what happened, for example `tile.committed`.
    package static let event = "event"
    /// Identity of the run.
    package static let runID = "run.id"
    /// Stage of the run.
    package static let stage = "stage"
    /// Round of the stage.
    package static let round = "round"
    /// Tile, text form r012c034.
    package static let tileID = "tile.id"
    /// Attempt at the tile.
    package static let tileAttempt = "tile.attempt"
    /// Worker's identity.
    package static let workerID = "worker.id"
    /// Worker's host.
    package static let workerHost = "worker.host"
    /// Session of a worker with a coordinator.
    package static let sessionID = "session.id"
    /// Incarnation of the coordinator.
    package static let epoch = "epoch"
    /// Class of an error.
    package static let errorClass = "error.class"
    /// Duration, milliseconds.
    package static let durationMs = "duration.ms"
    /// Peak resident memory, MiB.
    package static let memoryPeakMiB = "memory.peakMiB"
    /// Size, bytes.
    package static let bytes = "bytes"
    /// Identity of the event that caused this one.
    package static let causeID = "cause.id"
}
