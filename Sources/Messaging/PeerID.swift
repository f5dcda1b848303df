/// The address of one peer's current connection.
///
/// On the coordinator's side it holds the routing id that ZeroMQ gave to the connection: opaque
/// bytes that end with the connection, so a peer that reconnects gets another one. It is *not* an
/// identity: that is the CURVE key (``InboundMessage/userID``) together with the session.
package struct PeerID: Sendable, Hashable, CustomStringConvertible {
    /// The routing id; empty for the coordinator as seen by a worker.
    package let bytes: [UInt8]

    /// Wraps a routing id.
    package init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The coordinator, as a worker addresses it.
    package static let coordinator = PeerID(bytes: [])

    /// The bytes in hexadecimal, or `coordinator`.
    package var description: String {
        bytes.isEmpty ? "coordinator" : Hexadecimal.text(bytes)
    }
}
