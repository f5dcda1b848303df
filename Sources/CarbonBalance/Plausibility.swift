import Lattice

/// A national total that no inventory of China comes near, with the slip that would explain it.
package struct PlausibilityWarning: Hashable, Sendable, CustomStringConvertible {
    /// What was summed.
    package let subject: Plausibility.Subject
    /// The total found, in the subject's unit.
    package let total: Double
    /// What would bring the total within the bounds; nil when no usual slip does.
    package let likelySlip: String?

    /// The plausible totals, in the subject's unit.
    package var bounds: ClosedRange<Double> { subject.bounds }

    package var description: String {
        let slip = likelySlip.map { "; likely: \($0)" } ?? ""
        return "national \(subject.title) is \(subject.text(of: total)), plausible for China is "
            + "\(subject.text(of: bounds.lowerBound)) to \(subject.text(of: bounds.upperBound))\(slip)"
    }
}

/// The bounds of a national total of China and the slips that break them.
package enum Plausibility {
    /// What has a plausible national total.
    package enum Subject: String, Hashable, Sendable, CaseIterable {
        /// Emission, tCO2 yr⁻¹: fossil inventories lie around 10–12 Pg.
        case emission
        /// Gross NPP, tCO2 yr⁻¹: products lie around 9–13 Pg.
        case netPrimaryProduction
        /// Net exchange of ecosystems, tCO2 yr⁻¹: about 1 Pg, model products up to 3.
        case netEcosystemProduction
        /// Inhabitants: 1.2 to 1.5 thousand million since 1990.
        case population
        /// Gross domestic product, 10⁴ CNY: 10 to 140 million million CNY since 2000.
        case grossDomesticProduct

        /// The plausible totals.
        package var bounds: ClosedRange<Double> {
            switch self {
            case .emission: 8e9...14e9
            case .netPrimaryProduction: 7e9...15e9
            case .netEcosystemProduction: 0.2e9...4e9
            case .population: 1.1e9...1.6e9
            case .grossDomesticProduct: 0.9e9...15e9
            }
        }

        var title: String {
            switch self {
            case .emission: "emission"
            case .netPrimaryProduction: "NPP"
            case .netEcosystemProduction: "NEP"
            case .population: "population"
            case .grossDomesticProduct: "gross domestic product"
            }
        }

        func text(of total: Double) -> String {
            switch self {
            case .population: "\(Self.short(total)) persons"
            case .grossDomesticProduct: "\(Self.short(total)) times 10^4 CNY"
            case .emission, .netPrimaryProduction, .netEcosystemProduction: Self.peta(total)
            }
        }

        private static func peta(_ tonnes: Double) -> String {
            let hundredths = (tonnes / 1e7).rounded()
            guard hundredths.magnitude < 1e12 else { return "\(tonnes) tCO2 a year" }
            let whole = Int(hundredths.magnitude)
            let digits = String(whole % 100)
            let padded = digits.count < 2 ? "0" + digits : digits
            return "\(hundredths < 0 ? "-" : "")\(whole / 100).\(padded) PgCO2 a year"
        }

        private static func short(_ number: Double) -> String {
            guard number != 0, number.isFinite else { return "\(number)" }
            var exponent = 0
            var rest = number.magnitude
            while rest >= 9.995 { rest /= 10; exponent += 1 }
            while rest < 0.9995 { rest *= 10; exponent -= 1 }
            let sign = number < 0 ? "-" : ""
            return "\(sign)\((rest * 100).rounded() / 100)e\(exponent)"
        }
    }

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

    private static let amountSlips: [(factor: Double, explanation: String)] = [
        (100, "values per hectare, declared per km² (factor 100)"),
        (0.01, "values per km², declared per hectare (factor 100)"),
        (1e3, "values in thousands (factor 1000)"),
        (1e4, "values in ten thousands (factor 10⁴)"),
        (1e-4, "values in units, declared in ten thousands (factor 10⁴)"),
        (1e6, "values per m², declared per km², or in millions (factor 10⁶)"),
        (1e-6, "values per km², declared per m² (factor 10⁶)"),
        (1e8, "values in hundred millions (factor 10⁸)"),
        (1e-8, "values in units, declared in hundred millions (factor 10⁸)"),
    ]

    /// A warning when a national total is implausible; nil when it is not.
    package static func check(_ subject: Subject, nationalTotal total: Double)
        -> PlausibilityWarning?
    {
        let bounds = subject.bounds
        guard !bounds.contains(total) else { return nil }
        let known: [(factor: Double, explanation: String)] =
            switch subject {
            case .emission, .netPrimaryProduction, .netEcosystemProduction: slips
            case .population, .grossDomesticProduct: amountSlips
            }
        // Of several slips that would do, the one that lands nearest the middle of the bounds.
        let middle = CanonicalMath.log(bounds.lowerBound * bounds.upperBound) / 2
        let candidates = known.filter { bounds.contains(total * $0.factor) }
        let likely = candidates.min { first, second in
            let distances = [first, second].map {
                (CanonicalMath.log(total * $0.factor) - middle).magnitude
            }
            return distances[0] < distances[1]
        }
        return PlausibilityWarning(
            subject: subject,
            total: total,
            likelySlip: likely?.explanation
        )
    }

    /// What a sink of some kind is held against; nil when nothing is known of it.
    package static func subject(of kind: SinkKind) -> Subject? {
        switch kind {
        case .npp: .netPrimaryProduction
        case .nep: .netEcosystemProduction
        case .custom: nil
        }
    }
}
