internal import CZeroMQ

/// What libzmq reports about a socket's connections, from the I/O thread's point of view.
enum SocketMonitorReport: Hashable {
    case handshakeSucceeded
    case handshakeFailed(HandshakeFailure)
    case disconnected
    case attemptFailed
    case acceptFailed(SystemFailure)
    case other

    /// The events to subscribe to.
    static let subscription =
        ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL
        | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH
        | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CONNECT_RETRIED | ZMQ_EVENT_ACCEPT_FAILED

    /// Reads a report's frames: event and value as 16 and 32 bits in host order; endpoint.
    static func parse(_ frames: [[UInt8]]) -> (SocketMonitorReport, endpoint: String)? {
        guard frames.count == 2, frames[0].count == 6 else { return nil }
        let (event, value) = unsafe frames[0].withUnsafeBytes { bytes in
            unsafe (
                bytes.loadUnaligned(fromByteOffset: 0, as: UInt16.self),
                bytes.loadUnaligned(fromByteOffset: 2, as: Int32.self)
            )
        }
        let endpoint = String(decoding: frames[1], as: UTF8.self)
        let report: SocketMonitorReport =
            switch Int32(event) {
            case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: .handshakeSucceeded
            case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
                .handshakeFailed(.authentication(status: Int(value)))
            case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
                .handshakeFailed(.protocolViolation(code: Int(value)))
            case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
                .handshakeFailed(.connection(SystemFailure(number: value)))
            case ZMQ_EVENT_DISCONNECTED: .disconnected
            case ZMQ_EVENT_CONNECT_RETRIED: .attemptFailed
            case ZMQ_EVENT_ACCEPT_FAILED: .acceptFailed(SystemFailure(number: value))
            default: .other
            }
        return (report, endpoint)
    }
}
