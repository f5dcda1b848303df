extension ReactorLoop {
    /// Reads up to one turn's messages.
    func readMessages(room: Int) throws(MessagingError) {
        var events: [ChannelEvent] = []
        defer { inbox.append(events) }
        for _ in 0..<min(room, limits.messagesPerTurn) {
            let receipt = try connection.socket.receive(
                hasPrefix: isCoordinator,
                maximumFrameCount: limits.maximumFrameCount
            )
            switch receipt {
            case .nothing: return
            case .message(let prefix, let frames, let userID):
                guard let sender = admittedSender(userID) else { continue }
                events.append(
                    .message(
                        InboundMessage(
                            peer: PeerID(bytes: prefix),
                            userID: sender,
                            frames: frames
                        )
                    )
                )
            case .overlong(let prefix, let frameCount, let userID):
                inbox.inform(
                    .rejected(
                        peer: PeerID(bytes: prefix),
                        userID: userID ?? "",
                        frameCount: frameCount
                    )
                )
            }
        }
    }

    /// The sender's user id while it is admitted; a revoked one is reported.
    private func admittedSender(_ userID: String?) -> String? {
        switch role {
        case .worker(_, _, let serverKey):
            // The handshake has proven that the other side holds this key.
            return serverKey.z85
        case .coordinator(_, _, let authenticator):
            if let userID, authenticator.admits(userID: userID) { return userID }
            let key = userID.flatMap { try? CurvePublicKey(z85: $0) }
            let address = connection.socket.lastFrameAddress() ?? ""
            inbox.inform(.refused(Refusal(address: address, publicKey: key, reason: .revoked)))
            return nil
        }
    }

    /// Answers up to one turn's requests for authentication.
    func answerAuthentication() throws(MessagingError) {
        guard let authentication else { return }
        for refusal in try authentication.answer(atMost: limits.messagesPerTurn) {
            inbox.inform(.refused(refusal))
        }
    }

    /// Reads up to one turn's reports about connections.
    mutating func readReports() throws(MessagingError) {
        for _ in 0..<limits.messagesPerTurn {
            let receipt = try connection.monitor.receive(hasPrefix: false, maximumFrameCount: 2)
            guard case .message(_, let frames, _) = receipt,
                let (report, endpoint) = SocketMonitorReport.parse(frames)
            else { return }
            switch report {
            case .handshakeSucceeded:
                rotation?.handshakeSucceeded()
                inbox.inform(.connected(endpoint: endpoint))
            case .handshakeFailed(let failure):
                inbox.inform(.handshakeFailed(endpoint: endpoint, failure))
            case .disconnected: inbox.inform(.disconnected(endpoint: endpoint))
            case .acceptFailed(let failure):
                inbox.inform(.acceptFailed(endpoint: endpoint, failure))
            case .attemptFailed:
                if rotation?.attemptFailed() == true {
                    try replaceConnection()
                    return
                }
            case .other: continue
            }
        }
    }
}
