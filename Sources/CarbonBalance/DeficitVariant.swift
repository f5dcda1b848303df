/// A form of the carbon deficit of emission E and sink S, both in tCO2 km⁻² yr⁻¹.
///
/// The identifier names the band and the configuration value; ``formula`` is printed with every
/// output. The study behind this work publishes no formula, so none is claimed to be its own.
package enum DeficitVariant: String, Hashable, Sendable, Codable, CaseIterable {
    /// D = E − S.
    case absolute = "abs"
    /// RD = (E − S)/E: 1 nothing absorbed, 0 balanced, below 0 more absorbed than emitted.
    case relative = "rel"
    /// ND = (E − S)/(E + |S|), within [−1, 1].
    case normalised = "norm"
    /// ln((E + ε)/(S + ε)) where S ≥ 0.
    case logRatio = "logratio"
    /// (E − S)/S where S > 0.
    case relativeToSink = "relsink"
    /// Carbon pressure index E/S where S > 0.
    case pressure
    /// Carbon compensation rate S/E = 1 − RD.
    case compensation = "comp"
    /// D per inhabitant.
    case perCapita = "percap"
    /// D per 10⁴ CNY of gross domestic product.
    case perGDP = "pergdp"
    /// asinh(D/θ), θ the national median of |D|.
    case asinh

    /// The name of the band, the column and the configuration value.
    package var id: String { rawValue }

    /// Title for people, without the unit.
    package var title: String {
        switch self {
        case .absolute: "Carbon deficit"
        case .relative: "Relative carbon deficit"
        case .normalised: "Normalised carbon deficit"
        case .logRatio: "Log ratio of emission to sink"
        case .relativeToSink: "Carbon deficit relative to sink"
        case .pressure: "Carbon pressure index"
        case .compensation: "Carbon compensation rate"
        case .perCapita: "Carbon deficit per inhabitant"
        case .perGDP: "Carbon deficit per gross domestic product"
        case .asinh: "Carbon deficit, inverse hyperbolic sine"
        }
    }

    /// Unit of a cell's value; `1` when dimensionless.
    package var unit: String {
        switch self {
        case .absolute: "tCO2 km-2 yr-1"
        case .perCapita: "tCO2 person-1 yr-1"
        case .perGDP: "tCO2 (10^4 CNY)-1"
        case .relative, .normalised, .logRatio, .relativeToSink, .pressure, .compensation, .asinh:
            "1"
        }
    }

    /// The formula as printed in metadata and reports.
    package var formula: String {
        switch self {
        case .absolute: "E - S"
        case .relative: "(E - S) / E where E >= epsilon"
        case .normalised: "(E - S) / (E + |S|)"
        case .logRatio: "ln((E + epsilon) / (S + epsilon)) where S >= 0"
        case .relativeToSink: "(E - S) / S where S > 0"
        case .pressure: "E / S where S > 0"
        case .compensation: "S / E where E >= epsilon"
        case .perCapita: "(E - S) / population density where population > 0"
        case .perGDP: "(E - S) / GDP density where GDP > 0"
        case .asinh: "asinh((E - S) / theta), theta the national median of |E - S|"
        }
    }

    /// The layer a variant needs besides emission and sink.
    package enum Denominator: String, Hashable, Sendable {
        /// Inhabitants per km².
        case population
        /// 10⁴ CNY per km².
        case grossDomesticProduct
    }

    /// The layer this variant divides by; nil when emission and sink suffice.
    package var denominator: Denominator? {
        switch self {
        case .perCapita: .population
        case .perGDP: .grossDomesticProduct
        default: nil
        }
    }

    /// True when the balance of two signs reads from its sign: maps are centred on 0.
    package var isSigned: Bool { self != .pressure && self != .compensation }

    /// The legal names, for messages.
    package static var legalNames: String {
        allCases.map(\.rawValue).joined(separator: ", ")
    }
}
