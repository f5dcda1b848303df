/// A message under way in a ``LoopbackNetwork``.
package struct LoopbackEnvelope: Sendable, Hashable {
    /// Which way a message goes.
    package enum Direction: Sendable, Hashable {
        case toCoordinator
        case toWorker
    }

    /// Which way the message goes.
    package let direction: Direction
    /// The key of the worker that sends or receives.
    package let workerKey: CurvePublicKey
    /// The frames, with the worker's connection as peer, whichever way they go.
    package let message: OutboundMessage
    /// Counts the network's messages from 1.
    package let number: Int
}
