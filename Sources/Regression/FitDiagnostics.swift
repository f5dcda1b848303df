internal import Foundation

/// Global diagnostics of a geographically weighted fit, over all fitted locations.
package struct FitDiagnostics: Equatable, Sendable {
    /// Number of fitted locations n.
    package let observationCount: Int
    /// Number of coefficients p, intercept included.
    package let parameterCount: Int
    /// Trace of S, the effective number of parameters.
    package let traceS: Double
    /// Trace of SᵀS.
    package let traceSTS: Double
    /// Residual sum of squares.
    package let rss: Double
    /// Total sum of squares about the mean.
    package let tss: Double
    /// σ² = RSS / (n − tr S), which standard errors use.
    package let sigmaSquared: Double
    /// σ² = RSS / (n − 2 tr S + tr SᵀS), as GWmodel and libgwmodel have it.
    package let sigmaSquaredTwoTraces: Double
    /// −2ℓ, AIC, AICc and BIC; AICc is NaN where n − 2 − tr S ≤ 0.
    package let criteria: InformationCriteria
    /// (1/n) Σ (e / (1 − s))²; NaN where a leverage is 1.
    package let cv: Double
    /// 1 − RSS / TSS.
    package let rSquared: Double
    /// 1 − (1 − R²)(n − 1) / (n − tr S − 1).
    package let adjustedRSquared: Double

    /// Level per test for an overall level α: α p / tr S.
    ///
    /// Source: da Silva & Fotheringham (2016), eq. 12.
    package func adjustedAlpha(_ alpha: Double) -> Double {
        alpha * Double(parameterCount) / traceS
    }

    /// Critical |t| for an overall level α after that correction, with n − 1 degrees of freedom.
    package func criticalT(_ alpha: Double) -> Double {
        let level = min(1, adjustedAlpha(alpha))
        guard observationCount > 1, level.isFinite else { return .nan }
        return StudentT(degreesOfFreedom: Double(observationCount - 1))
            .criticalValue(twoSidedProbability: level)
    }

    /// Computes the diagnostics from sums over the fitted locations, wherever they were summed.
    ///
    /// `squaredLeaveOneOutErrors` is Σ (e / (1 − s))², nil where a leverage is 1.
    package init(
        observationCount: Int,
        parameterCount: Int,
        traceS: Double,
        traceSTS: Double,
        rss: Double,
        tss: Double,
        squaredLeaveOneOutErrors: Double?
    ) {
        let n = Double(observationCount)
        self.observationCount = observationCount
        self.parameterCount = parameterCount
        self.traceS = traceS
        self.traceSTS = traceSTS
        self.rss = rss
        self.tss = tss
        let freedom = n - traceS
        sigmaSquared = freedom > 0 ? rss / freedom : .nan
        let otherFreedom = n - 2 * traceS + traceSTS
        sigmaSquaredTwoTraces = otherFreedom > 0 ? rss / otherFreedom : .nan
        criteria = InformationCriteria(rss: rss, traceS: traceS, count: n)
        cv = squaredLeaveOneOutErrors.map { $0 / n } ?? .nan
        rSquared = 1 - rss / tss
        adjustedRSquared = 1 - (1 - rSquared) * (n - 1) / (n - traceS - 1)
    }

    /// Computes the diagnostics from per-location values in row order.
    init(
        parameterCount: Int,
        response: [Double],
        residuals: [Double],
        leverages: [Double],
        squaredHatRows: [Double]
    ) {
        let origin = response.first ?? 0
        let mean = compensatedSum(response.map { $0 - origin }) / Double(response.count)
        let isSaturated = leverages.contains { 1 - $0 < 1e-9 }
        self.init(
            observationCount: response.count,
            parameterCount: parameterCount,
            traceS: compensatedSum(leverages),
            traceSTS: compensatedSum(squaredHatRows),
            rss: compensatedSum(residuals.map { $0 * $0 }),
            tss: compensatedSum(response.map { ($0 - origin - mean) * ($0 - origin - mean) }),
            squaredLeaveOneOutErrors: isSaturated
                ? nil
                : compensatedSum(
                    zip(residuals, leverages).map { residual, leverage in
                        let left = residual / (1 - leverage)
                        return left * left
                    }
                )
        )
    }
}

/// Sum whose order matters by about 1e-32 of the sum of magnitudes only (Neumaier 1974).
func compensatedSum(_ values: [Double]) -> Double {
    var sum = 0.0
    var correction = 0.0
    for value in values {
        let total = sum + value
        correction +=
            abs(sum) >= abs(value) ? (sum - total) + value : (value - total) + sum
        sum = total
    }
    return sum + correction
}
