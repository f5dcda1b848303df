/// A zone's or the nation's sums, from which tables take their figures: areas in km², masses in tCO2 per year.
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
}
