package import Tiling
package import WireProtocol

/// What a worker shall do.
package enum WorkerEffect: Hashable, Sendable {
    /// Say this to the coordinator.
    case send(WorkerMessage)
    /// Give the connection up and make another.
    case reconnect
    /// Check the storage that the welcome names, and report.
    case verifyStorage(Welcome)
    /// Start computing on a free slot.
    case compute(TileRequest)
    /// Tell a computation that its outcome is not wanted.
    case cancel(LeaseID)
    /// Remove an object that lost its lease.
    case discard(TileObjectKey, runDirectory: String)
    /// Send a piece of a result to the coordinator.
    case serve(FileRequest)
    /// Take in a piece of a file that the coordinator sent.
    case take(FilePiece)
    /// The object of a result is committed: its file is an input from now on.
    case keep(TileObject)
    /// Write a line of the log.
    case log(WorkerFact)
    /// Close the channel and end.
    case leave(WorkerExit)
}
