package import Lattice

/// A window of cells decided: the status and one band for each variant asked for.
package struct BalanceBlock: Sendable, Equatable {
    /// The cells decided.
    package let window: CellWindow
    /// Status of each cell, row-major.
    package let status: [BalanceStatus]
    /// E and its valid fraction as masses take them: NaN and 0 where it is missing, negative, or masked
    /// as water.
    package let emission: RegriddedLayer
    /// S and its valid fraction as masses take them, after the water policy; known in a cell of water.
    ///
    /// Kept where the emission is missing, or national sums would not close.
    package let sink: RegriddedLayer
    /// The values of each variant, in the order asked for.
    package let bands: [CellBlock]

    /// Decides every cell of a window.
    ///
    /// - Parameters:
    ///   - emission: E and its valid fraction.
    ///   - sink: S and its valid fraction; same window.
    ///   - water: water fraction of the known part, NaN counts as none; nil when no layer tells.
    ///   - inside: whether each cell lies in the study area, row-major; nil when all do.
    ///   - variants: the bands to compute.
    ///   - denominators: the layers that some variants divide by; a missing one gives NaN.
    ///   - parameters: the constants of the formulas.
    package init(
        emission: RegriddedLayer,
        sink: RegriddedLayer,
        water: CellBlock? = nil,
        inside: [Bool]? = nil,
        variants: [DeficitVariant],
        denominators: [DeficitVariant.Denominator: CellBlock] = [:],
        parameters: DeficitParameters
    ) {
        let window = emission.value.window
        self.window = window
        precondition(
            sink.value.window == window && water.map { $0.window == window } ?? true
                && inside.map { $0.count == window.cellCount } ?? true
                && denominators.values.allSatisfy { $0.window == window },
            "the layers of a balance cover one window"
        )
        var balances: [CellBalance] = []
        balances.reserveCapacity(window.cellCount)
        let isWater = (0..<window.cellCount).map { index in
            let fraction = water.map { Double($0.samples[index]) } ?? 0
            return fraction > 0 && fraction >= parameters.minimumWaterFraction
        }
        for index in 0..<window.cellCount {
            balances.append(
                CarbonDeficit.balance(
                    emission: emission.value.samples[index],
                    sink: sink.value.samples[index],
                    emissionValid: emission.validFraction.samples[index],
                    sinkValid: sink.validFraction.samples[index],
                    water: isWater[index],
                    inside: inside?[index] ?? true,
                    parameters: parameters
                )
            )
        }
        status = balances.map(\.status)
        var emissionMass = RegriddedLayer(
            value: emission.value,
            validFraction: emission.validFraction
        )
        var sinkMass = RegriddedLayer(value: sink.value, validFraction: sink.validFraction)
        for index in 0..<window.cellCount {
            if isWater[index] {
                let isKept = parameters.waterPolicy == .zeroSink
                sinkMass.value.samples[index] = isKept ? 0 : .nan
                sinkMass.validFraction.samples[index] = isKept ? 1 : 0
                if !isKept { emissionMass.drop(index) }
            }
            let e = emissionMass.value.samples[index]
            if !(e.isFinite && e >= 0) { emissionMass.drop(index) }
            if !sinkMass.value.samples[index].isFinite { sinkMass.drop(index) }
        }
        self.emission = emissionMass
        self.sink = sinkMass
        bands = variants.map { variant in
            let layer = variant.denominator.flatMap { denominators[$0] }
            return CellBlock(
                window: window,
                samples: balances.indices.map { index in
                    balances[index].value(
                        variant,
                        denominator: layer.map { Double($0.samples[index]) } ?? .nan,
                        parameters: parameters
                    )
                }
            )
        }
    }
}
