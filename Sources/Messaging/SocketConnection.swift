internal import CZeroMQ

/// The ROUTER or DEALER of a channel, with the socket that reports on its connections.
struct SocketConnection: ~Copyable {
    let socket: ZeroMQSocket
    let monitor: ZeroMQSocket
    /// Where the socket is bound to, or dials.
    let endpoint: String

    /// Binds a coordinator's ROUTER, whose ZAP handler must stand already, or starts dialling
    /// with a worker's DEALER.
    static func made(
        for role: ReactorRole,
        dialling rotation: EndpointRotation?,
        limits: SocketLimits,
        context: ZeroMQContext
    ) throws(MessagingError) -> SocketConnection {
        switch role {
        case .coordinator(let endpoint, let keys, _):
            let socket = try context.makeSocket(ZMQ_ROUTER)
            try socket.configureAsCoordinator(keys: keys, limits: limits)
            let monitor = try makeMonitor(of: socket, context: context)
            let boundEndpoint = try socket.bind(to: endpoint)
            return SocketConnection(socket: socket, monitor: monitor, endpoint: boundEndpoint)
        case .worker(let endpoints, let keys, let serverKey):
            let endpoint = rotation?.current ?? endpoints[0]
            let socket = try context.makeSocket(ZMQ_DEALER)
            try socket.configureAsWorker(keys: keys, serverKey: serverKey, limits: limits)
            let monitor = try makeMonitor(of: socket, context: context)
            try socket.connect(to: endpoint)
            return SocketConnection(socket: socket, monitor: monitor, endpoint: endpoint)
        }
    }

    /// Prepares for being replaced.
    ///
    /// What the old connection holds is of an old session, and must not linger.
    func abandon() throws(MessagingError) {
        try socket.setOption(ZMQ_LINGER, 0, name: "ZMQ_LINGER")
        try socket.monitor(at: nil, events: 0)
    }

    /// The monitor stands before binding or connecting, so that no report is missed.
    private static func makeMonitor(
        of socket: borrowing ZeroMQSocket,
        context: ZeroMQContext
    ) throws(MessagingError) -> ZeroMQSocket {
        let endpoint = context.makeInProcessEndpoint()
        try socket.monitor(at: endpoint, events: SocketMonitorReport.subscription)
        let monitor = try context.makeSocket(ZMQ_PAIR)
        try monitor.setOption(ZMQ_LINGER, 0, name: "ZMQ_LINGER")
        try monitor.connect(to: endpoint)
        return monitor
    }
}
