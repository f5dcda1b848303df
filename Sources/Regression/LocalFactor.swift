internal import RegressionKernels

/// Factor, inverse and covariance of one local model: p × p algebra without allocation.
///
/// Order: the terms 0 ..< p − 1, the intercept last. Matrices are rows of whole vectors, so that the
/// kernels treat eight columns at a time.
@safe struct LocalFactor: ~Copyable {
    private let p: Int
    private let width: Int
    private let kernels: KernelSet
    private let variances: AlignedBuffer
    private let upper: AlignedBuffer
    private let lowerInverse: AlignedBuffer
    private let upperInverse: AlignedBuffer
    private let projection: AlignedBuffer
    private let middle: AlignedBuffer
    private let work: AlignedBuffer
    private let inverses: AlignedBuffer
    private let covariances: AlignedBuffer
    private let solutions: AlignedBuffer
    private let identified: AlignedBuffer

    /// Room for one model; `variances` are the global ones of the scaled predictors.
    init(parameterCount: Int, variances: [Double], kernels: KernelSet) {
        p = parameterCount
        width = 8 * MomentLayout.blockCount(parameterCount: parameterCount)
        unsafe self.kernels = kernels
        self.variances = AlignedBuffer(variances)
        let matrix = 8 * FactorLayout.matrixVectors(parameterCount: parameterCount)
        upper = AlignedBuffer(scalarCount: matrix)
        lowerInverse = AlignedBuffer(scalarCount: matrix)
        upperInverse = AlignedBuffer(scalarCount: matrix)
        middle = AlignedBuffer(scalarCount: matrix)
        work = AlignedBuffer(scalarCount: matrix + width)
        inverses = AlignedBuffer(scalarCount: matrix)
        covariances = AlignedBuffer(scalarCount: matrix)
        projection = AlignedBuffer(scalarCount: width)
        solutions = AlignedBuffer(scalarCount: width)
        identified = AlignedBuffer(scalarCount: width)
    }

    /// Entry of the triangular factor R, 0 below the diagonal.
    func triangle(_ a: Int, _ b: Int) -> Double {
        a <= b ? unsafe upper.scalars[a * width + b] : 0
    }
    /// Entry of (XᵀWX)⁻¹ over the identified terms.
    func inverse(_ a: Int, _ b: Int) -> Double { unsafe inverses.scalars[a * width + b] }
    /// Entry of the coefficients' covariance divided by σ².
    func covariance(_ a: Int, _ b: Int) -> Double { unsafe covariances.scalars[a * width + b] }
    /// Coefficient on the centred, scaled columns; 0 where unidentified.
    func solution(_ a: Int) -> Double { unsafe solutions.scalars[a] }
    /// Whether a term is in the model.
    func isIdentified(_ a: Int) -> Bool { unsafe identified.scalars[a] != 0 }

    /// Cholesky of the moments; false where a pivot is too small to be trusted.
    ///
    /// `squared` are the moments with squared weights, whole.
    func factorise(
        moments: UnsafePointer<SIMD8<Double>>,
        squared: UnsafePointer<SIMD8<Double>>,
        safePivotRatio: Double
    ) -> Bool {
        let isSafe = unsafe kernels.factoriseMoments(
            p,
            moments,
            variances.scalars,
            safePivotRatio,
            work.vectors,
            upper.vectors,
            lowerInverse.vectors,
            upperInverse.vectors,
            projection.vectors,
            identified.scalars
        )
        guard isSafe else { return false }
        unsafe kernels.conjugateMoments(
            p,
            squared,
            lowerInverse.vectors,
            upperInverse.vectors,
            work.vectors,
            middle.vectors
        )
        return true
    }

    /// Coefficients R⁻¹z, inverse R⁻¹R⁻ᵀ and covariance R⁻¹MR⁻ᵀ; false if not finite.
    func solve() -> Bool {
        unsafe kernels.solveFactored(
            p,
            lowerInverse.vectors,
            upperInverse.vectors,
            middle.vectors,
            projection.scalars,
            work.vectors,
            solutions.vectors,
            inverses.vectors,
            covariances.vectors
        )
    }
}

