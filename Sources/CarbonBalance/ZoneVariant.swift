/// A coefficient that compares a zone's share of one national sum with its share of another: for tables
/// only, because a cell's would have no meaning.
package enum ZoneVariant: String, Hashable, Sendable, Codable, CaseIterable {
    /// Economic contribution: share of the gross domestic product over share of the emission.
    case economicContribution = "ecc"
    /// Ecological support: share of the sink over share of the emission.
    case ecologicalSupport = "esc"

    /// The name of the column and the configuration value.
    package var id: String { rawValue }

    /// Title for people.
    package var title: String {
        switch self {
        case .economicContribution: "Economic contribution coefficient of emissions"
        case .ecologicalSupport: "Ecological support coefficient of emissions"
        }
    }

    /// The formula as printed in metadata and reports.
    package var formula: String {
        switch self {
        case .economicContribution: "(G_i / sum G) / (E_i / sum E)"
        case .ecologicalSupport: "(S_i / sum S) / (E_i / sum E)"
        }
    }

    /// The coefficient of each zone; nil where its emission, or one of the national sums, is not
    /// positive, or a value is missing.
    ///
    /// - Parameters:
    ///   - parts: G or S of each zone; a missing one is in no sum.
    ///   - emissions: E of each zone, likewise.
    /// - Returns: one coefficient for each zone.
    package static func coefficients(of parts: [Double?], emissions: [Double?]) -> [Double?] {
        precondition(parts.count == emissions.count, "one emission for each zone")
        let known = parts.indices.filter { parts[$0] != nil && emissions[$0] != nil }
        let partSum = known.reduce(0.0) { $0 + (parts[$1] ?? 0) }
        let emissionSum = known.reduce(0.0) { $0 + (emissions[$1] ?? 0) }
        return parts.indices.map { index in
            guard let part = parts[index], let emission = emissions[index], emission > 0,
                partSum > 0, emissionSum > 0
            else { return nil }
            return (part / partSum) / (emission / emissionSum)
        }
    }
}
