/// The version of the protocol, and the first frame of each message that bears it.
///
/// The frame is eight bytes: "SCTL", then major and minor as big-endian 16-bit numbers. Peers of one
/// major version understand each other: a minor version only adds fields that may be ignored.
package struct ProtocolVersion: Hashable, Sendable, CustomStringConvertible {
    /// Raised when old peers can no longer take part.
    package let major: UInt16
    /// Raised when fields are added that old peers may ignore.
    package let minor: UInt16

    /// What this program speaks.
    package static let current = ProtocolVersion(major: 2, minor: 1)

    private static let magic = Array("SCTL".utf8)

    /// A version by its numbers.
    package init(major: UInt16, minor: UInt16) {
        self.major = major
        self.minor = minor
    }

    package var description: String { "\(major).\(minor)" }

    /// The first frame of a message.
    package var header: [UInt8] {
        Self.magic + [
            UInt8(major >> 8), UInt8(major & 255), UInt8(minor >> 8), UInt8(minor & 255),
        ]
    }

    /// Reads a first frame.
    ///
    /// - Throws: ``WireError/Code/header`` when it is not one of this protocol at all.
    package init(header: [UInt8]) throws(WireError) {
        guard header.count == 8, header.starts(with: Self.magic) else {
            throw WireError(
                .header,
                field: "header",
                found: "\(header.count) bytes that do not begin with SCTL",
                legal: "8 bytes: SCTL and the version"
            )
        }
        major = UInt16(header[4]) << 8 | UInt16(header[5])
        minor = UInt16(header[6]) << 8 | UInt16(header[7])
    }

    /// Refuses a peer's version that this one cannot talk to.
    ///
    /// - Throws: ``WireError/Code/protocolVersion`` with both versions.
    package func check(peer: ProtocolVersion) throws(WireError) {
        guard peer.major == major else {
            throw WireError(
                .protocolVersion,
                field: "protocol version",
                found: peer.description,
                legal: "\(major).x (this program speaks \(self))"
            )
        }
    }
}
