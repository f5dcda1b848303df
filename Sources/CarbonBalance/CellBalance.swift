/// A cell's emission and sink as the formulas take them, and why.
package struct CellBalance: Hashable, Sendable {
    /// Why the cell has the deficit it has.
    package let status: BalanceStatus
    /// E, tCO2 km⁻² yr⁻¹; NaN where the cell has no deficit.
    package let emission: Double
    /// S after the water policy, tCO2 km⁻² yr⁻¹; NaN where the cell has no deficit.
    package let sink: Double

    static func without(_ status: BalanceStatus) -> CellBalance {
        CellBalance(status: status, emission: .nan, sink: .nan)
    }

    /// The value of a variant, computed in double and rounded to single precision once.
    ///
    /// NaN where the cell has no deficit, or the variant is not defined for it (see
    /// ``DeficitVariant/formula``).
    ///
    /// - Parameters:
    ///   - variant: which form.
    ///   - denominator: the layer that ``DeficitVariant/denominator`` names: inhabitants, or 10⁴ CNY,
    ///     per km².
    ///   - parameters: the constants of the formulas.
    /// - Returns: the value, in the variant's unit.
    package func value(
        _ variant: DeficitVariant,
        denominator: Double = .nan,
        parameters: DeficitParameters
    ) -> Float {
        let value = CarbonDeficit.value(
            of: variant,
            emission: emission,
            sink: sink,
            denominator: denominator,
            parameters: parameters
        )
        return value.isFinite ? Float(value) : .nan
    }
}
