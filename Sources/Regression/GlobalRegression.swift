internal import Foundation
internal import RegressionKernels

/// Ordinary least squares with everything that stands beside a GWR.
///
/// Solved by Cholesky on centred columns of unit length, in their order; a predictor whose pivot is
/// below 1e-8 of its sum of squares is unidentified: NaN, and the others are fitted without it.
package struct GlobalRegression: Equatable, Sendable {
    /// Names of the coefficients, the intercept first.
    package let termNames: [String]
    /// Number of rows n.
    package let observationCount: Int
    /// β, the intercept first.
    package let coefficients: [Double]
    /// Standard errors, with σ² = RSS / (n − p).
    package let standardErrors: [Double]
    /// β / SE.
    package let tValues: [Double]
    /// Two-sided p-values with n − p degrees of freedom.
    package let pValues: [Double]
    /// Variance inflation of each predictor.
    package let varianceInflation: [Double]
    /// Condition number of X with the intercept, columns scaled to unit length (Belsley 1980).
    package let conditionNumber: Double
    /// Residual sum of squares.
    package let rss: Double
    /// Total sum of squares about the mean.
    package let tss: Double
    /// RSS / (n − p).
    package let sigmaSquared: Double
    /// 1 − RSS / TSS.
    package let rSquared: Double
    /// 1 − (1 − R²)(n − 1) / (n − p).
    package let adjustedRSquared: Double
    /// The criteria with tr S = p, by the formulas of the local model, so that the two compare.
    package let criteria: InformationCriteria

    /// Number of identified coefficients p.
    package var parameterCount: Int { coefficients.count { !$0.isNaN } }

    /// Fits from moments; `predictorNames` in the order of their columns.
    ///
    /// - Throws: `tooFewObservations` if n ≤ p.
    package init(
        moments: DesignMoments,
        predictorNames: [String]
    ) throws(RegressionError) {
        let q = predictorNames.count
        precondition(moments.columnCount == q + 1, "one column per predictor and the response")
        termNames = ["intercept"] + predictorNames
        observationCount = moments.count
        let n = Double(moments.count)
        guard moments.count > q + 1 else {
            throw RegressionError(
                .tooFewObservations,
                "\(moments.count) complete rows for \(q + 1) coefficients; legal: more rows than "
                    + "coefficients"
            )
        }
        let solution = CorrelationSolution(moments: moments)
        rss = solution.rss
        tss = moments.centredProduct(q, q)
        let p = 1 + solution.identified.count { $0 }
        sigmaSquared = rss / (n - Double(p))
        let sigma = sigmaSquared.squareRoot()
        var intercept = moments.mean(q)
        var interceptVariance = 1 / n
        for a in 0..<q where solution.identified[a] {
            intercept -= solution.slopes[a] * moments.mean(a)
            for b in 0..<q where solution.identified[b] {
                interceptVariance += moments.mean(a) * moments.mean(b) * solution.inverse[a * q + b]
            }
        }
        coefficients = [intercept] + solution.slopes
        standardErrors =
            [sigma * interceptVariance.squareRoot()]
            + (0..<q).map {
                solution.identified[$0] ? sigma * solution.inverse[$0 * q + $0].squareRoot() : .nan
            }
        tValues = zip(coefficients, standardErrors).map { $0 / $1 }
        let distribution = StudentT(degreesOfFreedom: n - Double(p))
        pValues = tValues.map { distribution.twoSidedProbability($0) }
        varianceInflation = (0..<q).map {
            solution.identified[$0]
                ? solution.inverse[$0 * q + $0] * moments.centredProduct($0, $0) : .nan
        }
        conditionNumber = solution.conditionNumber
        rSquared = 1 - rss / tss
        adjustedRSquared = 1 - (1 - rSquared) * (n - 1) / (n - Double(p))
        criteria = InformationCriteria(rss: rss, traceS: Double(p), count: n)
    }

    /// Fits the complete rows of a table.
    ///
    /// - Throws: `tooFewObservations` if there are no more complete rows than coefficients.
    package init(table: RegressionTable) throws(RegressionError) {
        let rows = table.completeRows()
        guard let first = rows.first else {
            throw RegressionError(.tooFewObservations, "no row is complete and finite")
        }
        let columns = table.predictors + [table.response]
        var moments = DesignMoments(
            origin: columns.map { column in
                let origin = column[first]
                return origin
                    + compensatedSum(rows.map { column[$0] - origin }) / Double(rows.count)
            }
        )
        for row in rows { moments.add(columns.map { $0[row] }) }
        try self.init(moments: moments, predictorNames: table.predictorNames)
    }

    /// Fitted value for predictors in the order of the terms; unidentified terms are left out.
    package func fitted(_ predictors: [Double]) -> Double {
        zip(coefficients.dropFirst(), predictors).reduce(coefficients[0]) { sum, pair in
            pair.0.isNaN ? sum : sum + pair.0 * pair.1
        }
    }

    /// Residuals per row of a table; NaN where a value is not finite.
    package func residuals(table: RegressionTable) -> [Double] {
        (0..<table.rowCount).map { row in
            let residual = table.response[row] - fitted(table.predictors.map { $0[row] })
            return residual.isFinite ? residual : .nan
        }
    }
}

