package import CarbonBalance

/// The contributions of a tile of the `balance` stage, one for each pair and one to the regression of
/// cells, as one sequence of bytes.
package struct BalancePartials: Hashable, Sendable {
    /// The contributions in the order of the model's pairs.
    package let pairs: [BalancePartial]
    /// The contribution to the regression of cells; nil when the model has none.
    package let observations: ObservationPartial?

    /// Contributions of a tile.
    package init(pairs: [BalancePartial], observations: ObservationPartial? = nil) {
        self.pairs = pairs
        self.observations = observations
    }

    /// The number of pairs, then each contribution with its length in front, the regression's last.
    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        PartialCoding.append(pairs.count, to: &bytes)
        for encoded in pairs.map(\.encoded) + (observations.map { [$0.encoded] } ?? []) {
            PartialCoding.append(encoded.count, to: &bytes)
            bytes += encoded
        }
        return bytes
    }

    /// The contributions that ``encoded`` gave these bytes; all of them, and nothing else.
    ///
    /// - Throws: `CarbonBalanceError` for bytes that ``encoded`` cannot have made for the model.
    package init(encoded bytes: [UInt8], model: RunModel) throws(CarbonBalanceError) {
        var rest = bytes[...]
        let count = try PartialCoding.number(from: &rest, of: "pair count", atMost: 255)
        var pairs: [BalancePartial] = []
        for _ in 0..<count {
            pairs.append(try BalancePartial(encoded: try Self.part(from: &rest)))
        }
        self.pairs = pairs
        observations =
            if let regression = model.cellRegression {
                try ObservationPartial(
                    encoded: try Self.part(from: &rest),
                    model: regression,
                    grid: model.grid
                )
            } else { nil }
        guard rest.isEmpty else {
            throw PartialCoding.refusal("is followed by \(rest.count) bytes")
        }
    }

    /// Takes a contribution off the front, with its length.
    private static func part(
        from bytes: inout ArraySlice<UInt8>
    ) throws(CarbonBalanceError) -> [UInt8] {
        let length = try PartialCoding.number(from: &bytes, of: "length", atMost: bytes.count)
        guard length <= bytes.count else { throw PartialCoding.refusal("ends too early") }
        let part = Array(bytes.prefix(length))
        bytes = bytes.dropFirst(length)
        return part
    }
}
