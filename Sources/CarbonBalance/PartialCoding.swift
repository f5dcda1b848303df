/// Numbers of partial sums as bytes: little-endian groups of seven bits, the last with the high bit clear.
package enum PartialCoding {
    /// Appends a count, which is not negative.
    package static func append(_ number: Int, to bytes: inout [UInt8]) {
        precondition(number >= 0, "partials hold counts")
        var rest = number
        while rest > 0x7f {
            bytes.append(UInt8(rest & 0x7f) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// Takes a number off the front; refuses any but the shortest form.
    package static func number(
        from bytes: inout ArraySlice<UInt8>,
        of noun: String,
        atMost maximum: Int = .max
    ) throws(CarbonBalanceError) -> Int {
        var number: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 63, by: 7) {
            guard let byte = bytes.popFirst() else {
                throw refusal("ends within \(noun)")
            }
            number |= UInt64(byte & 0x7f) << shift
            guard byte & 0x80 == 0 else { continue }
            guard byte != 0 || shift == 0 else { break }
            guard number <= UInt64(maximum) else {
                throw refusal("has \(noun) \(number); at most \(maximum) is legal")
            }
            return Int(number)
        }
        throw refusal("has a malformed \(noun)")
    }

    /// The error for bytes that are no partial.
    package static func refusal(_ explanation: String) -> CarbonBalanceError {
        CarbonBalanceError(
            .malformedPartial,
            subject: "partial sums of a tile",
            explanation: explanation
        )
    }
}
