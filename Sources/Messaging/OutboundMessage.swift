/// A message on its way to a peer.
package struct OutboundMessage: Sendable, Hashable {
    /// The connection to send over.
    package let peer: PeerID
    /// The body: one or more frames.
    package let frames: [[UInt8]]

    /// Puts a message together.
    package init(peer: PeerID, frames: [[UInt8]]) {
        self.peer = peer
        self.frames = frames
    }

    var byteCount: Int { frames.reduce(0) { $0 + $1.count } }
}
