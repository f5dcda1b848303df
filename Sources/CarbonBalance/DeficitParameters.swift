/// What happens to cells of water.
package enum WaterPolicy: String, Hashable, Sendable, Codable, CaseIterable {
    /// Water takes up nothing: S = 0, the emission counts.
    case zeroSink
    /// Water has no deficit.
    case mask

    /// The legal names, for messages.
    package static var legalNames: String { allCases.map(\.rawValue).joined(separator: ", ") }
}

/// The numbers that the deficit formulas need besides emission and sink.
package struct DeficitParameters: Hashable, Sendable, Codable {
    /// ε, tCO2 km⁻² yr⁻¹: below it the relative deficit is not defined; it is the offset of the log
    /// ratio.
    package var emissionFloor: Double
    /// The treatment of water.
    package var waterPolicy: WaterPolicy
    /// The least valid fraction of a cell that makes it an observation.
    package var minimumValidFraction: Double
    /// The least water fraction of a cell's known part that makes it a cell of water.
    ///
    /// Water inside a mixed cell is treated sub-point by sub-point when the sink is regridded; setting
    /// the sink of a whole mixed cell to zero as well would lose the uptake of its land.
    package var minimumWaterFraction: Double
    /// θ, tCO2 km⁻² yr⁻¹: the scale of ``DeficitVariant/asinh``; nil leaves that variant without values.
    package var asinhScale: Double?

    /// Parameters with the defaults of the specification.
    ///
    /// The caller has validated them: the floor is positive, fractions lie in 0…1, the scale is positive.
    package init(
        emissionFloor: Double = 1,
        waterPolicy: WaterPolicy = .zeroSink,
        minimumValidFraction: Double = 0.5,
        minimumWaterFraction: Double = 1,
        asinhScale: Double? = nil
    ) {
        precondition(emissionFloor > 0 && emissionFloor.isFinite, "the emission floor is positive")
        self.emissionFloor = emissionFloor
        self.waterPolicy = waterPolicy
        self.minimumValidFraction = minimumValidFraction
        self.minimumWaterFraction = minimumWaterFraction
        self.asinhScale = asinhScale
    }
}
