extension ExactSum {
    /// The sum as bytes: equal sums have equal bytes, whatever terms made them.
    ///
    /// A byte of kind (0 zero, 1 positive, 2 negative, 3 +∞, 4 −∞, 5 NaN); for 1 and 2 the number of the
    /// lowest byte (two bytes, little-endian; byte 0 counts multiples of 2⁻²¹⁷⁶), the number of bytes
    /// (two), and the magnitude, little-endian, without zero bytes at either end.
    package var encoded: [UInt8] {
        guard special == .finite else { return [special.rawValue] }
        let (isNegative, magnitude, firstLimb) = signedMagnitude()
        guard !magnitude.isEmpty else { return [0] }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(4 * magnitude.count)
        for limb in magnitude {
            for shift in stride(from: UInt32(0), to: 32, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: limb >> shift))
            }
        }
        let low = bytes.prefix { $0 == 0 }.count
        while bytes.last == 0 { bytes.removeLast() }
        let first = 4 * firstLimb + low
        let count = bytes.count - low
        let header = [
            isNegative ? 2 : 1, UInt8(first & 255), UInt8(first >> 8), UInt8(count & 255),
            UInt8(count >> 8),
        ]
        return header + bytes[low...]
    }

    /// The sum that ``encoded`` gave these bytes; all of them, and nothing else.
    ///
    /// - Throws: `LatticeError` for any bytes that ``encoded`` cannot have made.
    package init(encoded bytes: [UInt8]) throws(LatticeError) {
        var rest = bytes[...]
        try self.init(decodingPrefixOf: &rest)
        guard rest.isEmpty else {
            throw LatticeError(.malformedSum, "an exact sum is followed by \(rest.count) bytes")
        }
    }

    /// Takes an encoded sum off the front of `bytes`, so that records can hold several.
    ///
    /// - Throws: `LatticeError` for any bytes that ``encoded`` cannot have made.
    package init(decodingPrefixOf bytes: inout ArraySlice<UInt8>) throws(LatticeError) {
        guard let kind = bytes.popFirst() else {
            throw LatticeError(.malformedSum, "an exact sum has no bytes")
        }
        if kind == 0 {
            self.init()
            return
        }
        if let special = Special(rawValue: kind) {
            self.init(special: special)
            return
        }
        guard kind <= 2 else {
            throw LatticeError(.malformedSum, "an exact sum has kind \(kind); legal are 0 to 5")
        }
        guard bytes.count >= 4 else {
            throw LatticeError(.malformedSum, "an exact sum ends in its header")
        }
        let header = bytes.prefix(4).map(Int.init)
        bytes.removeFirst(4)
        let first = header[0] | header[1] << 8
        let count = header[2] | header[3] << 8
        guard count > 0, first + count <= 4 * Self.maximumLimbs, bytes.count >= count else {
            throw LatticeError(
                .malformedSum,
                "an exact sum claims \(count) bytes from byte \(first), \(bytes.count) follow"
            )
        }
        let digits = bytes.prefix(count)
        guard digits.first != 0, digits.last != 0 else {
            throw LatticeError(.malformedSum, "an exact sum has a zero byte at an end")
        }
        bytes.removeFirst(count)
        var magnitude = [UInt32](repeating: 0, count: (first % 4 + count + 3) / 4)
        for (offset, digit) in digits.enumerated() {
            let place = first % 4 + offset
            magnitude[place / 4] |= UInt32(digit) << UInt32(8 * (place % 4))
        }
        self.init(isNegative: kind == 2, magnitude: magnitude, firstLimb: first / 4)
    }
}

extension ExactSum: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        let digits = Array(text.utf8)
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard index + 1 < digits.count, let high = Self.nibble(digits[index]),
                let low = Self.nibble(digits[index + 1])
            else {
                throw DecodingError.dataCorruptedError(
                    in: container,
                    debugDescription: "an exact sum is written as pairs of hexadecimal digits"
                )
            }
            bytes.append(high << 4 | low)
        }
        do {
            try self.init(encoded: bytes)
        } catch {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(error)")
        }
    }

    package func encode(to encoder: any Encoder) throws {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in encoded {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        var container = encoder.singleValueContainer()
        try container.encode(String(decoding: text, as: UTF8.self))
    }

    private static func nibble(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 48...57: digit - 48
        case 97...102: digit - 87
        default: nil
        }
    }
}
