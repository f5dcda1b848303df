/// A worker's side of the network: a CURVE client of one coordinator.
///
/// Connecting goes on for as long as the channel is open, unless the coordinator refuses the key:
/// libzmq then gives up, which is reported as ``HandshakeFailure/authentication(status:)``, and only
/// ``reconnect()`` tries again. Messages wait in order until a connection takes them.
package final class WorkerChannel: ReconnectingChannel {
    private let reactor: ZeroMQReactor

    private init(reactor: ZeroMQReactor) {
        self.reactor = reactor
    }

    /// Starts dialling.
    ///
    /// - Parameters:
    ///   - endpoints: `tcp://HOST:PORT`, dialled one at a time and in turn until one answers.
    ///   - serverKey: The coordinator's public key; another server is refused.
    ///   - keys: This worker's key pair.
    ///   - context: The process's context.
    ///   - limits: The bounds of sockets and queues.
    ///   - heartbeat: Messages that the socket's thread sends at an interval, to
    ///     ``PeerID/coordinator``.
    /// - Returns: The channel, dialling.
    /// - Throws: ``MessagingError`` where an endpoint is not legal, without dialling any.
    package static func connect(
        to endpoints: [String],
        serverKey: CurvePublicKey,
        keys: CurveKeyPair,
        context: ZeroMQContext,
        limits: SocketLimits = .worker,
        heartbeat: Heartbeat? = nil
    ) async throws(MessagingError) -> WorkerChannel {
        let faults = endpoints.compactMap(Endpoint.faultForDialling)
        guard !endpoints.isEmpty, faults.isEmpty else {
            throw MessagingError(
                .endpointInvalid,
                subject: endpoints.joined(separator: ", "),
                endpoints.isEmpty ? "a worker needs an endpoint" : faults.joined(separator: "; ")
            )
        }
        let (reactor, _) = try await ZeroMQReactor.start(
            context: context,
            role: .worker(endpoints: endpoints, keys: keys, serverKey: serverKey),
            limits: limits,
            heartbeat: heartbeat
        )
        return WorkerChannel(reactor: reactor)
    }

    /// Queues a message; see ``MessageChannel``.
    package func send(_ frames: [[UInt8]], to peer: PeerID = .coordinator) -> SendOutcome {
        reactor.send(frames, to: peer)
    }

    /// What the channel reports, in order.
    package var events: ChannelEvents { ChannelEvents(inbox: reactor.inbox) }

    /// Gives up the connection and makes a new one; see ``ReconnectingChannel``.
    package func reconnect() {
        reactor.outbox.requestReconnect()
    }

    /// Closes the channel; returns once its sockets and thread are gone.
    package func close(lingerMilliseconds: Int?) async {
        await reactor.close(lingerMilliseconds: lingerMilliseconds)
    }
}
