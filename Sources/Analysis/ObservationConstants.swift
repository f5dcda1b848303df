import Lattice
package import CarbonBalance
package import Regression

/// What the `balance` stage's reduction fixes for the regression of cells.
package struct ObservationConstants: Hashable, Sendable, Codable {
    /// The variant that is the response; nil for a layer.
    package var responseVariant: DeficitVariant?
    /// Number of observations n.
    package var observationCount: Int
    /// Number of cells that get a local model.
    package var locationCount: Int
    /// Means of the predictors and the response, the response last; the moments' origin.
    package var means: [Double]
    /// Σ (x − origin), one per column.
    package var sums: [Double]
    /// Σ (x − origin)(x − origin)ᵀ, row-major.
    package var products: [Double]
    /// Where the observations lie.
    package var pyramid: CountPyramid
    /// Why there is no regression; nil where there is one.
    package var refusal: String?

    /// What the sum over all tiles says.
    package init(_ partial: ObservationPartial, model: RegressionModel, variant: DeficitVariant?) {
        responseVariant = variant
        observationCount = partial.moments.rowCount
        locationCount = partial.locationCount
        pyramid = partial.pyramid
        let columns = 0..<partial.moments.columnCount
        let n = Double(partial.moments.rowCount)
        let isEmpty = partial.moments.rowCount == 0
        let means = columns.map { isEmpty ? 0 : partial.moments.mean($0) }
        self.means = means
        sums = columns.map { partial.moments.sum($0) - n * means[$0] }
        products = columns.flatMap { row in
            columns.map { column in
                isEmpty ? 0 : partial.moments.centredSum(of: row, times: column)
            }
        }
        // A mean is rounded: what it leaves of the sums is below the last bit of the centred products.
        sums = sums.map { _ in 0 }
        refusal = Self.refusal(model, observationCount: partial.moments.rowCount)
    }

    /// Why so few observations cannot be regressed on; nil where they can.
    private static func refusal(_ model: RegressionModel, observationCount n: Int) -> String? {
        let p = model.parameterCount
        guard n >= 2 * p + 10 else {
            return "\(n) observations cannot carry \(p) coefficients; at least \(2 * p + 10) are "
                + "needed"
        }
        switch model.bandwidth {
        case .neighbours(let k) where k > n:
            return "a bandwidth of \(k) neighbours exceeds the \(n) observations"
        case .search(isAdaptive: true, _, let minimum, let maximum):
            if let minimum, minimum > Double(n) {
                return "the smallest bandwidth, \(Int(minimum)) neighbours, exceeds the \(n) "
                    + "observations"
            }
            if let maximum, maximum > Double(n) {
                return "the largest bandwidth, \(Int(maximum)) neighbours, exceeds the \(n) "
                    + "observations"
            }
            return nil
        default: return nil
        }
    }

    /// Number of predictors.
    private var predictorCount: Int { means.count - 1 }

    /// Powers of two that bring the predictors' standard deviations near 1.
    package var scales: [Double] {
        (0..<predictorCount).map { column in
            let deviation = standardDeviation(column)
            guard deviation > 0, deviation.isNormal else { return 1 }
            return Double(sign: .plus, exponent: -deviation.exponent, significand: 1)
        }
    }

    /// Population variances of the scaled predictors.
    package var variances: [Double] {
        zip(scales, 0..<predictorCount).map { scale, column in
            let deviation = standardDeviation(column) * scale
            return deviation * deviation
        }
    }

    /// Population standard deviation of a column.
    package func standardDeviation(_ column: Int) -> Double {
        guard observationCount > 0 else { return 0 }
        let variance = products[column * means.count + column] / Double(observationCount)
        return max(0, variance).squareRoot()
    }

    /// Σ (y − ȳ)² of the response.
    package var totalSquares: Double { products[means.count * means.count - 1] }

    /// Ordinary least squares on all observations; nil where there are too few.
    package func globalRegression(_ model: RegressionModel) -> GlobalRegression? {
        try? GlobalRegression(
            moments: DesignMoments(
                origin: means,
                count: observationCount,
                sums: sums,
                products: products
            ),
            predictorNames: model.covariates.map(\.name)
        )
    }
}
