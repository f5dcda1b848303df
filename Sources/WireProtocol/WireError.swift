/// Why frames are not a message.
///
/// It says which part was wrong, what was found and what is legal. It never means a defect of this
/// process: the peer, or the network, sent it.
package struct WireError: Error, CustomStringConvertible {
    /// What kind of thing was wrong.
    package enum Code: Hashable, Sendable, CaseIterable {
        /// Not two frames.
        case frames
        /// The first frame is not a header of this protocol.
        case header
        /// A version that this program does not speak.
        case protocolVersion
        /// An envelope beyond the limit.
        case size
        /// Bytes that are not of the schema.
        case undecodable
        /// No kind of message, or one that this program does not know.
        case unknownKind
        /// A field outside its legal values.
        case field
    }

    /// What kind of thing was wrong.
    package let code: Code
    /// The part of the message, as in `hello.slots`.
    package let field: String
    /// What it was.
    package let found: String
    /// What it may be.
    package let legal: String
    /// The library's own error, where there is one.
    package let underlying: (any Error)?

    /// A complaint about a part of a message.
    package init(
        _ code: Code,
        field: String,
        found: String,
        legal: String,
        underlying: (any Error)? = nil
    ) {
        self.code = code
        self.field = field
        self.found = found
        self.legal = legal
        self.underlying = underlying
    }

    package var description: String {
        let cause = underlying.map { " (\($0))" } ?? ""
        return "\(field): found \(found), legal is \(legal)\(cause)"
    }

    /// How a coordinator answers a worker that sent this.
    package var refusal: Refusal {
        Refusal(
            code: code == .protocolVersion ? .protocolVersion : .malformed,
            found: code == .protocolVersion ? found : "\(field) = \(found)",
            wanted: legal
        )
    }
}
