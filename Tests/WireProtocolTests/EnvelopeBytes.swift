import WireProtocol

/// Protobuf encoding by hand: an oracle for the schema's numbers, and a maker of illegal envelopes.
enum EnvelopeBytes {
    static func varint(_ value: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = value
        while rest >= 128 {
            bytes.append(UInt8(rest & 127) | 128)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    /// A field holding a number.
    static func number(_ field: UInt64, _ value: UInt64) -> [UInt8] {
        varint(field << 3) + varint(value)
    }

    /// A field holding a double.
    static func double(_ field: UInt64, _ value: Double) -> [UInt8] {
        varint(field << 3 | 1) + (0..<8).map { UInt8(value.bitPattern >> (8 * $0) & 255) }
    }

    /// A field holding bytes, text or a message.
    static func bytes(_ field: UInt64, _ content: [UInt8]) -> [UInt8] {
        varint(field << 3 | 2) + varint(UInt64(content.count)) + content
    }

    static func text(_ field: UInt64, _ content: String) -> [UInt8] {
        bytes(field, Array(content.utf8))
    }

    /// Content inside messages, the outermost field first.
    ///
    /// A message that occurs again is merged into the one before, so that appending such bytes to a
    /// legal envelope overrides single fields of it.
    static func nested(_ path: [UInt64], _ content: [UInt8]) -> [UInt8] {
        path.reversed().reduce(content) { bytes($1, $0) }
    }

    static func lease(
        stage: UInt64 = 1,
        round: UInt64 = 0,
        row: UInt64 = 2,
        column: UInt64 = 3,
        attempt: UInt64 = 1
    ) -> [UInt8] {
        number(1, stage) + number(2, round) + number(3, row) + number(4, column)
            + number(5, attempt)
    }
}

extension TransferFile {
    /// The file of the resolved zones.
    static let zones: TransferFile = {
        guard let input = ResolvedInput(path: "inputs/zones.bin") else {
            preconditionFailure("the name of the zones is legal")
        }
        return .input(input)
    }()
}
