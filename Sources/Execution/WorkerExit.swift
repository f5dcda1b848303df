package import WireProtocol

/// Why a worker left.
package enum WorkerExit: Hashable, Sendable, CustomStringConvertible {
    /// The run is over.
    case finished
    /// The run was cancelled.
    case cancelled
    /// Told to leave, and nothing is owed any more.
    case drained(reason: String)
    /// Interrupted from the terminal.
    case interrupted(reason: String)
    /// The coordinator will never admit this worker.
    case refused(WireProtocol.Refusal)
    /// The coordinator does not know this worker's key, or speaks another protocol.
    case incompatible(String)
    /// The run's storage cannot be used from here.
    case storageUnusable(String)
    /// The coordinator was not found for as long as the worker was to look for it.
    case coordinatorLost(String)
    /// The connection's own machinery broke.
    case channelFailed(String)

    /// The exit code of the process, as in the table of commands.
    package var exitCode: Int32 {
        switch self {
        case .finished, .cancelled, .drained: 0
        case .storageUnusable, .coordinatorLost, .channelFailed: 1
        case .refused, .incompatible: 4
        case .interrupted: 130
        }
    }

    package var description: String {
        switch self {
        case .finished: "the run is finished"
        case .cancelled: "the run is cancelled"
        case .drained(let reason): "drained: \(reason)"
        case .interrupted(let reason): "interrupted: \(reason)"
        case .refused(let refusal):
            "refused (\(refusal.code.rawValue)): this worker has \(refusal.found),"
                + " the run needs \(refusal.wanted)"
        case .incompatible(let reason): reason
        case .storageUnusable(let reason): reason
        case .coordinatorLost(let reason): reason
        case .channelFailed(let reason): reason
        }
    }
}
