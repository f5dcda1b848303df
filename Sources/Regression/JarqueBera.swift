internal import Foundation

/// Jarque–Bera test of normality: JB = n/6 (S² + (K − 3)²/4), χ² with two degrees of freedom.
///
/// Source: Jarque & Bera (1987). S and K are the moment skewness and kurtosis.
package struct JarqueBera: Equatable, Sendable {
    /// The statistic.
    package let statistic: Double
    /// exp(−JB / 2).
    package let pValue: Double

    /// Tests residuals; values that are not finite are left out.
    package init(residuals: [Double]) {
        let values = residuals.filter(\.isFinite)
        let n = Double(values.count)
        let mean = compensatedSum(values) / n
        func moment(_ power: Int) -> Double {
            compensatedSum(
                values.map { value in
                    let d = value - mean
                    return power == 2 ? d * d : power == 3 ? d * d * d : d * d * d * d
                }
            ) / n
        }
        self.init(count: n, second: moment(2), third: moment(3), fourth: moment(4))
    }

    /// Tests from central moments, which tiles can sum.
    package init(count n: Double, second: Double, third: Double, fourth: Double) {
        let skewness = third / (second * second.squareRoot())
        let excess = fourth / (second * second) - 3
        statistic = n / 6 * (skewness * skewness + excess * excess / 4)
        pValue = exp(-statistic / 2)
    }
}
