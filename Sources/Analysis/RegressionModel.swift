package import CarbonBalance
package import Regression

/// The regression of a run, resolved: part of the specification that workers are given.
package struct RegressionModel: Hashable, Sendable, Codable {
    /// What is explained.
    package enum Response: Hashable, Sendable, Codable {
        /// A form of the main pair's deficit; `logratio` becomes `asinh` where the sink has negative
        /// values.
        case variant(DeficitVariant)
        /// A prepared layer, by position.
        case layer(Int)
    }

    /// A predictor.
    package struct Covariate: Hashable, Sendable, Codable {
        /// The term's name.
        package var name: String
        /// The prepared layer, by position; nil for a field of smooth noise.
        package var layer: Int?
        /// Applied to the prepared value.
        package var transform: CovariateTransform
        /// Unit of the transformed value.
        package var unit: String

        /// A predictor.
        package init(name: String, layer: Int?, transform: CovariateTransform, unit: String) {
            self.name = name
            self.layer = layer
            self.transform = transform
            self.unit = unit
        }
    }

    /// How wide neighbourhoods are.
    package enum BandwidthRequest: Hashable, Sendable, Codable {
        /// This many nearest observations.
        case neighbours(Int)
        /// This distance, metres.
        case metres(Double)
        /// Chosen by a criterion between bounds; nil is automatic, distances in metres.
        case search(isAdaptive: Bool, BandwidthCriterion, minimum: Double?, maximum: Double?)
    }

    /// What is explained.
    package var response: Response
    /// The predictors in the order of the terms; fields of noise come last.
    package var covariates: [Covariate]
    /// Layers that must have a value of at least their own least share for a cell to take part.
    package var masks: [Int]
    /// The weight of a neighbour by its distance.
    package var kernel: SpatialKernel
    /// Observations need an emission above this, tCO2 km⁻² yr⁻¹; nil: no such condition.
    package var minimumEmission: Double?
    /// Cells between neighbouring observations, at least 1; observations lie at multiples of it.
    package var spacingCells: Int
    /// How wide neighbourhoods are.
    package var bandwidth: BandwidthRequest
    /// Radius left out by buffered cross-validation, metres.
    package var bufferMetres: Double
    /// No neighbourhood reaches farther, metres; nil: as far as its observations are.
    package var capMetres: Double?
    /// Whether cells are fitted.
    package var fitsCells: Bool
    /// Whether zones are fitted.
    package var fitsZones: Bool

    /// A regression from its parts.
    package init(
        response: Response,
        covariates: [Covariate],
        masks: [Int],
        kernel: SpatialKernel,
        minimumEmission: Double?,
        spacingCells: Int,
        bandwidth: BandwidthRequest,
        bufferMetres: Double,
        capMetres: Double?,
        fitsCells: Bool,
        fitsZones: Bool
    ) {
        self.response = response
        self.covariates = covariates
        self.masks = masks
        self.kernel = kernel
        self.minimumEmission = minimumEmission
        self.spacingCells = spacingCells
        self.bandwidth = bandwidth
        self.bufferMetres = bufferMetres
        self.capMetres = capMetres
        self.fitsCells = fitsCells
        self.fitsZones = fitsZones
    }

    /// Number of coefficients p, the intercept included.
    package var parameterCount: Int { covariates.count + 1 }
    /// Fewest neighbours with weight that carry a model where the bandwidth is a distance, or a cap cuts the
    /// count off: p + 12, or the smallest count that was asked for.
    ///
    /// Observations with fewer have no model, and no part in the choice of the bandwidth: both go over the
    /// same observations.
    package var leastNeighbourCount: Int {
        let least = parameterCount + 12
        switch bandwidth {
        case .neighbours(let count): return min(least, count)
        case .search(isAdaptive: true, _, let minimum?, _): return min(least, Int(minimum))
        default: return least
        }
    }
    /// Names of the coefficients, the intercept first.
    package var termNames: [String] { ["intercept"] + covariates.map(\.name) }
    /// Predictors that are layers, by position.
    package var covariateLayers: [Int] { covariates.compactMap(\.layer) }
    /// Number of fields of noise.
    package var nullCovariateCount: Int { covariates.count { $0.layer == nil } }

    /// Distance between the nodes of fields of noise, metres: three times the largest support, so that
    /// they are as smooth as the smoothest layer.
    package func noiseWavelengthMetres(layers: [LayerModel]) -> Double {
        3 * max(bufferMetres, layers.map(\.facts.supportMetres).max() ?? 0)
    }

    /// A bandwidth from its number: neighbours, or a distance in cells.
    package func bandwidth(of value: Double) -> Bandwidth {
        isAdaptive ? .adaptive(neighbours: Int(value)) : .fixed(distance: value)
    }

    /// Whether neighbourhoods count observations.
    package var isAdaptive: Bool {
        switch bandwidth {
        case .neighbours: true
        case .metres: false
        case .search(let isAdaptive, _, _, _): isAdaptive
        }
    }

    /// A bandwidth as people read it: neighbours, or distances in whole metres.
    ///
    /// - Parameters:
    ///   - value: a neighbour count, or a distance in cells.
    ///   - cellSizeMetres: the edge of a cell.
    /// - Returns: such as `102 nearest observations` or `191689 m`.
    package func text(ofBandwidth value: Double, cellSizeMetres: Double) -> String {
        guard !isAdaptive else { return "\(Int(value)) nearest observations" }
        let metres = (value * cellSizeMetres).rounded()
        return Int(exactly: metres).map { "\($0) m" } ?? "\(metres) m"
    }
}
