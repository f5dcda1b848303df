/// Why a handshake failed.
package enum HandshakeFailure: Sendable, Hashable {
    /// The coordinator does not admit this key (ZAP status 300, 400 or 500).
    case authentication(status: Int)
    /// The other side does not speak ZeroMQ with CURVE, or holds the wrong key (libzmq's
    /// `ZMQ_PROTOCOL_ERROR_…` number).
    case protocolViolation(code: Int)
    /// The connection broke, or was too slow (an errno value).
    case connection(SystemFailure)
}
