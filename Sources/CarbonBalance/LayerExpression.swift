import Lattice

/// How prepared layers make another, cell by cell.
package enum LayerOperation: String, Hashable, Sendable, Codable, CaseIterable {
    /// The product of all.
    case product
    /// The first over the second; nothing where that is zero.
    case ratio
    /// The sum of all.
    case sum
    /// The first less the second.
    case difference

    /// The combination of layers over one window.
    ///
    /// In double from the values as stored, in the order given, rounded once. The valid fraction is the
    /// smallest of all; a cell where one has no value has none.
    ///
    /// - Parameter operands: at least two (exactly two for ratio and difference), over one window.
    /// - Returns: the layer over that window.
    package func layer(of operands: [RegriddedLayer]) -> RegriddedLayer {
        guard let first = operands.first else { preconditionFailure("an operation has operands") }
        let window = first.value.window
        precondition(
            operands.count >= 2 && operands.allSatisfy { $0.value.window == window },
            "two layers or more over one window"
        )
        var result = RegriddedLayer(emptyOver: window, hasWater: false)
        for cell in 0..<window.cellCount {
            var value = Double(first.value.samples[cell])
            var valid = first.validFraction.samples[cell]
            for operand in operands.dropFirst() {
                let other = Double(operand.value.samples[cell])
                valid = min(valid, operand.validFraction.samples[cell])
                switch self {
                case .product: value *= other
                case .ratio: value = other == 0 ? .nan : value / other
                case .sum: value += other
                case .difference: value -= other
                }
            }
            let rounded = Float(value)
            guard rounded.isFinite, valid > 0 else { continue }
            result.value.samples[cell] = rounded
            result.validFraction.samples[cell] = valid
        }
        return result
    }
}
