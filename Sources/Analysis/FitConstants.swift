import CarbonBalance
import Lattice
package import Regression

/// What the `fit` stage's reduction knows of the local models.
package struct FitConstants: Hashable, Sendable, Codable {
    /// One term over all fitted cells.
    package struct Term: Hashable, Sendable, Codable {
        /// The term's name.
        package var name: String
        /// Cells where it has a coefficient.
        package var identifiedCount: Int
        /// Fitted cells where it has none.
        package var unidentifiedCount: Int
        /// First cell without it, as row and column; nil where there is none.
        package var firstUnidentified: [Int]?
        /// Cells where |t| exceeds the corrected critical value.
        package var significantCount: Int
        /// Cells where the sign changes between half, once and twice the bandwidth.
        package var unstableCount: Int
        /// Mean of the coefficients; nil without any.
        package var mean: Double?
        /// Their population standard deviation.
        package var standardDeviation: Double?
    }

    /// The terms in the model's order.
    package var terms: [Term]
    /// Number of cells by regression status, ascending by code.
    package var statusCounts: [StatusCount]
    /// Observations that were fitted.
    package var observationCount: Int
    /// Σ (y − ȳ)² of their responses, ȳ their own mean.
    package var tss: Double
    /// Σ e², Σ s_ii, Σ s_ij² over the observations.
    package var rss: Double
    /// See above.
    package var traceS: Double
    /// See above.
    package var traceSTS: Double
    /// Σ (e / (1 − s))²; nil where a leverage is 1.
    package var squaredLeaveOneOutErrors: Double?
    /// How complete the neighbourhoods were.
    package var certificates: CertificateCount

    /// What the sum over all tiles says.
    package init(
        _ partial: FitPartial,
        model: RegressionModel,
        observations: ObservationConstants
    ) {
        terms = zip(model.termNames, partial.terms).map { name, term in
            let n = Double(term.identifiedCount)
            let mean = term.sum.value / n
            let variance = term.squares.value / n - mean * mean
            let isAny = term.identifiedCount > 0
            return Term(
                name: name,
                identifiedCount: term.identifiedCount,
                unidentifiedCount: term.unidentifiedCount,
                firstUnidentified: term.firstUnidentified,
                significantCount: term.significantCount,
                unstableCount: term.unstableCount,
                mean: isAny ? mean : nil,
                standardDeviation: isAny ? max(0, variance).squareRoot() : nil
            )
        }
        statusCounts = partial.statusCounts.sorted { $0.key < $1.key }
            .map { StatusCount(code: $0.key, cells: $0.value) }
        observationCount = partial.observationCount
        if observationCount == observations.observationCount {
            // To the last bit what the global regression has.
            tss = observations.totalSquares
        } else {
            let sum = partial.deviations.value
            tss = partial.squaredDeviations.value - sum * sum / Double(max(1, observationCount))
        }
        rss = partial.squaredResiduals.value
        traceS = partial.leverages.value
        traceSTS = partial.squaredHatRows.value
        squaredLeaveOneOutErrors =
            partial.saturationCount == 0 ? partial.squaredLeaveOneOutErrors.value : nil
        certificates = partial.certificates
    }

    /// Number of cells with a local model.
    package var fittedCount: Int {
        let fitted = [
            RegressionStatus.fitted, .bandwidthCapped, .termsUnidentified,
        ].map(\.rawValue)
        return statusCounts.reduce(0) { $0 + (fitted.contains($1.code) ? $1.cells : 0) }
    }

    /// Global diagnostics of the local models.
    package func diagnostics(parameterCount: Int) -> FitDiagnostics {
        FitDiagnostics(
            observationCount: observationCount,
            parameterCount: parameterCount,
            traceS: traceS,
            traceSTS: traceSTS,
            rss: rss,
            tss: tss,
            squaredLeaveOneOutErrors: squaredLeaveOneOutErrors
        )
    }
}

