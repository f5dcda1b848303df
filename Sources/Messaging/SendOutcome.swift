/// What became of a message at the moment it was handed to a channel.
///
/// `queued` is no promise of delivery: what fails later is reported as
/// ``ChannelEvent/undeliverable(_:_:)``, and what is lost on the wire is not reported at all.
package enum SendOutcome: Sendable, Hashable {
    /// The message waits for the socket's thread.
    case queued
    /// The channel's outgoing queue is full; nothing was taken.
    case queueFull
    /// The message has no frame, or exceeds the channel's own ``SocketLimits``; nothing was taken.
    case illegal
    /// The channel is closed; nothing was taken.
    case closed
}
