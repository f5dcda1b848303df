/// A request of the ZeroMQ Authentication Protocol (ZeroMQ RFC 27).
struct AuthenticationRequest: Hashable {
    /// Where libzmq sends its requests, once per context.
    static let endpoint = "inproc://zeromq.zap.01"

    let version: String
    let requestID: [UInt8]
    let domain: String
    let address: String
    let mechanism: String
    let credentials: [[UInt8]]

    /// Reads the frames version, request id, domain, address, routing id, mechanism, credentials.
    init?(frames: [[UInt8]]) {
        guard frames.count >= 6 else { return nil }
        version = String(decoding: frames[0], as: UTF8.self)
        requestID = frames[1]
        domain = String(decoding: frames[2], as: UTF8.self)
        address = String(decoding: frames[3], as: UTF8.self)
        mechanism = String(decoding: frames[5], as: UTF8.self)
        credentials = Array(frames[6...])
    }

    /// The frames of a reply: version, request id, status, text, user id, metadata.
    static func reply(requestID: [UInt8], _ decision: AuthenticationDecision) -> [[UInt8]] {
        let (status, text, userID) =
            switch decision {
            case .admitted(let key): ("200", "OK", key.z85)
            case .refused(let refusal): ("400", refusal.reason.rawValue, "")
            }
        return [
            Array("1.0".utf8), requestID, Array(status.utf8), Array(text.utf8),
            Array(userID.utf8), [],
        ]
    }
}
