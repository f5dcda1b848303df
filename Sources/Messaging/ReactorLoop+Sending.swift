internal import CZeroMQ

extension ReactorLoop {
    /// What is left after a turn of sending.
    enum Unsent {
        case none
        /// More can be sent at once.
        case ready
        /// The socket takes no more for now.
        case blocked
        /// The reader must make room first, for what may come back as undeliverable.
        case held
    }

    /// Sends up to one turn's messages.
    ///
    /// A coordinator gives a message up at once where its peer is gone or full. A worker has one
    /// peer and keeps its messages, in order, until a connection takes them.
    mutating func sendPending(room: Int) throws(MessagingError) -> Unsent {
        var budget = limits.messagesPerTurn
        var failures: [ChannelEvent] = []
        defer { inbox.append(failures) }
        while pendingStart < pending.count {
            guard budget > 0 else { return .ready }
            // A worker's messages never come back from here, so they need no room.
            guard !isCoordinator || failures.count < room else {
                return room == 0 ? .held : .ready
            }
            budget -= 1
            let message = pending[pendingStart]
            switch try send(message) {
            case .done: break
            case .wouldBlock where !isCoordinator: return .blocked
            case .wouldBlock: failures.append(.undeliverable(message, .peerFull))
            case .unroutable: failures.append(.undeliverable(message, .peerGone))
            }
            pendingStart += 1
        }
        pending.removeAll(keepingCapacity: pending.capacity <= 4096)
        pendingStart = 0
        return .none
    }

    /// Sends the messages of one heartbeat ahead of what waits.
    func beat() throws(MessagingError) {
        guard let heartbeat else { return }
        for message in heartbeat.messages() {
            precondition(limits.admits(message.frames), "a heartbeat is within the limits")
            switch try send(message) {
            case .done: break
            // A worker without a connection skips the beat: late ones prove nothing.
            case .wouldBlock where !isCoordinator: return
            case .wouldBlock: inbox.inform(.undeliverable(message, .peerFull))
            case .unroutable: inbox.inform(.undeliverable(message, .peerGone))
            }
        }
    }

    private func send(_ message: OutboundMessage) throws(MessagingError) -> ZeroMQSocket.Outcome {
        try connection.socket.send(
            prefix: isCoordinator ? message.peer.bytes : nil,
            frames: message.frames
        )
    }

    /// Hands what is queued to the network as far as it takes it, and gives the rest up.
    mutating func finish(_ close: Outbox.CloseRequest) throws(MessagingError) {
        while try sendPending(room: Int.max) == .ready {}
        if pendingStart == pending.count {
            pending = outbox.take(includingMessages: true).messages
            pendingStart = 0
            while try sendPending(room: Int.max) == .ready {}
        }
        let rest = outbox.take(includingMessages: true).messages
        inbox.append((pending[pendingStart...] + rest).map { .undeliverable($0, .closed) })
        if let milliseconds = close.lingerMilliseconds {
            try connection.socket.setOption(ZMQ_LINGER, max(0, milliseconds), name: "ZMQ_LINGER")
        }
    }

    /// Moves a worker to a new connection and gives up what waited for the old one.
    mutating func startAfresh(abandoning queued: [OutboundMessage]) throws(MessagingError) {
        guard rotation != nil else { return }
        inbox.append((pending[pendingStart...] + queued).map { .undeliverable($0, .reconnected) })
        pending = []
        pendingStart = 0
        rotation?.advance()
        try replaceConnection()
    }
}
