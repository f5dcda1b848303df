package import CarbonBalance
package import Tiling

/// The constants of the stages that are over, decoded on demand.
package struct StageConstants: Sendable {
    private let bytes: [Stage: [UInt8]]

    /// The constants as the engine keeps them.
    package init(_ bytes: [Stage: [UInt8]]) {
        self.bytes = bytes
    }

    /// What `prepare` found.
    package func prepare() throws -> PrepareConstants { try decoded(.prepare) }

    /// What `balance` found.
    package func balance() throws -> BalanceConstants { try decoded(.balance) }

    /// What the rounds of `bandwidth` have found so far; nothing before the first.
    package func bandwidth() throws -> BandwidthConstants {
        bytes[.bandwidth] == nil ? BandwidthConstants() : try decoded(.bandwidth)
    }

    /// What `fit` found; nil before it is over.
    package func fit() throws -> FitConstants? {
        bytes[.fit] == nil ? nil : try decoded(.fit)
    }

    /// What `diagnose` found; nil before it is over.
    package func diagnose() throws -> ResidualConstants? {
        bytes[.diagnose] == nil ? nil : try decoded(.diagnose)
    }

    private func decoded<Value: Decodable>(_ stage: Stage) throws -> Value {
        guard let bytes = bytes[stage] else {
            throw ReductionError(description: "there are no constants of '\(stage.rawValue)'")
        }
        return try ModelCoding.decode(Value.self, from: bytes)
    }
}

/// What the `prepare` stage's reduction knows of the layers, and the constants that it fixes.
package struct PrepareConstants: Hashable, Sendable, Codable {
    /// National figures of each layer, in the model's order.
    package var layers: [LayerTotals]
    /// θ of each pair, the national median of |E − S|, tCO2 km⁻² yr⁻¹; nil where no cell has both.
    package var deficitScales: [Double?]

    /// The constants of a run.
    package init(layers: [LayerTotals], deficitScales: [Double?]) {
        self.layers = layers
        self.deficitScales = deficitScales
    }
}

/// National figures of one prepared layer.
package struct LayerTotals: Hashable, Sendable, Codable {
    /// The layer's name.
    package var name: String
    /// Cells with a value.
    package var cellCount: Int
    /// Σ valid fraction · cell area, km².
    package var validAreaKm2: Double
    /// Σ value · valid fraction · cell area: an amount where the layer is one, else only the
    /// numerator of the mean.
    package var integral: Double
    /// Smallest value; nil without cells.
    package var minimum: Double?
    /// Largest value; nil without cells.
    package var maximum: Double?

    /// The figures of a layer.
    package init(
        name: String,
        cellCount: Int,
        validAreaKm2: Double,
        integral: Double,
        minimum: Double?,
        maximum: Double?
    ) {
        self.name = name
        self.cellCount = cellCount
        self.validAreaKm2 = validAreaKm2
        self.integral = integral
        self.minimum = minimum
        self.maximum = maximum
    }

    /// Area-weighted mean; nil without valid area.
    package var mean: Double? { validAreaKm2 > 0 ? integral / validAreaKm2 : nil }
}

/// What the `balance` stage's reduction knows of the nation and its zones.
package struct BalanceConstants: Hashable, Sendable, Codable {
    /// One for each pair of the model; the first is the main one.
    package var pairs: [PairBalance]
    /// What the regression of cells goes by; nil when the model has none.
    package var observations: ObservationConstants?

    /// The constants of a run.
    package init(pairs: [PairBalance], observations: ObservationConstants? = nil) {
        self.pairs = pairs
        self.observations = observations
    }
}

/// The balance of one pair of emission and sink.
package struct PairBalance: Hashable, Sendable, Codable {
    /// All cells of the study area.
    package var national: BalanceFigures
    /// One for each zone, in the order of the resolved zones.
    package var zones: [BalanceFigures]
    /// Number of cells by status code, ascending by code.
    package var statusCounts: [StatusCount]

    /// The balance of a pair.
    package init(
        national: BalanceFigures,
        zones: [BalanceFigures],
        statusCounts: [StatusCount]
    ) {
        self.national = national
        self.zones = zones
        self.statusCounts = statusCounts
    }
}

