package import Tiling
package import WireProtocol

/// What happened to a worker.
package enum WorkerEvent: Sendable {
    /// The channel exists and dials.
    case channelOpened
    /// A connection stands; nothing was said on it yet.
    case connectionMade
    /// The connection ended; the channel dials again by itself.
    case connectionLost
    /// The coordinator does not admit the worker's key.
    case keyRefused(String)
    /// A handshake failed for another reason.
    case handshakeFailed(String)
    /// The channel broke down and is closed.
    case channelFailed(String)
    /// The coordinator said something.
    case received(CoordinatorMessage)
    /// The coordinator sent what is no message.
    case unreadableReceived(WireError)
    /// The storage of this welcome can be used.
    case storageVerified(Welcome)
    /// The storage of this welcome cannot be used.
    case storageRejected(Welcome, StorageRejection)
    /// A slot has computed a unit, and is free.
    case tileCompleted(LeaseID, TileResult)
    /// A slot could not compute a unit, and is free.
    case tileFailed(LeaseID, TileFailure)
    /// The worker shall finish what it can within the grace period, and leave.
    case drainRequested(grace: Duration?, reason: String)
    /// The worker shall leave now.
    case haltRequested(isInterrupt: Bool, reason: String)
    /// A deadline may have been reached.
    case timePassed
}
