/// The geographically weighted regression as configured.
package struct RegressionSettings: Sendable, Codable, Hashable {
    /// What is fitted: cells, zones, or both, without repetition.
    package var units: [RegressionUnit]
    /// A deficit variant or the name of a layer.
    package var response: String
    /// Names of covariate layers, in the order of the terms.
    package var covariates: [String]
    /// The weight of a neighbour by its distance.
    package var kernel: KernelChoice
    /// Observations need an emission above this, tCO2 km-2 yr-1; nil: no such condition.
    package var minimumEmission: Double?
    /// Where observations lie.
    package var observations: ObservationSettings
    /// How wide neighbourhoods are, or how that is found.
    package var bandwidth: BandwidthSettings
    /// What happens where observations are few.
    package var neighbourhood: NeighbourhoodSettings
    /// Number of fields of smooth noise that are added as predictors.
    package var nullCovariates: Int

    /// A regression of `response` on `covariates` with the defaults.
    package init(
        units: [RegressionUnit],
        response: String = "logratio",
        covariates: [String],
        kernel: KernelChoice = .bisquare,
        minimumEmission: Double? = nil,
        observations: ObservationSettings = ObservationSettings(),
        bandwidth: BandwidthSettings = .search(BandwidthSearch()),
        neighbourhood: NeighbourhoodSettings = NeighbourhoodSettings(),
        nullCovariates: Int = 0
    ) {
        self.neighbourhood = neighbourhood
        self.nullCovariates = nullCovariates
        self.units = units
        self.response = response
        self.covariates = covariates
        self.kernel = kernel
        self.minimumEmission = minimumEmission
        self.observations = observations
        self.bandwidth = bandwidth
    }
}

/// What a regression is fitted to.
package enum RegressionUnit: String, Sendable, Codable, Hashable, CaseIterable {
    /// Every cell of the grid.
    case cell
    /// Every zone.
    case zone
}

/// The kernels that a configuration can name.
package enum KernelChoice: String, Sendable, Codable, Hashable, CaseIterable {
    /// (1 − u²)².
    case bisquare
    /// (1 − u³)³.
    case tricube
    /// 1 within the bandwidth.
    case boxcar
    /// 1 − u².
    case epanechnikov
    /// exp(−u²/2); on tiles cut where it falls below 1e-4.
    case gaussian
    /// exp(−u); on tiles cut where it falls below 1e-4.
    case exponential
}

/// The criteria by which a bandwidth is chosen.
package enum CriterionChoice: String, Sendable, Codable, Hashable, CaseIterable {
    /// Buffered cross-validation: the default, because cells are correlated.
    case bcv
    /// The corrected Akaike criterion.
    case aicc
    /// The Akaike criterion.
    case aic
    /// The Bayesian criterion.
    case bic
    /// Leave-one-out cross-validation.
    case cv
}

/// What a neighbourhood does where its observations are far away.
package enum SparsePolicy: String, Sendable, Codable, Hashable, CaseIterable {
    /// It grows until it has as many as the bandwidth counts.
    case grow
    /// It ends at a distance, and the cell is flagged.
    case cap
}

/// How far neighbourhoods may reach.
package struct NeighbourhoodSettings: Sendable, Codable, Hashable {
    /// What happens where observations are few.
    package var policy: SparsePolicy
    /// The distance at which a neighbourhood ends, metres; nil exactly for ``SparsePolicy/grow``.
    package var capMetres: Double?

    /// Neighbourhoods that grow, or end at a distance.
    package init(policy: SparsePolicy = .grow, capMetres: Double? = nil) {
        self.policy = policy
        self.capMetres = capMetres
    }
}

/// Where observations lie.
package struct ObservationSettings: Sendable, Codable, Hashable {
    /// Spacing of their lattice.
    package var spacing: ObservationSpacing

    private enum CodingKeys: String, CodingKey {
        case spacing = "spacingMetres"
    }

    /// Observations on a lattice; by default of the response's support.
    package init(spacing: ObservationSpacing = .automatic) {
        self.spacing = spacing
    }
}

/// Spacing of the lattice of observations.
package enum ObservationSpacing: Sendable, Codable, Hashable {
    /// The response's support.
    case automatic
    /// Every cell is an observation.
    case everyCell
    /// Metres between observations.
    case metres(Double)

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let metres = try? container.decode(Double.self) {
            self = .metres(metres)
            return
        }
        let text = try container.decode(String.self)
        switch text {
        case "auto": self = .automatic
        case "none": self = .everyCell
        default:
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "'\(text)' is no spacing; legal: auto, none, metres"
            )
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .automatic: try container.encode("auto")
        case .everyCell: try container.encode("none")
        case .metres(let metres): try container.encode(metres)
        }
    }
}
