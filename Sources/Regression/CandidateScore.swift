internal import Foundation

/// Scores of one candidate bandwidth over the whole set of locations: a point of the curve.
package struct CandidateScore: Equatable, Sendable {
    /// The candidate.
    package let bandwidth: Bandwidth
    /// Number of locations in the set.
    package let locationCount: Int
    /// Trace of the hat matrix, the effective number of parameters.
    package let traceS: Double
    /// Residual sum of squares.
    package let rss: Double
    /// Akaike criterion −2ℓ + 2 (tr S + 1); NaN where the candidate is inadmissible.
    package let aic: Double
    /// Corrected Akaike criterion n ln(RSS/n) + n ln 2π + n (n + tr S) / (n − 2 − tr S); NaN as above.
    package let aicc: Double
    /// Bayesian criterion −2ℓ + (tr S + 1) ln n; NaN as above.
    package let bic: Double
    /// Leave-one-out score (1/n) Σ (e / (1 − s))²; NaN also where a leverage is 1.
    package let cv: Double
    /// Buffered score (1/n) Σ (y − ŷ)²; nil without a buffer, NaN where inadmissible.
    package let bcv: Double?
    /// Number of locations that cannot be evaluated at this bandwidth.
    package let failureCount: Int

    /// Builds the criteria from the sums over `locationCount` locations.
    ///
    /// The information criteria need n − 2 − tr S > 0: below, the model has as many effective
    /// parameters as observations and all of them fall without bound.
    package init(
        bandwidth: Bandwidth,
        locationCount: Int,
        rss: Double,
        traceS: Double,
        squaredLeaveOneOutErrors: Double?,
        squaredBufferedErrors: Double?,
        hasBuffer: Bool,
        failureCount: Int
    ) {
        self.bandwidth = bandwidth
        self.locationCount = locationCount
        self.failureCount = failureCount
        let n = Double(locationCount)
        let isComplete = failureCount == 0
        self.traceS = isComplete ? traceS : .nan
        self.rss = isComplete ? rss : .nan
        let criteria = InformationCriteria(rss: self.rss, traceS: self.traceS, count: n)
        let isAdmissible = isComplete && n - 2 - traceS > 0
        aic = isAdmissible ? criteria.aic : .nan
        aicc = isAdmissible ? criteria.aicc : .nan
        bic = isAdmissible ? criteria.bic : .nan
        cv = isComplete ? squaredLeaveOneOutErrors.map { $0 / n } ?? .nan : .nan
        bcv = hasBuffer ? squaredBufferedErrors.map { $0 / n } ?? .nan : nil
    }

    /// Value of a criterion; NaN where the candidate is inadmissible for it.
    package func value(of criterion: BandwidthCriterion) -> Double {
        switch criterion {
        case .aicc: aicc
        case .aic: aic
        case .bic: bic
        case .cv: cv
        case .bcv: bcv ?? .nan
        }
    }
}

/// The likelihood criteria of a linear smoother, as mgwr defines them.
package struct InformationCriteria: Equatable, Sendable {
    /// −2ℓ = n ln(RSS/n) + n ln 2π + n.
    package let minusTwoLogLikelihood: Double
    /// −2ℓ + 2 (tr S + 1).
    package let aic: Double
    /// n ln(RSS/n) + n ln 2π + n (n + tr S) / (n − 2 − tr S); NaN unless n − 2 − tr S > 0.
    package let aicc: Double
    /// −2ℓ + (tr S + 1) ln n.
    package let bic: Double

    /// Computes the criteria for `count` observations; RSS 0 gives −∞.
    package init(rss: Double, traceS: Double, count n: Double) {
        let base = n * log(rss / n) + n * log(2 * Double.pi)
        minusTwoLogLikelihood = base + n
        aic = base + n + 2 * (traceS + 1)
        let freedom = n - 2 - traceS
        aicc = freedom > 0 ? base + n * (n + traceS) / freedom : .nan
        bic = base + n + (traceS + 1) * log(n)
    }
}
