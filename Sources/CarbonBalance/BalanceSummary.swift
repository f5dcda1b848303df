/// A zone's or the nation's balance for tables: areas in km², masses in tCO2 per year.
package struct BalanceSummary: Hashable, Sendable {
    /// Cells covered, wholly or in part.
    package var cellCount: Int
    /// Area covered on the grid, km².
    package var coveredAreaKm2: Double
    /// Area where the emission is observed, km².
    package var emissionAreaKm2: Double
    /// Area where the sink is observed, km².
    package var sinkAreaKm2: Double
    /// ΣE, tCO2 yr⁻¹.
    package var emissionTonnes: Double
    /// ΣS, tCO2 yr⁻¹.
    package var sinkTonnes: Double
    /// Σ value · valid fraction · area of each further layer: a total, where the layer is a density per km².
    package var layerTotals: [Double]

    /// Share of the covered area where the emission is observed; NaN without area.
    package var emissionValidShare: Double { emissionAreaKm2 / coveredAreaKm2 }
    /// Share of the covered area where the sink is observed; NaN without area.
    package var sinkValidShare: Double { sinkAreaKm2 / coveredAreaKm2 }
    /// The smaller of the two shares; NaN without area.
    package var validShare: Double { min(emissionValidShare, sinkValidShare) }

    /// D = ΣE − ΣS, tCO2 yr⁻¹; NaN where emission or sink is observed nowhere.
    package var deficitTonnes: Double {
        emissionAreaKm2 > 0 && sinkAreaKm2 > 0 ? emissionTonnes - sinkTonnes : .nan
    }

    /// A variant of the deficit from the sums: a ratio of sums, never a mean of ratios.
    ///
    /// Ratios (`rel`, `norm`, `relsink`, `pressure`, `comp`) are of ΣE and ΣS; `abs`, `logratio` and `asinh`
    /// take the sums per km² covered, so that ε and θ keep their unit; `percap` and `pergdp` divide D by
    /// the total given. NaN where the valid share is below the minimum, or the variant is not defined
    /// (RD needs ΣE > 0; the floor is for cells).
    ///
    /// - Parameters:
    ///   - variant: which form.
    ///   - denominatorTotal: inhabitants, or 10⁴ CNY, of the zone.
    ///   - parameters: ε, θ and the least valid share.
    /// - Returns: the value, in the variant's unit.
    package func value(
        _ variant: DeficitVariant,
        denominatorTotal: Double = .nan,
        parameters: DeficitParameters
    ) -> Double {
        guard validShare >= parameters.minimumValidFraction, deficitTonnes.isFinite else {
            return .nan
        }
        var parameters = parameters
        var area = 1.0
        switch variant {
        case .absolute, .logRatio, .asinh: area = coveredAreaKm2
        case .relative, .compensation: parameters.emissionFloor = .leastNonzeroMagnitude
        case .normalised, .relativeToSink, .pressure, .perCapita, .perGDP: break
        }
        return CarbonDeficit.value(
            of: variant,
            emission: emissionTonnes / area,
            sink: sinkTonnes / area,
            denominator: denominatorTotal,
            parameters: parameters
        )
    }
}
