/// The coordinator's side of a ``LoopbackNetwork``.
package final class LoopbackCoordinatorChannel: MessageChannel {
    private let network: LoopbackNetwork

    init(network: LoopbackNetwork) {
        self.network = network
    }

    /// Queues a message; see ``MessageChannel``.
    package func send(_ frames: [[UInt8]], to peer: PeerID) -> SendOutcome {
        network.sendToWorker(OutboundMessage(peer: peer, frames: frames))
    }

    /// What the channel reports, in order.
    package var events: ChannelEvents { ChannelEvents(inbox: network.coordinatorInbox) }

    /// Closes the channel; what it holds can still be read.
    package func close(lingerMilliseconds: Int?) async {
        network.closeCoordinator()
    }
}
