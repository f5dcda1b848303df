package import CarbonBalance

/// The contributions of a tile of the `balance` stage, one for each pair, as one sequence of bytes.
package struct BalancePartials: Hashable, Sendable {
    /// The contributions in the order of the model's pairs.
    package let pairs: [BalancePartial]

    /// Contributions of a tile.
    package init(pairs: [BalancePartial]) {
        self.pairs = pairs
    }

    /// The number of pairs, then each contribution with its length in front.
    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        PartialCoding.append(pairs.count, to: &bytes)
        for pair in pairs {
            let encoded = pair.encoded
            PartialCoding.append(encoded.count, to: &bytes)
            bytes += encoded
        }
        return bytes
    }

    /// The contributions that ``encoded`` gave these bytes; all of them, and nothing else.
    ///
    /// - Throws: `CarbonBalanceError` for bytes that ``encoded`` cannot have made.
    package init(encoded bytes: [UInt8]) throws(CarbonBalanceError) {
        var rest = bytes[...]
        let count = try PartialCoding.number(from: &rest, of: "pair count", atMost: 255)
        var pairs: [BalancePartial] = []
        for _ in 0..<count {
            let length = try PartialCoding.number(
                from: &rest,
                of: "length",
                atMost: rest.count
            )
            guard length <= rest.count else { throw PartialCoding.refusal("ends too early") }
            pairs.append(try BalancePartial(encoded: Array(rest.prefix(length))))
            rest = rest.dropFirst(length)
        }
        guard rest.isEmpty else {
            throw PartialCoding.refusal("is followed by \(rest.count) bytes")
        }
        self.pairs = pairs
    }
}
