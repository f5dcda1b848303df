/// Everything a geographically weighted fit reports, per row of the table.
///
/// All arrays have the table's row count and order; NaN (0 for counts) where a row has no value,
/// with the reason in `failures`. Coefficients are on the scale of the input columns.
package struct RegressionResult: Sendable {
    /// Names of the coefficients, the intercept first.
    package let termNames: [String]
    /// The bandwidth that was used.
    package let bandwidth: Bandwidth
    /// Why a row has no local model; nil where it has one.
    package let failures: [FitFailure?]
    /// Bit j is set where coefficient j is unidentified in an otherwise fitted row.
    package let unidentifiedTerms: [UInt64]
    /// β, one array per term; NaN where unidentified.
    package let coefficients: [[Double]]
    /// Standard errors of β.
    package let standardErrors: [[Double]]
    /// β / SE.
    package let tValues: [[Double]]
    /// Fitted responses.
    package let fitted: [Double]
    /// Response minus fitted.
    package let residuals: [Double]
    /// e / (σ √(1 − s)).
    package let standardisedResiduals: [Double]
    /// Leverages s_ii.
    package let influence: [Double]
    /// Cook's distance r² s / (tr S (1 − s)), r the standardised residual (as mgwr).
    package let cooksDistance: [Double]
    /// 1 − Σ w e_j² / Σ w (y_j − ȳ)², e_j the residual of j's own model.
    package let localRSquared: [Double]
    /// Condition number of √W X, columns scaled to unit length, over the identified terms.
    package let conditionNumber: [Double]
    /// Local variance inflation, one array per predictor.
    package let varianceInflation: [[Double]]
    /// Variance-decomposition proportions with the smallest singular value, one array per term.
    package let varianceProportions: [[Double]]
    /// Bandwidth as a distance, in the metric's unit.
    package let bandwidthDistance: [Double]
    /// Number of observations with weight.
    package let neighbourCount: [Int]
    /// Global diagnostics.
    package let diagnostics: FitDiagnostics
    /// Mean, standard deviation and quantiles of the coefficients, one per term.
    package let coefficientSummaries: [CoefficientSummary]
    /// How often each term is unidentified, for the terms that ever are.
    package let identificationGaps: [IdentificationGap]
    /// How often and where rows could not be fitted at all, in the order of the reasons.
    package let failureCounts: [FailureCount]

    /// Sentences about gaps and failures that a reader must see, worst kind first.
    package var warnings: [String] {
        failureCounts.filter { $0.failure != .incompleteRow }.map {
            "\($0.count) locations could not be fitted, first row \($0.firstRow): "
                + $0.failure.explanation
        }
            + identificationGaps.filter { $0.share > 0.05 }.map {
                "column \"\($0.termName)\" is not identified at \($0.count) locations, first row "
                    + "\($0.firstRow): it is constant or collinear there"
            }
    }
}

/// A term that some neighbourhoods do not determine.
package struct IdentificationGap: Equatable, Sendable {
    /// Name of the term.
    package let termName: String
    /// Number of locations without it.
    package let count: Int
    /// First row without it.
    package let firstRow: Int
    /// `count` over the number of fitted locations.
    package let share: Double
}

/// A reason for having no local model, and where it occurred.
package struct FailureCount: Equatable, Sendable {
    /// The reason.
    package let failure: FitFailure
    /// Number of rows.
    package let count: Int
    /// First row.
    package let firstRow: Int
}

/// Distribution of one coefficient over the locations where it is identified.
package struct CoefficientSummary: Equatable, Sendable {
    /// Name of the term.
    package let termName: String
    /// Number of locations where it is identified.
    package let count: Int
    /// Mean; NaN without locations, as all that follows.
    package let mean: Double
    /// Population standard deviation.
    package let standardDeviation: Double
    /// Minimum, lower quartile, median, upper quartile, maximum (linear interpolation).
    package let quantiles: [Double]

    init(termName: String, values: [Double]) {
        let sorted = values.filter { !$0.isNaN }.sorted()
        self.termName = termName
        count = sorted.count
        let n = Double(sorted.count)
        let average = compensatedSum(sorted) / n
        mean = average
        standardDeviation =
            (compensatedSum(sorted.map { ($0 - average) * ($0 - average) }) / n).squareRoot()
        quantiles = [0, 0.25, 0.5, 0.75, 1].map { share in
            guard !sorted.isEmpty else { return .nan }
            let position = share * Double(sorted.count - 1)
            let low = Int(position)
            let high = min(low + 1, sorted.count - 1)
            return sorted[low] + (position - Double(low)) * (sorted[high] - sorted[low])
        }
    }
}
