/// Everything a channel tells its owner.
///
/// Messages and undeliverable messages are never dropped: the channel stops reading instead, and
/// the network holds the peers back. All other events inform logs and counters; when the owner does
/// not keep up they are dropped and counted in ``overflow(droppedEvents:)``. Liveness must not be
/// based on them: connection events carry no peer.
package enum ChannelEvent: Sendable, Hashable {
    /// A message arrived.
    case message(InboundMessage)
    /// A queued message was given up.
    case undeliverable(OutboundMessage, DeliveryFailure)
    /// A handshake was completed on the endpoint.
    case connected(endpoint: String)
    /// A connection on the endpoint ended.
    case disconnected(endpoint: String)
    /// A connection ended before its handshake was complete.
    case handshakeFailed(endpoint: String, HandshakeFailure)
    /// The coordinator refused a key.
    case refused(Refusal)
    /// A peer's message broke a limit and was dropped.
    case rejected(peer: PeerID, userID: String, frameCount: Int)
    /// The system could not accept a connection, as a rule for want of file descriptors.
    case acceptFailed(endpoint: String, SystemFailure)
    /// Informing events were dropped because the owner did not keep up.
    case overflow(droppedEvents: Int)
    /// The channel broke down and has closed.
    case failed(MessagingError)

    var payloadByteCount: Int {
        switch self {
        case .message(let message): message.byteCount
        case .undeliverable(let message, _): message.byteCount
        default: 0
        }
    }
}