/// What the `diagnose` stage's reduction knows of the residuals.
package struct ResidualConstants: Hashable, Sendable, Codable {
    /// One class of the correlogram.
    package struct DistanceClass: Hashable, Sendable, Codable {
        /// Smallest and largest distance, metres.
        package var fromMetres: Double
        /// See above.
        package var toMetres: Double
        /// Number of pairs.
        package var pairCount: Int
        /// Moran's I of the pairs; nil without pairs.
        package var correlation: Double?
    }

    /// How alike neighbouring values are.
    package struct Pattern: Hashable, Sendable, Codable {
        /// Moran's I over queen neighbours on the lattice of observations; nil where not defined.
        package var moranI: Double?
        /// Its expectation and z-score under normality.
        package var expectation: Double?
        /// See above.
        package var zScore: Double?
        /// Correlation by distance.
        package var classes: [DistanceClass]
        /// n / (1 + (2/n) Σ pairs · correlation) over the classes before the first that is not
        /// positive.
        package var effectiveObservationCount: Double
        /// Whether correlation stays positive through the last class: the number above is then an
        /// upper bound.
        package var isUpperBound: Bool
    }

    /// Moran's I above which errors and t values must be called conditional.
    package static let tolerableMoranI = 0.1

    /// Of the local models' residuals.
    package var local: Pattern
    /// Of the residuals of ordinary least squares.
    package var global: Pattern
    /// Of the response.
    package var response: Pattern
    /// How complete the neighbourhoods were.
    package var certificates: CertificateCount

    /// Whether standard errors may be read as if residuals were independent.
    ///
    /// Not where Moran's I is not defined: then nobody knows.
    package var isIndependent: Bool {
        local.moranI.map { $0 <= Self.tolerableMoranI } ?? false
    }

    /// What the sum over all tiles says; `stepMetres` is the spacing of the observations.
    package init(_ partial: ResidualPartial, stepMetres: Double) {
        local = Pattern(partial.local, stepMetres: stepMetres)
        global = Pattern(partial.global, stepMetres: stepMetres)
        response = Pattern(partial.response, stepMetres: stepMetres)
        certificates = partial.certificates
    }
}

extension ResidualConstants.Pattern {
    /// Moran's I, its moments (Cliff & Ord 1981, eqs 1.37 and 1.38) and the correlogram.
    init(_ sums: PairSums, stepMetres: Double) {
        let n = Double(sums.count)
        let mean = sums.sum.value / n
        let variance = sums.squares.value / n - mean * mean
        /// Σ (z_i − z̄)(z_j − z̄) over the pairs of a class.
        func products(_ item: PairSums.Class) -> Double {
            item.products.value - mean * item.sums.value + Double(item.pairCount) * mean * mean
        }
        func correlation(_ item: PairSums.Class) -> Double? {
            let value = products(item) / Double(item.pairCount) / variance
            return item.pairCount > 0 && value.isFinite ? value : nil
        }
        moranI = sums.count > 2 ? correlation(sums.queen) : nil
        let weights = 2 * Double(sums.queen.pairCount)
        let first = 2 * weights
        let second = 4 * Double(sums.squaredDegrees)
        let expected = -1 / (n - 1)
        let spread =
            (n * n * first - n * second + 3 * weights * weights)
            / ((n * n - 1) * weights * weights) - expected * expected
        let z = moranI.map { ($0 - expected) / spread.squareRoot() }
        expectation = moranI == nil ? nil : expected
        zScore = z.flatMap { $0.isFinite ? $0 : nil }
        classes = sums.classes.enumerated().map { index, item in
            ResidualConstants.DistanceClass(
                fromMetres: (Double(index) + 0.5) * stepMetres,
                toMetres: (Double(index) + 1.5) * stepMetres,
                pairCount: item.pairCount,
                correlation: correlation(item)
            )
        }
        var inflation = 1.0
        var last = 0
        for item in classes {
            if let correlation = item.correlation {
                guard correlation > 0 else { break }
                inflation += 2 / n * Double(item.pairCount) * correlation
            }
            last += 1
        }
        isUpperBound = last == classes.count
        effectiveObservationCount = sums.count > 0 ? max(1, n / inflation) : 0
    }
}
