package import CarbonBalance

/// How deficits are formed from emission and sink.
package struct DeficitSettings: Sendable, Codable, Hashable {
    /// ε, tCO2 km-2 yr-1: below it a relative deficit has no meaning.
    package var emissionFloor: Double
    /// What water does to the sink.
    package var water: WaterPolicy
    /// The layer of classes that are water; nil: the sink's codes alone tell.
    package var waterLayer: String?
    /// The variants that get a band each, in this order.
    package var variants: [DeficitVariant]
    /// Further coefficients of the city table.
    package var zoneVariants: [ZoneVariant]
    /// The pairs of layers, at least one; the first is the main one.
    package var pairs: [DeficitPair]
    /// A cell with a smaller valid fraction of emission or sink has status 14 and is no observation.
    package var minimumValidFraction: Double
    /// A zone with a smaller valid share of its area has no relative deficit.
    package var minimumValidShare: Double
    /// The layer with persons, for `percap`; nil unless declared.
    package var population: String?
    /// The layer with the gross domestic product, for `pergdp`; nil unless declared.
    package var gdp: String?

    /// Deficits of `pairs` with the defaults.
    package init(pairs: [DeficitPair]) {
        emissionFloor = 1
        water = .zeroSink
        waterLayer = nil
        variants = [.absolute, .relative, .normalised]
        zoneVariants = []
        self.pairs = pairs
        minimumValidFraction = 0.5
        minimumValidShare = 0.5
        population = nil
        gdp = nil
    }
}

/// An emission layer and the sink layer it is set against; in a file, a list of the two names.
package struct DeficitPair: Sendable, Codable, Hashable {
    /// Name of the emission layer.
    package var emission: String
    /// Name of the sink layer.
    package var sink: String

    /// A pair of layers by name.
    package init(emission: String, sink: String) {
        self.emission = emission
        self.sink = sink
    }

    package init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        emission = try container.decode(String.self)
        sink = try container.decode(String.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.unkeyedContainer()
        try container.encode(emission)
        try container.encode(sink)
    }
}
