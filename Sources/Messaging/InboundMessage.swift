/// A message from an authenticated peer.
package struct InboundMessage: Sendable, Hashable {
    /// The connection that the message came over; the address for an answer.
    package let peer: PeerID
    /// The sender's CURVE public key as Z85 text, as proven by the handshake.
    ///
    /// On a worker it is the coordinator's key.
    package let userID: String
    /// The body: one or more frames, within the receiver's ``SocketLimits``.
    package let frames: [[UInt8]]

    /// Puts a message together.
    package init(peer: PeerID, userID: String, frames: [[UInt8]]) {
        self.peer = peer
        self.userID = userID
        self.frames = frames
    }

    var byteCount: Int { frames.reduce(0) { $0 + $1.count } }
}
