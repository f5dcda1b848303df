/// A worker's side of a ``LoopbackNetwork``.
package final class LoopbackWorkerChannel: ReconnectingChannel {
    private let network: LoopbackNetwork
    private let number: Int
    private let inbox: EventInbox
    private let limits: SocketLimits

    init(network: LoopbackNetwork, number: Int, inbox: EventInbox, limits: SocketLimits) {
        self.network = network
        self.number = number
        self.inbox = inbox
        self.limits = limits
    }

    /// Queues a message; see ``MessageChannel``.
    package func send(_ frames: [[UInt8]], to peer: PeerID = .coordinator) -> SendOutcome {
        guard limits.admits(frames) else { return .illegal }
        return network.sendToCoordinator(
            OutboundMessage(peer: .coordinator, frames: frames),
            from: number
        )
    }

    /// What the channel reports, in order.
    package var events: ChannelEvents { ChannelEvents(inbox: inbox) }

    /// Gives up the connection and makes a new one; see ``ReconnectingChannel``.
    package func reconnect() {
        network.reconnect(number)
    }

    /// Closes the channel; what it holds can still be read.
    package func close(lingerMilliseconds: Int?) async {
        network.closeWorker(number)
    }
}
