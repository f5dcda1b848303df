/// Statistics of the valid samples of a band.
package struct BandStatistics: Hashable, Sendable, Codable {
    /// Number of valid samples.
    package let validCount: Int
    /// Number of samples, valid or not.
    package let sampleCount: Int
    /// Smallest valid sample, 0 when there is none.
    package let minimum: Double
    /// Largest valid sample, 0 when there is none.
    package let maximum: Double
    /// Mean of the valid samples, 0 when there is none.
    package let mean: Double
    /// Standard deviation with divisor n, as GDAL computes it; 0 when there is no valid sample.
    package let standardDeviation: Double

    /// The items under which GDAL and its users look for statistics.
    package var metadata: [MetadataItem] {
        let percent = sampleCount > 0 ? 100 * Double(validCount) / Double(sampleCount) : 0
        let share = MetadataItem(key: "STATISTICS_VALID_PERCENT", value: "\(percent)")
        guard validCount > 0 else { return [share] }
        return [
            MetadataItem(key: "STATISTICS_MAXIMUM", value: "\(maximum)"),
            MetadataItem(key: "STATISTICS_MEAN", value: "\(mean)"),
            MetadataItem(key: "STATISTICS_MINIMUM", value: "\(minimum)"),
            MetadataItem(key: "STATISTICS_STDDEV", value: "\(standardDeviation)"),
            share,
        ]
    }
}

/// Gathers ``BandStatistics`` from samples in row-major order of the whole band.
///
/// The sums run over the band's own order, never over tiles, so that the result cannot depend on
/// how the band was cut. Samples are taken relative to the first valid one, and both sums are
/// compensated (Neumaier 1974, *Zeitschrift für Angewandte Mathematik und Mechanik* 54, algorithm
/// IV): without the shift, Σx² − (Σx)²/n loses all digits of a small spread on a large mean.
struct BandStatisticsSum {
    private var sampleCount = 0
    private var validCount = 0
    private var shift = 0.0
    private var minimum = Double.infinity
    private var maximum = -Double.infinity
    private var sum = CompensatedSum()
    private var squareSum = CompensatedSum()

    /// Appends samples; NaN is not valid, and neither is an infinite one.
    mutating func append(_ samples: [Float], noDataCode: Float? = nil) {
        sampleCount += samples.count
        for sample in samples where sample.isFinite && sample != noDataCode {
            append(valid: Double(sample))
        }
    }

    /// Appends samples in double precision; what is not finite is not valid.
    mutating func append(_ samples: [Double]) {
        sampleCount += samples.count
        for sample in samples where sample.isFinite { append(valid: sample) }
    }

    private mutating func append(valid value: Double) {
        if validCount == 0 { shift = value }
        validCount += 1
        minimum = min(minimum, value)
        maximum = max(maximum, value)
        let distance = value - shift
        sum.add(distance)
        squareSum.add(distance * distance)
    }

    /// The statistics of all that was appended.
    var statistics: BandStatistics {
        guard validCount > 0 else {
            return BandStatistics(
                validCount: 0,
                sampleCount: sampleCount,
                minimum: 0,
                maximum: 0,
                mean: 0,
                standardDeviation: 0
            )
        }
        let n = Double(validCount)
        let meanDistance = sum.total / n
        let variance = max(0, squareSum.total / n - meanDistance * meanDistance)
        return BandStatistics(
            validCount: validCount,
            sampleCount: sampleCount,
            minimum: minimum,
            maximum: maximum,
            mean: shift + meanDistance,
            standardDeviation: variance.squareRoot()
        )
    }
}

/// A sum that carries its rounding error along.
private struct CompensatedSum {
    private var sum = 0.0
    private var compensation = 0.0

    var total: Double { sum + compensation }

    mutating func add(_ value: Double) {
        let next = sum + value
        compensation += abs(sum) >= abs(value) ? (sum - next) + value : (value - next) + sum
        sum = next
    }
}