/// Least squares on centred columns of unit length.
private struct CorrelationSolution {
    var slopes: [Double]
    /// (XᵀX)⁻¹ of the centred columns, q × q; 0 where unidentified.
    var inverse: [Double]
    var identified: [Bool]
    var rss: Double
    var conditionNumber: Double

    init(moments: DesignMoments) {
        let q = moments.columnCount - 1
        let lengths = (0...q).map { moments.centredProduct($0, $0).squareRoot() }
        var upper = [Double](repeating: 0, count: (q + 1) * (q + 1))
        for a in 0...q {
            for b in a...q {
                let product = moments.centredProduct(a, b) / (lengths[a] * lengths[b])
                upper[a * (q + 1) + b] = product.isFinite ? product : 0
            }
        }
        let width = q + 1
        identified = Array(repeating: true, count: q)
        for j in 0..<q {
            let pivot = upper[j * width + j]
            let scale = abs(moments.mean(j)) * Double(moments.count).squareRoot()
            // A constant column's sum of squares is what rounding left of its mean.
            if !(pivot > Identification.smallestPivotRatio) || lengths[j] <= 1e-14 * scale {
                identified[j] = false
                for b in j...q { upper[j * width + b] = 0 }
                continue
            }
            let root = pivot.squareRoot()
            for b in j...q { upper[j * width + b] /= root }
            for a in (j + 1)...q {
                for b in a...q {
                    upper[a * width + b] -= upper[j * width + a] * upper[j * width + b]
                }
            }
        }
        rss = max(0, upper[q * width + q]) * lengths[q] * lengths[q]
        if lengths[q] == 0 { rss = 0 }
        var inverseUpper = [Double](repeating: 0, count: q * q)
        for column in 0..<q where identified[column] {
            inverseUpper[column * q + column] = 1 / upper[column * width + column]
            for row in stride(from: column - 1, through: 0, by: -1) where identified[row] {
                var sum = 0.0
                for k in (row + 1)...column {
                    sum += upper[row * width + k] * inverseUpper[k * q + column]
                }
                inverseUpper[row * q + column] = -sum / upper[row * width + row]
            }
        }
        slopes = Array(repeating: .nan, count: q)
        inverse = Array(repeating: 0, count: q * q)
        for a in 0..<q where identified[a] {
            var slope = 0.0
            for k in a..<q { slope += inverseUpper[a * q + k] * upper[k * width + q] }
            slopes[a] = slope * lengths[q] / lengths[a]
            for b in 0..<q where identified[b] {
                var entry = 0.0
                for k in max(a, b)..<q {
                    entry += inverseUpper[a * q + k] * inverseUpper[b * q + k]
                }
                inverse[a * q + b] = entry / (lengths[a] * lengths[b])
            }
        }
        var values = SingularValues(size: q + 1)
        values.reset()
        let root = Double(moments.count).squareRoot()
        values.appendColumn(term: q) { $0 == q ? 1 : 0 }
        for j in 0..<q where identified[j] {
            values.appendColumn(term: j) { row in
                if row == q { return moments.mean(j) * root }
                return row <= j ? upper[row * width + j] * lengths[j] : 0
            }
        }
        values.decompose()
        conditionNumber = values.conditionNumber
    }
}
