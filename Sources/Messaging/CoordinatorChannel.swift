/// The coordinator's side of the network: a CURVE server that many workers dial.
package final class CoordinatorChannel: MessageChannel {
    private let reactor: ZeroMQReactor
    /// The endpoint listened on, with wildcards resolved by the system, such as
    /// `tcp://[::]:40123`.
    package let boundEndpoint: String
    /// Who is admitted; change it at any time.
    package let authenticator: Authenticator

    private init(reactor: ZeroMQReactor, endpoint: String, authenticator: Authenticator) {
        self.reactor = reactor
        boundEndpoint = endpoint
        self.authenticator = authenticator
    }

    /// Starts listening.
    ///
    /// - Parameters:
    ///   - endpoint: `tcp://HOST:PORT`; `tcp://*:0` takes every interface and any free port.
    ///   - keys: The coordinator's key pair.
    ///   - authenticator: Decides who is admitted.
    ///   - context: The process's context, which serves one coordinator at a time.
    ///   - limits: The bounds of sockets and queues.
    ///   - heartbeat: Messages that the socket's thread sends at an interval.
    /// - Returns: The channel, listening.
    /// - Throws: ``MessagingError`` that names the endpoint and what to do.
    package static func bind(
        to endpoint: String,
        keys: CurveKeyPair,
        authenticator: Authenticator,
        context: ZeroMQContext,
        limits: SocketLimits = .coordinator,
        heartbeat: Heartbeat? = nil
    ) async throws(MessagingError) -> CoordinatorChannel {
        if let fault = Endpoint.faultForListening(endpoint) {
            throw MessagingError(.endpointInvalid, subject: endpoint, fault)
        }
        let (reactor, boundEndpoint) = try await ZeroMQReactor.start(
            context: context,
            role: .coordinator(endpoint: endpoint, keys: keys, authenticator: authenticator),
            limits: limits,
            heartbeat: heartbeat
        )
        return CoordinatorChannel(
            reactor: reactor,
            endpoint: boundEndpoint,
            authenticator: authenticator
        )
    }

    /// The port listened on.
    package var boundPort: Int {
        boundEndpoint.split(separator: ":").last.flatMap { Int($0) } ?? 0
    }

    /// Queues a message; see ``MessageChannel``.
    package func send(_ frames: [[UInt8]], to peer: PeerID) -> SendOutcome {
        reactor.send(frames, to: peer)
    }

    /// What the channel reports, in order.
    package var events: ChannelEvents { ChannelEvents(inbox: reactor.inbox) }

    /// Closes the channel; returns once its sockets and thread are gone.
    package func close(lingerMilliseconds: Int?) async {
        await reactor.close(lingerMilliseconds: lingerMilliseconds)
    }
}
