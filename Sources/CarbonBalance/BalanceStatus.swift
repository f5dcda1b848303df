/// Why a cell has the deficit it has: the first band of `status.tif`.
package enum BalanceStatus: UInt8, Hashable, Sendable, Codable, CaseIterable {
    /// Emission and sink are known and no rule below applies.
    case regular = 0
    /// Emission is missing.
    case emissionMissing = 1
    /// The sink is missing.
    case sinkMissing = 2
    /// Emission and sink are missing.
    case bothMissing = 3
    /// Emission is negative, which no input may be.
    case invalidEmission = 4
    /// No emission, a positive sink.
    case pureSink = 10
    /// Emission is positive but below the floor ε: the relative deficit is not defined.
    case belowFloor = 11
    /// Neither emission nor sink.
    case empty = 12
    /// The ecosystem itself is a source: the sink is negative.
    case ecosystemSource = 13
    /// The valid fraction of emission or sink is below the minimum; values stand, as no observation.
    case partlyObserved = 14
    /// Water: treated by the water policy.
    case water = 20
    /// Outside the study area.
    case outside = 255

    /// Title for legends and reports.
    package var title: String {
        switch self {
        case .regular: "regular"
        case .emissionMissing: "emission missing"
        case .sinkMissing: "sink missing"
        case .bothMissing: "emission and sink missing"
        case .invalidEmission: "invalid: negative emission"
        case .pureSink: "no emission, positive sink"
        case .belowFloor: "emission below the floor"
        case .empty: "no emission, no sink"
        case .ecosystemSource: "ecosystem is a source"
        case .partlyObserved: "partly observed"
        case .water: "water"
        case .outside: "outside the study area"
        }
    }

    /// True when a cell may be an observation of the regression, as far as its status tells.
    ///
    /// Water under the mask policy has no values, which keeps it out without a rule here.
    package var isObservation: Bool {
        switch self {
        case .regular, .pureSink, .belowFloor, .empty, .ecosystemSource, .water: true
        case .partlyObserved, .invalidEmission, .outside: false
        case .emissionMissing, .sinkMissing, .bothMissing: false
        }
    }
}

/// Why a location has the regression results it has: the second band of `status.tif`.
package enum RegressionStatus: UInt8, Hashable, Sendable, Codable, CaseIterable {
    /// A local model was fitted.
    case fitted = 0
    /// The response is missing.
    case noResponse = 1
    /// A covariate is missing.
    case covariateMissing = 2
    /// Excluded by a mask.
    case excluded = 3
    /// Fewer neighbours than the model needs.
    case tooFewNeighbours = 4
    /// The local system is singular.
    case singular = 5
    /// The neighbourhood was cut at the largest distance allowed.
    case bandwidthCapped = 6
    /// The halo could not be certified within the limit.
    case haloRefused = 7
    /// Fitted without some terms, which are not identified here.
    case termsUnidentified = 8
    /// Outside the study area.
    case outside = 255

    /// Title for legends and reports.
    package var title: String {
        switch self {
        case .fitted: "fitted"
        case .noResponse: "no response"
        case .covariateMissing: "covariate missing"
        case .excluded: "excluded by mask"
        case .tooFewNeighbours: "too few neighbours"
        case .singular: "singular"
        case .bandwidthCapped: "bandwidth capped"
        case .haloRefused: "halo refused"
        case .termsUnidentified: "some terms unidentified"
        case .outside: "outside the study area"
        }
    }
}
