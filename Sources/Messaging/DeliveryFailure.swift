/// Why a queued message was given up.
package enum DeliveryFailure: String, Sendable, Hashable {
    /// The connection no longer exists (`EHOSTUNREACH`).
    case peerGone
    /// The queue towards that peer is full: it does not read (`EAGAIN`).
    case peerFull
    /// The worker moved to a new connection before the message could be sent.
    case reconnected
    /// The channel closed before the message could be sent.
    case closed
}
