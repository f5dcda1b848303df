import Lattice

/// A national total that no inventory of China comes near, with the slip that would explain it.
package struct PlausibilityWarning: Hashable, Sendable, CustomStringConvertible {
    /// What was summed.
    package let subject: String
    /// The total found, tCO2 yr⁻¹.
    package let total: Double
    /// The plausible totals, tCO2 yr⁻¹.
    package let bounds: ClosedRange<Double>
    /// What would bring the total within the bounds; nil when no usual slip does.
    package let likelySlip: String?

    package var description: String {
        func peta(_ tonnes: Double) -> String {
            let hundredths = (tonnes / 1e7).rounded()
            guard hundredths.magnitude < 1e12 else { return "\(tonnes) t" }
            let whole = Int(hundredths.magnitude)
            let digits = String(whole % 100)
            let padded = digits.count < 2 ? "0" + digits : digits
            return "\(hundredths < 0 ? "-" : "")\(whole / 100).\(padded) Pg"
        }
        let slip = likelySlip.map { "; likely: \($0)" } ?? ""
        return "national \(subject) is \(peta(total))CO2 a year, plausible for China is "
            + "\(peta(bounds.lowerBound)) to \(peta(bounds.upperBound))\(slip)"
    }
}

/// The bounds of a national total of China and the slips that break them.
package enum Plausibility {
    /// Emission, tCO2 yr⁻¹: fossil inventories lie around 10–12 Pg.
    package static let emissionBounds: ClosedRange<Double> = 8e9...14e9
    /// Gross NPP, tCO2 yr⁻¹: products lie around 9–13 Pg.
    package static let nppBounds: ClosedRange<Double> = 7e9...15e9

    private static let slips: [(factor: Double, explanation: String)] = [
        (44.0 / 12, "the values are C, declared as CO2 (factor 3.67)"),
        (12.0 / 44, "the values are CO2, declared as C (factor 3.67)"),
        (12, "values per month, declared per year (factor 12)"),
        (1.0 / 12, "values per year, declared per month (factor 12)"),
        (12 * 44.0 / 12, "values in C per month, declared as CO2 per year (factor 44)"),
        (100, "values per hectare, declared per km² (factor 100)"),
        (0.01, "values per km², declared per hectare (factor 100)"),
        (1e3, "values in a unit 1000 times larger (t declared as kg)"),
        (1e-3, "values in a unit 1000 times smaller (kg declared as t)"),
        (1e4, "a scale factor of 0.0001 applied twice or wrongly"),
        (1e-4, "a scale factor of 0.0001 not applied"),
        (1e6, "values per m², declared per km² (factor 10⁶)"),
        (1e-6, "values per km², declared per m², or g declared as t (factor 10⁶)"),
    ]

    /// A warning when a national emission is implausible; nil when it is not.
    package static func checkEmission(nationalTonnes total: Double) -> PlausibilityWarning? {
        check("emission", total: total, bounds: emissionBounds)
    }

    /// A warning when a national sink is implausible; nil when it is not, or no bounds are known for
    /// its kind.
    package static func checkSink(
        nationalTonnes total: Double,
        kind: SinkKind
    ) -> PlausibilityWarning? {
        kind == .npp ? check("NPP", total: total, bounds: nppBounds) : nil
    }

    private static func check(
        _ subject: String,
        total: Double,
        bounds: ClosedRange<Double>
    ) -> PlausibilityWarning? {
        guard !bounds.contains(total) else { return nil }
        // Of several slips that would do, the one that lands nearest the middle of the bounds.
        let middle = CanonicalMath.log(bounds.lowerBound * bounds.upperBound) / 2
        let candidates = slips.filter { bounds.contains(total * $0.factor) }
        let likely = candidates.min { first, second in
            let distances = [first, second].map {
                (CanonicalMath.log(total * $0.factor) - middle).magnitude
            }
            return distances[0] < distances[1]
        }
        return PlausibilityWarning(
            subject: subject,
            total: total,
            bounds: bounds,
            likelySlip: likely?.explanation
        )
    }
}