/// How many cells have a status.
package struct StatusCount: Hashable, Sendable, Codable {
    /// The code in `status.tif`.
    package var code: UInt8
    /// Number of cells.
    package var cells: Int

    /// A count.
    package init(code: UInt8, cells: Int) {
        self.code = code
        self.cells = cells
    }
}

/// Masses and areas of the nation or a zone, from which every ratio follows.
///
/// A zone's ratio is the ratio of its sums, never a mean of ratios.
package struct BalanceFigures: Hashable, Sendable, Codable {
    /// Area covered within the grid, km².
    package var areaKm2: Double
    /// Part of ``areaKm2`` with a value of emission, km².
    package var emissionAreaKm2: Double
    /// Part of ``areaKm2`` with a value of the sink, km².
    package var sinkAreaKm2: Double
    /// E, tCO2 yr⁻¹.
    package var emission: Double
    /// S, tCO2 yr⁻¹.
    package var sink: Double
    /// Inhabitants; nil unless declared.
    package var population: Double?
    /// Gross domestic product, 10⁴ CNY; nil unless declared.
    package var gdp: Double?
    /// Cells touched.
    package var cellCount: Int

    /// The figures of an area.
    package init(
        areaKm2: Double,
        emissionAreaKm2: Double,
        sinkAreaKm2: Double,
        emission: Double,
        sink: Double,
        population: Double?,
        gdp: Double?,
        cellCount: Int
    ) {
        self.areaKm2 = areaKm2
        self.emissionAreaKm2 = emissionAreaKm2
        self.sinkAreaKm2 = sinkAreaKm2
        self.emission = emission
        self.sink = sink
        self.population = population
        self.gdp = gdp
        self.cellCount = cellCount
    }

    /// Share of the area with a value of emission, 0…1.
    package var emissionShare: Double { areaKm2 > 0 ? emissionAreaKm2 / areaKm2 : 0 }
    /// Share of the area with a value of the sink, 0…1.
    package var sinkShare: Double { areaKm2 > 0 ? sinkAreaKm2 / areaKm2 : 0 }
    /// The smaller of both shares.
    package var validShare: Double { min(emissionShare, sinkShare) }

    /// Value of a variant for the area; nil where it is not defined.
    ///
    /// - Parameters:
    ///   - variant: the form wanted; the unit is that of cells, except `abs`, in tCO2 yr⁻¹.
    ///   - model: floor and minimum share.
    ///   - deficitScale: θ, for `asinh`.
    /// - Returns: the value; never NaN.
    package func value(
        of variant: DeficitVariant,
        model: DeficitModel,
        deficitScale: Double?
    ) -> Double? {
        guard areaKm2 > 0, emissionAreaKm2 > 0, sinkAreaKm2 > 0 else { return nil }
        let isShareSufficient = validShare >= model.minimumValidShare
        let deficit = emission - sink
        switch variant {
        case .absolute: return deficit
        case .relative:
            return emission > 0 && isShareSufficient ? deficit / emission : nil
        case .normalised:
            let scale = emission + abs(sink)
            return scale > 0 ? deficit / scale : nil
        case .relativeToSink: return sink > 0 ? deficit / sink : nil
        case .pressure: return sink > 0 ? emission / sink : nil
        case .compensation:
            return emission > 0 && isShareSufficient ? sink / emission : nil
        case .perCapita: return population.flatMap { $0 > 0 ? deficit / $0 : nil }
        case .perGDP: return gdp.flatMap { $0 > 0 ? deficit / $0 : nil }
        case .logRatio, .asinh:
            return transformed(variant, model: model, deficitScale: deficitScale)
        }
    }

    private func transformed(
        _ variant: DeficitVariant,
        model: DeficitModel,
        deficitScale: Double?
    ) -> Double? {
        // The cell formulas apply to the zone's mean densities over the valid parts.
        let value = CarbonDeficit.value(
            of: variant,
            emission: emission / emissionAreaKm2,
            sink: sink / sinkAreaKm2,
            parameters: model.parameters(deficitScale: deficitScale)
        )
        return value.isFinite ? value : nil
    }
}
