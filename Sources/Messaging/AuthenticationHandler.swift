internal import CZeroMQ

/// Answers a context's ZAP requests; lives on the thread that owns the sockets.
///
/// To be made before the ROUTER is bound, so that no handshake can miss it. Without it every
/// handshake fails, because the ROUTER enforces its ZAP domain.
final class AuthenticationHandler {
    private let socket: ZeroMQSocket
    private let authenticator: Authenticator

    init(authenticator: Authenticator, context: ZeroMQContext) throws(MessagingError) {
        let reply = try context.makeSocket(ZMQ_REP)
        try reply.setOption(ZMQ_LINGER, 0, name: "ZMQ_LINGER")
        do throws(MessagingError) {
            _ = try reply.bind(to: AuthenticationRequest.endpoint)
        } catch {
            throw MessagingError(
                .addressInUse,
                subject: "ZeroMQ context",
                "serves one coordinator at a time; close the other one first",
                underlying: error.underlying
            )
        }
        socket = reply
        self.authenticator = authenticator
    }

    deinit {
        socket.unbind(from: AuthenticationRequest.endpoint)
    }

    func pollItem() -> zmq_pollitem_t {
        unsafe socket.pollItem(events: Int32(ZMQ_POLLIN))
    }

    /// Answers the requests that have arrived, up to a limit, and returns the refusals.
    ///
    /// A REP socket takes a reply before it gives the next request.
    func answer(atMost count: Int) throws(MessagingError) -> [Refusal] {
        var refusals: [Refusal] = []
        for _ in 0..<count {
            let receipt = try socket.receive(hasPrefix: false, maximumFrameCount: 16)
            let request: AuthenticationRequest?
            switch receipt {
            case .nothing: return refusals
            case .message(_, let frames, _): request = AuthenticationRequest(frames: frames)
            case .overlong: request = nil
            }
            let decision =
                request.map(authenticator.decide)
                ?? .refused(Refusal(address: "", publicKey: nil, reason: .malformed))
            if case .refused(let refusal) = decision { refusals.append(refusal) }
            // A session that ended meanwhile no longer takes its reply; nobody waits for it.
            _ = try socket.send(
                prefix: nil,
                frames: AuthenticationRequest.reply(
                    requestID: request?.requestID ?? [],
                    decision
                )
            )
        }
        return refusals
    }
}
