import Messaging

extension RunFact {
    /// What an operator should hear of a channel's event; nil for what is not worth a line.
    init?(_ event: ChannelEvent) {
        switch event {
        case .refused(let refusal):
            self.init(
                .peerRefused,
                .warning,
                message: "\(refusal.reason.rawValue) from \(refusal.address)"
            )
        case .handshakeFailed(let endpoint, let failure):
            self.init(.peerHandshakeFailed, .warning, message: "\(failure) at \(endpoint)")
        case .acceptFailed(let endpoint, let failure):
            self.init(.channelAcceptFailed, .error, message: "\(failure) at \(endpoint)")
        case .overflow(let count):
            self.init(.channelOverflowed, .info, message: "\(count) events were dropped")
        case .message, .undeliverable, .connected, .disconnected, .rejected, .failed: return nil
        }
    }
}
