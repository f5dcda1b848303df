/// What the sink layer measures: the choice that moves the national answer about ten-fold.
package enum SinkKind: String, Hashable, Sendable, Codable, CaseIterable {
    /// Net primary production: gross of respiration and harvest.
    case npp
    /// Net ecosystem production: NPP less heterotrophic respiration; negative where land is a source.
    case nep
    /// The user's own definition.
    case custom

    /// The sentence every title, legend and table header must carry; nil when there is none.
    package var caption: String? {
        switch self {
        case .npp: "NPP: gross of respiration and harvest, not a carbon sink"
        case .nep, .custom: nil
        }
    }

    /// Title of the sink in maps and tables.
    package var title: String {
        switch self {
        case .npp: "Uptake by net primary production (NPP)"
        case .nep: "Sink by net ecosystem production (NEP)"
        case .custom: "Sink (custom)"
        }
    }

    /// True when *surplus* and *neutral* may be said of a negative or zero deficit.
    ///
    /// NPP says what grows, not what stays: with it a negative deficit is no surplus.
    package var allowsSurplusWording: Bool { self != .npp }

    /// What a deficit of the given sign is called with this sink.
    package func word(forDeficit deficit: Double) -> String {
        if deficit > 0 { return "deficit" }
        guard allowsSurplusWording else {
            return deficit < 0 ? "emission below NPP" : "emission equal to NPP"
        }
        return deficit < 0 ? "surplus" : "neutral"
    }

    /// The legal names, for messages.
    package static var legalNames: String {
        allCases.map(\.rawValue).joined(separator: ", ")
    }
}
