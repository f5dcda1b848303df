internal import RegressionKernels

/// Factor, inverse and covariance of one local model: p × p algebra without allocation.
///
/// Order: the terms 0 ..< p − 1, the intercept last. All matrices are row-major p × p.
struct LocalFactor {
    private let p: Int
    private var moments: [Double]
    private var squaredMoments: [Double]
    private var responseMoments: [Double]
    private var upper: [Double]
    private var work: [Double]
    private var middle: [Double]
    private var projection: [Double]
    private var inverseUpper: [Double]
    private var inverses: [Double]
    private var covariances: [Double]
    private var solutions: [Double]
    private var identified: [Bool]

    init(parameterCount: Int) {
        p = parameterCount
        moments = Array(repeating: 0, count: p * p)
        squaredMoments = moments
        upper = moments
        work = moments
        middle = moments
        inverseUpper = moments
        inverses = moments
        covariances = moments
        responseMoments = Array(repeating: 0, count: p)
        projection = responseMoments
        solutions = responseMoments
        identified = Array(repeating: true, count: p)
    }

    mutating func setMoment(_ a: Int, _ b: Int, _ value: Double, squared: Double) {
        moments[a * p + b] = value
        moments[b * p + a] = value
        squaredMoments[a * p + b] = squared
        squaredMoments[b * p + a] = squared
    }

    mutating func setResponseMoment(_ a: Int, _ value: Double) { responseMoments[a] = value }

    /// Entry of XᵀWX.
    func moment(_ a: Int, _ b: Int) -> Double { moments[a * p + b] }
    /// Entry of the triangular factor R, 0 below the diagonal.
    func triangle(_ a: Int, _ b: Int) -> Double { a <= b ? upper[a * p + b] : 0 }
    /// Entry of (XᵀWX)⁻¹ over the identified terms.
    func inverse(_ a: Int, _ b: Int) -> Double { inverses[a * p + b] }
    /// Entry of the coefficients' covariance divided by σ².
    func covariance(_ a: Int, _ b: Int) -> Double { covariances[a * p + b] }
    /// Coefficient on the centred, scaled columns; 0 where unidentified.
    func solution(_ a: Int) -> Double { solutions[a] }
    /// Whether a term is in the model.
    func isIdentified(_ a: Int) -> Bool { identified[a] }

    /// Whether the weighted variance of a term is large enough to say anything about it.
    private func varies(_ j: Int, _ variances: [Double]) -> Bool {
        let total = moments[p * p - 1]
        let mean = moments[j * p + p - 1] / total
        let variance = moments[j * p + j] / total - mean * mean
        return variance >= variances[j] * Identification.smallestVarianceRatio
    }

    /// Cholesky of the moments; false where a pivot is too small to be trusted.
    mutating func factorise(variances: [Double], safePivotRatio: Double) -> Bool {
        for index in 0..<(p * p) { work[index] = moments[index] }
        for index in 0..<(p * p) { upper[index] = 0 }
        var isSafe = true
        for j in 0..<p {
            let pivot = work[j * p + j]
            let square = moments[j * p + j]
            identified[j] = true
            if j < p - 1 {
                if !varies(j, variances) {
                    identified[j] = false
                    continue
                }
                if pivot < square * safePivotRatio { isSafe = false }
                if pivot <= square * Identification.smallestPivotRatio {
                    identified[j] = false
                    continue
                }
            }
            let root = pivot.squareRoot()
            for k in j..<p { upper[j * p + k] = work[j * p + k] / root }
            for a in (j + 1)..<max(p, j + 1) {
                let multiplier = upper[j * p + a]
                for b in a..<p { work[a * p + b] -= multiplier * upper[j * p + b] }
            }
        }
        guard isSafe else { return false }
        // The tail of `solve` wants R⁻ᵀXᵀWy and R⁻ᵀ(XᵀW²X)R⁻¹.
        invertTriangle()
        for a in 0..<p {
            var sum = 0.0
            for k in 0...a { sum += inverseUpper[k * p + a] * responseMoments[k] }
            projection[a] = sum
            for b in 0..<p {
                var entry = 0.0
                for k in 0...a { entry += inverseUpper[k * p + a] * squaredMoments[k * p + b] }
                work[a * p + b] = entry
            }
        }
        for a in 0..<p {
            for b in 0..<p {
                var entry = 0.0
                for k in 0...b { entry += work[a * p + k] * inverseUpper[k * p + b] }
                middle[a * p + b] = entry
            }
        }
        return true
    }

