internal import CZeroMQ

extension ZeroMQSocket {
    /// What CURVE adds to a frame: command name 8, nonce 8, authenticator 16, flags 1 (ZeroMQ RFC
    /// 26, MESSAGE); libzmq compares the encrypted size with its limit.
    private static let curveOverheadBytes = 33

    /// Sets everything that both sides share; to be done before binding or connecting.
    func apply(_ limits: SocketLimits) throws(MessagingError) {
        try setOption(ZMQ_SNDHWM, limits.sendHighWaterMessages, name: "ZMQ_SNDHWM")
        try setOption(ZMQ_RCVHWM, limits.receiveHighWaterMessages, name: "ZMQ_RCVHWM")
        try setWideOption(
            ZMQ_MAXMSGSIZE,
            Int64(limits.maximumFrameBytes + Self.curveOverheadBytes),
            name: "ZMQ_MAXMSGSIZE"
        )
        let timing: [(Int32, Int, String)] = [
            (ZMQ_HANDSHAKE_IVL, limits.handshakeMilliseconds, "ZMQ_HANDSHAKE_IVL"),
            (ZMQ_HEARTBEAT_IVL, limits.heartbeatIntervalMilliseconds, "ZMQ_HEARTBEAT_IVL"),
            (ZMQ_HEARTBEAT_TIMEOUT, limits.heartbeatTimeoutMilliseconds, "ZMQ_HEARTBEAT_TIMEOUT"),
            (ZMQ_HEARTBEAT_TTL, limits.heartbeatTimeToLiveMilliseconds, "ZMQ_HEARTBEAT_TTL"),
            (ZMQ_LINGER, limits.lingerMilliseconds, "ZMQ_LINGER"),
            (ZMQ_RECONNECT_IVL, limits.reconnectMilliseconds, "ZMQ_RECONNECT_IVL"),
            (ZMQ_RECONNECT_IVL_MAX, limits.reconnectMaximumMilliseconds, "ZMQ_RECONNECT_IVL_MAX"),
            (ZMQ_CONNECT_TIMEOUT, limits.connectMilliseconds, "ZMQ_CONNECT_TIMEOUT"),
            (ZMQ_TCP_MAXRT, limits.retransmitMilliseconds, "ZMQ_TCP_MAXRT"),
            (ZMQ_TCP_KEEPALIVE, 1, "ZMQ_TCP_KEEPALIVE"),
            (ZMQ_TCP_KEEPALIVE_IDLE, limits.keepAliveIdleSeconds, "ZMQ_TCP_KEEPALIVE_IDLE"),
            (ZMQ_TCP_KEEPALIVE_INTVL, limits.keepAliveIntervalSeconds, "ZMQ_TCP_KEEPALIVE_INTVL"),
            (ZMQ_TCP_KEEPALIVE_CNT, limits.keepAliveProbeCount, "ZMQ_TCP_KEEPALIVE_CNT"),
            (ZMQ_BACKLOG, limits.acceptBacklog, "ZMQ_BACKLOG"),
            (ZMQ_IPV6, limits.usesIPv6 ? 1 : 0, "ZMQ_IPV6"),
        ]
        for (option, value, name) in timing {
            try setOption(option, value, name: name)
        }
    }

    /// Makes this ROUTER a CURVE server that admits only whom the ZAP handler admits.
    func configureAsCoordinator(
        keys: CurveKeyPair,
        limits: SocketLimits
    ) throws(MessagingError) {
        try apply(limits)
        // Otherwise messages to a peer that is gone or full vanish without a word.
        try setOption(ZMQ_ROUTER_MANDATORY, 1, name: "ZMQ_ROUTER_MANDATORY")
        try setOption(ZMQ_CURVE_SERVER, 1, name: "ZMQ_CURVE_SERVER")
        try setOption(ZMQ_CURVE_SECRETKEY, keys.secretKey.bytes, name: "ZMQ_CURVE_SECRETKEY")
        try setOption(ZMQ_ZAP_DOMAIN, Array(Authenticator.domain.utf8), name: "ZMQ_ZAP_DOMAIN")
        // Without it, libzmq lets every key in when no ZAP handler is bound.
        try setOption(ZMQ_ZAP_ENFORCE_DOMAIN, 1, name: "ZMQ_ZAP_ENFORCE_DOMAIN")
    }

    /// Makes this DEALER a CURVE client of one server.
    ///
    /// No routing id is set: a ROUTER ignores a second peer of the same id without an error.
    func configureAsWorker(
        keys: CurveKeyPair,
        serverKey: CurvePublicKey,
        limits: SocketLimits
    ) throws(MessagingError) {
        try apply(limits)
        try setOption(
            ZMQ_IMMEDIATE,
            limits.sendsOnlyToCompletedConnections ? 1 : 0,
            name: "ZMQ_IMMEDIATE"
        )
        try setOption(ZMQ_CURVE_PUBLICKEY, keys.publicKey.bytes, name: "ZMQ_CURVE_PUBLICKEY")
        try setOption(ZMQ_CURVE_SECRETKEY, keys.secretKey.bytes, name: "ZMQ_CURVE_SECRETKEY")
        try setOption(ZMQ_CURVE_SERVERKEY, serverKey.bytes, name: "ZMQ_CURVE_SERVERKEY")
    }
}
