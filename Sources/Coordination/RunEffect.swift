package import Messaging
package import RunStore
package import Tiling
package import WireProtocol

/// Everything that a run can do to the world.
///
/// Effects are in order: what follows a record in ``journal(_:)`` happens only when that record is
/// durable, save messages that do not depend on any (``CoordinatorMessage/dependsOnJournal``).
package enum RunEffect: Hashable, Sendable {
    /// Make a record durable.
    case journal(JournalRecord)
    /// Send a message.
    case send(CoordinatorMessage, to: PeerID)
    /// Compare a result's object with its description, then say `objectVerified`.
    case verify(TileResult)
    /// Fetch a result's object from its worker, then say `objectStored`, or `objectVerified` with what
    /// is wrong; said again when the worker comes back on another connection.
    case collect(TileResult, from: PeerID)
    /// Compare committed objects with their digests, then say `objectLost` for those that have changed.
    case inspect([TileObject])
    /// Send a piece of a file to a worker.
    case serve(FileRequest, to: PeerID)
    /// Take in a piece of a file that a worker sent.
    case take(FilePiece, from: PeerID)
    /// Remove an object that no commit names.
    case discard(TileObjectKey)
    /// Reduce the partials of a round, then say `reductionFinished` or `reductionFailed`.
    case reduce(Stage, round: Int, constants: [Stage: [UInt8]])
    /// Write a line into the log.
    case log(RunFact)
    /// The run is over, or this coordinator's part in it.
    case finish(RunOutcome)

    /// True for the answer to a worker's heartbeat.
    var isHeartbeatAnswer: Bool {
        if case .send(let message, _) = self { message.isHeartbeat } else { false }
    }
}

/// How a coordinator's work ended.
package enum RunOutcome: Hashable, Sendable {
    /// Every unit is committed.
    case done
    /// Every unit is settled, some are quarantined.
    case incomplete(quarantined: Int)
    /// An operator ended the run.
    case cancelled
    /// The run stopped for this reason.
    case failed(String)
    /// The coordinator was asked to end; the run can be resumed.
    case interrupted
}

extension CoordinatorMessage {
    /// True for an answer to a heartbeat.
    var isHeartbeat: Bool { if case .heartbeat = self { true } else { false } }

    /// True when the message must not leave before the records decided before it are durable.
    package var dependsOnJournal: Bool {
        switch self {
        case .stage, .lease, .committed, .stale, .goodbye(.finished), .goodbye(.cancelled): true
        case .welcome, .refuse, .heartbeat, .drain, .resync, .goodbye(.restarting), .request,
            .piece:
            false
        }
    }
}