    /// Gram–Schmidt in the order of the terms, twice per column; columns are overwritten by Q.
    mutating func orthogonalise(
        columns q: UnsafeMutablePointer<Double>,
        count: Int,
        weights: UnsafePointer<Double>,
        response: UnsafePointer<Double>,
        variances: [Double]
    ) {
        for index in 0..<(p * p) { upper[index] = 0 }
        for j in 0..<p {
            let column = unsafe q + j * count
            let square = unsafe dot(column, column, count)
            identified[j] = true
            if j < p - 1, !varies(j, variances) {
                identified[j] = false
                continue
            }
            for _ in 0..<2 {
                for i in 0..<j where identified[i] {
                    let other = unsafe q + i * count
                    let overlap = unsafe dot(other, column, count)
                    upper[i * p + j] += overlap
                    for row in 0..<count { unsafe column[row] -= overlap * other[row] }
                }
            }
            let rest = unsafe dot(column, column, count)
            if j < p - 1, rest <= square * Identification.smallestPivotRatio {
                identified[j] = false
                continue
            }
            let length = rest.squareRoot()
            upper[j * p + j] = length
            for row in 0..<count { unsafe column[row] /= length }
        }
        for j in 0..<p where !identified[j] {
            for i in 0..<p { upper[i * p + j] = 0 }
        }
        for a in 0..<p {
            projection[a] = 0
            for b in 0..<p { middle[a * p + b] = 0 }
        }
        for a in 0..<p where identified[a] {
            let left = unsafe q + a * count
            var sum = 0.0
            for row in 0..<count {
                sum += unsafe left[row] * weights[row].squareRoot() * response[row]
            }
            projection[a] = sum
            for b in a..<p where identified[b] {
                let right = unsafe q + b * count
                var entry = 0.0
                for row in 0..<count { entry += unsafe left[row] * right[row] * weights[row] }
                middle[a * p + b] = entry
                middle[b * p + a] = entry
            }
        }
        invertTriangle()
    }

    private func dot(_ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ count: Int)
        -> Double
    {
        var sum = 0.0
        for row in 0..<count { sum += unsafe a[row] * b[row] }
        return sum
    }

    /// R⁻¹ over the identified terms; rows and columns of the others are zero.
    private mutating func invertTriangle() {
        for index in 0..<(p * p) { inverseUpper[index] = 0 }
        for column in 0..<p where identified[column] {
            inverseUpper[column * p + column] = 1 / upper[column * p + column]
            var row = column - 1
            while row >= 0 {
                if identified[row] {
                    var sum = 0.0
                    for k in (row + 1)...column {
                        sum += upper[row * p + k] * inverseUpper[k * p + column]
                    }
                    inverseUpper[row * p + column] = -sum / upper[row * p + row]
                }
                row -= 1
            }
        }
    }

    /// Coefficients R⁻¹z, inverse R⁻¹R⁻ᵀ and covariance R⁻¹MR⁻ᵀ; false if not finite.
    mutating func solve() -> Bool {
        var check = 0.0
        for a in 0..<p {
            var sum = 0.0
            for k in a..<p { sum += inverseUpper[a * p + k] * projection[k] }
            solutions[a] = sum
            check += sum
            for b in 0..<p {
                var entry = 0.0
                for k in a..<p { entry += inverseUpper[a * p + k] * middle[k * p + b] }
                work[a * p + b] = entry
            }
        }
        for a in 0..<p {
            for b in 0..<p {
                var inverse = 0.0
                var covariance = 0.0
                for k in b..<p {
                    inverse += inverseUpper[a * p + k] * inverseUpper[b * p + k]
                    covariance += work[a * p + k] * inverseUpper[b * p + k]
                }
                inverses[a * p + b] = inverse
                covariances[a * p + b] = covariance
                check += inverse + covariance
            }
        }
        return check.isFinite
    }
}
