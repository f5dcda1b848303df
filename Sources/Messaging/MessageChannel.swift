/// The seam between an engine and its network: send, receive, close.
///
/// Sending never blocks and may be done from any thread or task. Events have one reader at a time.
/// Per peer and connection, messages keep their order; between peers there is none. Nothing is
/// delivered twice, but anything can be lost when a connection ends.
package protocol MessageChannel: Sendable {
    /// Queues a message for a peer.
    ///
    /// - Parameters:
    ///   - frames: The body: one or more frames within the channel's limits.
    ///   - peer: The connection to send over; ``PeerID/coordinator`` on a worker.
    /// - Returns: What became of the message; later failures arrive as events.
    func send(_ frames: [[UInt8]], to peer: PeerID) -> SendOutcome

    /// What the channel reports, in order; ends when the channel closes or the task is cancelled.
    var events: ChannelEvents { get }

    /// Closes the channel and returns once its resources are released.
    ///
    /// Messages queued before are handed to the network first. Closing twice is harmless.
    ///
    /// - Parameter lingerMilliseconds: How long the network may go on with what it was handed; the
    ///   limits' own value where `nil`.
    func close(lingerMilliseconds: Int?) async
}

extension MessageChannel {
    /// Closes the channel with the linger time of its limits.
    package func close() async {
        await close(lingerMilliseconds: nil)
    }
}