// MARK: Orthogonalisation

extension LocalFactor {
    /// Whether the weighted variance of a term is large enough to say anything about it.
    private func varies(_ j: Int, _ moments: UnsafePointer<Double>) -> Bool {
        let last = p - 1
        let total = unsafe moments[last * width + last]
        let mean = unsafe moments[j * width + last] / total
        let variance = unsafe moments[j * width + j] / total - mean * mean
        return unsafe variance >= variances.scalars[j] * Identification.smallestVarianceRatio
    }

    /// Gram–Schmidt in the order of the terms, twice per column; columns are overwritten by Q.
    func orthogonalise(
        columns q: UnsafeMutablePointer<Double>,
        count: Int,
        moments: UnsafePointer<Double>,
        weights: UnsafePointer<Double>,
        response: UnsafePointer<Double>
    ) {
        upper.clear()
        for j in 0..<p {
            let column = unsafe q + j * count
            let square = unsafe dot(column, column, count)
            unsafe identified.scalars[j] = 1
            if j < p - 1, unsafe !varies(j, moments) {
                unsafe identified.scalars[j] = 0
                continue
            }
            for _ in 0..<2 {
                for i in 0..<j where isIdentified(i) {
                    let other = unsafe q + i * count
                    let overlap = unsafe dot(other, column, count)
                    unsafe upper.scalars[i * width + j] += overlap
                    for row in 0..<count { unsafe column[row] -= overlap * other[row] }
                }
            }
            let rest = unsafe dot(column, column, count)
            if j < p - 1, rest <= square * Identification.smallestPivotRatio {
                unsafe identified.scalars[j] = 0
                continue
            }
            let length = rest.squareRoot()
            unsafe upper.scalars[j * width + j] = length
            for row in 0..<count { unsafe column[row] /= length }
        }
        for j in 0..<p where !isIdentified(j) {
            for i in 0..<p { unsafe upper.scalars[i * width + j] = 0 }
        }
        unsafe project(columns: q, count: count, weights: weights, response: response)
        invertTriangle()
    }

    /// Qᵀ√W y and QᵀWQ over the identified terms.
    private func project(
        columns q: UnsafePointer<Double>,
        count: Int,
        weights: UnsafePointer<Double>,
        response: UnsafePointer<Double>
    ) {
        projection.clear()
        middle.clear()
        for a in 0..<p where isIdentified(a) {
            let left = unsafe q + a * count
            var sum = 0.0
            for row in 0..<count {
                sum += unsafe left[row] * weights[row].squareRoot() * response[row]
            }
            unsafe projection.scalars[a] = sum
            for b in a..<p where isIdentified(b) {
                let right = unsafe q + b * count
                var entry = 0.0
                for row in 0..<count { entry += unsafe left[row] * right[row] * weights[row] }
                unsafe middle.scalars[a * width + b] = entry
                unsafe middle.scalars[b * width + a] = entry
            }
        }
    }

    private func dot(_ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ count: Int)
        -> Double
    {
        var sum = 0.0
        for row in 0..<count { sum += unsafe a[row] * b[row] }
        return sum
    }

    /// R⁻¹ over the identified terms, and its transpose; rows and columns of the others are zero.
    private func invertTriangle() {
        upperInverse.clear()
        lowerInverse.clear()
        let result = unsafe upperInverse.scalars
        for column in 0..<p where isIdentified(column) {
            unsafe result[column * width + column] = 1 / triangle(column, column)
            var row = column - 1
            while row >= 0 {
                if isIdentified(row) {
                    var sum = 0.0
                    for k in (row + 1)...column {
                        sum += unsafe triangle(row, k) * result[k * width + column]
                    }
                    unsafe result[row * width + column] = -sum / triangle(row, row)
                }
                row -= 1
            }
            for k in 0...column {
                unsafe lowerInverse.scalars[column * width + k] = result[k * width + column]
            }
        }
    }
}
