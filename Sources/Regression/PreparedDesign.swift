internal import Foundation
internal import RegressionKernels

/// The complete rows of a table in the form the kernels read: tree order, padded, scaled.
///
/// Predictors are multiplied by powers of two that bring their standard deviations near 1, which is
/// exact, so scaling a column by a power of two changes no digit of any result. Lanes: the terms,
/// then the intercept at `parameterCount − 1`, then zeros.
@safe final class PreparedDesign: @unchecked Sendable {
    // Unchecked because of the raw buffers; all are immutable after `init`, so no lock is needed.

    let metric: DistanceMetric
    /// Number of coefficients with the intercept.
    let parameterCount: Int
    /// Vectors of eight lanes per row.
    let blocks: Int
    /// Number of complete rows.
    let count: Int
    /// Table row of each complete row.
    let tableRows: [Int]
    /// Index over the complete rows; its `rows` are positions in `tableRows`.
    let index: NeighbourIndex
    /// Powers of two that the predictors were multiplied by.
    let scales: [Double]
    /// Population variances of the scaled predictors.
    let variances: [Double]
    private let designBuffer: AlignedBuffer
    private let responseBuffer: AlignedBuffer

    /// Design rows in tree order.
    var design: UnsafePointer<SIMD8<Double>> { unsafe UnsafePointer(designBuffer.vectors) }
    /// Responses in tree order.
    var response: UnsafePointer<Double> { unsafe UnsafePointer(responseBuffer.scalars) }

    init(table: RegressionTable, metric: DistanceMetric) throws(RegressionError) {
        self.metric = metric
        let complete = table.completeRows()
        guard !complete.isEmpty else {
            throw RegressionError(.tooFewObservations, "no row is complete and finite")
        }
        if metric == .greatCircle, let row = table.firstRowOutsideDegrees(of: complete) {
            throw RegressionError(
                .malformedTable,
                "row \(row + 1) is at (\(table.x[row]), \(table.y[row])), which is no longitude "
                    + "and latitude in degrees"
            )
        }
        tableRows = complete
        count = complete.count
        parameterCount = table.parameterCount
        blocks = MomentLayout.blockCount(parameterCount: parameterCount)
        index = NeighbourIndex(
            axes: Self.axes(
                metric: metric,
                x: complete.map { table.x[$0] },
                y: complete.map { table.y[$0] }
            )
        )
        designBuffer = AlignedBuffer(scalarCount: 8 * blocks * complete.count)
        responseBuffer = AlignedBuffer(scalarCount: complete.count)
        var scales: [Double] = []
        var variances: [Double] = []
        for column in table.predictors {
            let values = complete.map { column[$0] }
            let scale = Self.scale(of: values)
            scales.append(scale)
            variances.append(Self.variance(of: values.map { $0 * scale }))
        }
        self.scales = scales
        self.variances = variances
        let width = 8 * blocks
        for position in 0..<count {
            let row = complete[Int(index.rows[position])]
            let target = unsafe designBuffer.scalars + position * width
            for lane in scales.indices {
                unsafe target[lane] = table.predictors[lane][row] * scales[lane]
            }
            unsafe target[parameterCount - 1] = 1
            unsafe responseBuffer.scalars[position] = table.response[row]
        }
    }

    /// Coordinates for the index: as they are, or unit vectors of longitude and latitude.
    static func axes(metric: DistanceMetric, x: [Double], y: [Double]) -> [[Double]] {
        guard metric == .greatCircle else { return [x, y] }
        let longitude = x.map { $0 * (.pi / 180) }
        let latitude = y.map { $0 * (.pi / 180) }
        return [
            zip(longitude, latitude).map { cos($0) * cos($1) },
            zip(longitude, latitude).map { sin($0) * cos($1) },
            latitude.map { sin($0) },
        ]
    }

    /// The power of two nearest above 1 / standard deviation; 1 for a constant column.
    private static func scale(of values: [Double]) -> Double {
        let largest = values.reduce(0) { max($0, abs($1)) }
        guard largest > 0 else { return 1 }
        // Two steps, so that squares of extreme values neither overflow nor vanish.
        let first = Double(sign: .plus, exponent: -largest.exponent, significand: 1)
        let variance = variance(of: values.map { $0 * first })
        guard variance > 0, variance.isNormal else { return 1 }
        let deviation = variance.squareRoot()
        return first * Double(sign: .plus, exponent: -deviation.exponent, significand: 1)
    }

    private static func variance(of values: [Double]) -> Double {
        let count = Double(values.count)
        let origin = values[0]
        let mean = values.reduce(0) { $0 + ($1 - origin) } / count
        return values.reduce(0) { sum, value in
            let deviation = value - origin - mean
            return sum + deviation * deviation
        } / count
    }
}
