/// Every bound of a channel, with the socket options behind it.
///
/// ``coordinator`` and ``worker`` hold the defaults; change single properties of a copy. Times are
/// in milliseconds because libzmq takes them so.
package struct SocketLimits: Sendable, Hashable {
    /// Messages that wait for one peer before it counts as full (`ZMQ_SNDHWM`).
    package var sendHighWaterMessages: Int
    /// Messages that wait from one peer before it is held back (`ZMQ_RCVHWM`).
    package var receiveHighWaterMessages: Int
    /// The largest frame, sent or received; a peer that sends more is cut off (`ZMQ_MAXMSGSIZE`).
    package var maximumFrameBytes = 4 * 1024 * 1024
    /// The most frames of one message; a message of more is dropped and reported.
    package var maximumFrameCount = 8
    /// How long a handshake may take; ends a connection that says nothing (`ZMQ_HANDSHAKE_IVL`).
    package var handshakeMilliseconds = 5_000
    /// Time between ZMTP pings, which prove the connection, not the peer (`ZMQ_HEARTBEAT_IVL`); 0 for
    /// none.
    ///
    /// A coordinator sends none: libzmq 4.3.4 keeps the timers of all connections in one list that it
    /// walks through for each that it cancels, which took more of an idle coordinator with a thousand
    /// workers than everything else. The workers' pings prove their connections from the other side,
    /// seldom, because a session's own heartbeats do so sooner; what is left half open here ends by TCP's
    /// own probes.
    package var heartbeatIntervalMilliseconds: Int
    /// Silence after a ping that ends the connection (`ZMQ_HEARTBEAT_TIMEOUT`).
    package var heartbeatTimeoutMilliseconds = 15_000
    /// Silence after which the other side shall end it (`ZMQ_HEARTBEAT_TTL`; tenths of a second).
    package var heartbeatTimeToLiveMilliseconds = 45_000
    /// How long closing waits for messages already handed over (`ZMQ_LINGER`); never for ever.
    package var lingerMilliseconds: Int
    /// Whether messages wait outside libzmq until a connection stands (`ZMQ_IMMEDIATE`).
    package var sendsOnlyToCompletedConnections: Bool
    /// First wait before a reconnection; libzmq adds a random part of up to as much again
    /// (`ZMQ_RECONNECT_IVL`).
    package var reconnectMilliseconds = 200
    /// Longest wait before a reconnection (`ZMQ_RECONNECT_IVL_MAX`).
    package var reconnectMaximumMilliseconds = 30_000
    /// How long a connection attempt may take (`ZMQ_CONNECT_TIMEOUT`).
    package var connectMilliseconds = 5_000
    /// How long TCP retransmits unacknowledged data (`ZMQ_TCP_MAXRT`).
    package var retransmitMilliseconds = 30_000
    /// Idle time before TCP probes the connection (`ZMQ_TCP_KEEPALIVE_IDLE`).
    package var keepAliveIdleSeconds = 60
    /// Time between TCP probes (`ZMQ_TCP_KEEPALIVE_INTVL`).
    package var keepAliveIntervalSeconds = 10
    /// Unanswered TCP probes that end the connection (`ZMQ_TCP_KEEPALIVE_CNT`).
    package var keepAliveProbeCount = 6
    /// Connections that wait to be accepted (`ZMQ_BACKLOG`).
    package var acceptBacklog = 1_024
    /// Whether IPv6 addresses are used besides IPv4 (`ZMQ_IPV6`).
    package var usesIPv6 = true
    /// Outgoing messages that wait for the socket's thread.
    package var outboundQueueMessages = 65_536
    /// Bytes of outgoing messages that wait for the socket's thread.
    package var outboundQueueBytes = 256 * 1024 * 1024
    /// Events that wait for their reader; at this number the channel stops reading.
    package var inboundQueueEvents = 16_384
    /// Bytes of incoming messages that wait for their reader; there the channel stops reading.
    package var inboundQueueBytes = 256 * 1024 * 1024
    /// How long messages gather before a look at the socket, while their reader is patient.
    package var patienceMilliseconds = 25
    /// Messages read or sent in one turn, before handshakes and heartbeats get theirs.
    package var messagesPerTurn = 256

    /// The defaults of a coordinator.
    package static let coordinator = SocketLimits(
        sendHighWaterMessages: 1_000,
        receiveHighWaterMessages: 1_000,
        heartbeatIntervalMilliseconds: 0,
        lingerMilliseconds: 0,
        sendsOnlyToCompletedConnections: false
    )

    /// The defaults of a worker: small queues, and time for its last result when closing.
    package static let worker = SocketLimits(
        sendHighWaterMessages: 100,
        receiveHighWaterMessages: 100,
        heartbeatIntervalMilliseconds: 15_000,
        lingerMilliseconds: 2_000,
        sendsOnlyToCompletedConnections: true
    )

    private init(
        sendHighWaterMessages: Int,
        receiveHighWaterMessages: Int,
        heartbeatIntervalMilliseconds: Int,
        lingerMilliseconds: Int,
        sendsOnlyToCompletedConnections: Bool
    ) {
        self.sendHighWaterMessages = sendHighWaterMessages
        self.receiveHighWaterMessages = receiveHighWaterMessages
        self.heartbeatIntervalMilliseconds = heartbeatIntervalMilliseconds
        self.lingerMilliseconds = lingerMilliseconds
        self.sendsOnlyToCompletedConnections = sendsOnlyToCompletedConnections
    }

    /// Whether a message may be sent under these limits.
    package func admits(_ frames: [[UInt8]]) -> Bool {
        !frames.isEmpty && frames.count <= maximumFrameCount
            && frames.allSatisfy { $0.count <= maximumFrameBytes }
    }
}
