/// Sizes of the matrices of one local model.
///
/// A matrix holds p rows of `blocks` vectors; lanes from p on are zero or immaterial.
package enum FactorLayout {
    /// Vectors of one matrix.
    package static func matrixVectors(parameterCount p: Int) -> Int {
        p * MomentLayout.blockCount(parameterCount: p)
    }
}

/// Cholesky of one moment set, a row to a vector, with everything a fit needs carried along.
///
/// With XᵀWX = RᵀR over the identified terms (see ``Identification``; the intercept is last):
///
/// - `moments`: the set of ``accumulateMoments``, with its response row.
/// - `work`: a matrix to spoil, and one row more.
/// - `upper`: receives R; entries left of the diagonal are immaterial.
/// - `lowerInverse`, `upperInverse`: receive R⁻ᵀ and R⁻¹, with zeros where a term is unidentified.
/// - `projection`: receives R⁻ᵀXᵀWy, p numbers in whole vectors.
/// - `identified`: receives 1 or 0 for each term.
///
/// Returns whether every pivot of an identified term was at least `safePivotRatio` of its own sum of
/// squares; where it is false the results are not to be used. Cost about p² fused multiply-adds of
/// vectors.
package func factoriseMoments(
    parameterCount p: Int,
    moments: UnsafePointer<SIMD8<Double>>,
    variances: UnsafePointer<Double>,
    safePivotRatio: Double,
    work: UnsafeMutablePointer<SIMD8<Double>>,
    upper: UnsafeMutablePointer<SIMD8<Double>>,
    lowerInverse: UnsafeMutablePointer<SIMD8<Double>>,
    upperInverse: UnsafeMutablePointer<SIMD8<Double>>,
    projection: UnsafeMutablePointer<SIMD8<Double>>,
    identified: UnsafeMutablePointer<Double>
) -> Bool {
    let blocks = MomentLayout.blockCount(parameterCount: p)
    let width = 8 * blocks
    let square = unsafe scalars(moments)
    let remainder = unsafe mutableScalars(work)
    let triangle = unsafe mutableScalars(upper)
    let lower = unsafe mutableScalars(lowerInverse)
    let transposed = unsafe mutableScalars(upperInverse)
    let projected = unsafe mutableScalars(projection)
    for index in 0..<((p + 1) * blocks) { unsafe work[index] = moments[index] }
    for index in 0..<(p * blocks) {
        unsafe upper[index] = .zero
        unsafe lowerInverse[index] = .zero
        unsafe upperInverse[index] = .zero
    }
    for block in 0..<blocks { unsafe projection[block] = .zero }
    for j in 0..<p { unsafe lower[j * width + j] = 1 }

    let last = p - 1
    let total = unsafe square[last * width + last]
    var isSafe = true
    for j in 0..<p {
        let pivot = unsafe remainder[j * width + j]
        let own = unsafe square[j * width + j]
        var isIdentified = true
        if j < last {
            let mean = unsafe square[j * width + last] / total
            let variance = own / total - mean * mean
            // Written so that NaN is unidentified.
            isIdentified =
                unsafe variance >= variances[j] * Identification.smallestVarianceRatio
            if isIdentified {
                if pivot < own * safePivotRatio { isSafe = false }
                isIdentified = !(pivot <= own * Identification.smallestPivotRatio)
            }
        }
        unsafe identified[j] = isIdentified ? 1 : 0
        if !isIdentified {
            for block in 0..<blocks { unsafe lowerInverse[j * blocks + block] = .zero }
            continue
        }
        let root = pivot.squareRoot()
        for block in 0..<blocks {
            unsafe upper[j * blocks + block] = work[j * blocks + block] / root
            unsafe lowerInverse[j * blocks + block] = lowerInverse[j * blocks + block] / root
        }
        let response = unsafe remainder[p * width + j] / root
        unsafe projected[j] = response
        for a in (j + 1)..<max(p, j + 1) {
            let negated = unsafe SIMD8<Double>(repeating: -triangle[j * width + a])
            for block in 0..<blocks {
                unsafe work[a * blocks + block].addProduct(negated, upper[j * blocks + block])
                unsafe lowerInverse[a * blocks + block].addProduct(
                    negated,
                    lowerInverse[j * blocks + block]
                )
            }
        }
        for block in 0..<blocks {
            unsafe work[p * blocks + block].addProduct(
                SIMD8(repeating: -response),
                upper[j * blocks + block]
            )
        }
        for k in 0...j { unsafe transposed[k * width + j] = lower[j * width + k] }
    }
    return isSafe
}

/// R⁻ᵀ M R⁻¹ for a symmetric M, such as the moments with squared weights.
///
/// `symmetric` is whole, not only its upper triangle. `scratch` is a matrix to spoil.
package func conjugateMoments(
    parameterCount p: Int,
    symmetric: UnsafePointer<SIMD8<Double>>,
    lowerInverse: UnsafePointer<SIMD8<Double>>,
    upperInverse: UnsafePointer<SIMD8<Double>>,
    scratch: UnsafeMutablePointer<SIMD8<Double>>,
    result: UnsafeMutablePointer<SIMD8<Double>>
) {
    unsafe multiply(p, lowerInverse, symmetric, shape: .lower, into: scratch)
    unsafe multiply(p, scratch, upperInverse, shape: .full, into: result)
}

/// Coefficients, inverse and covariance of a factored model.
///
/// - `solution` = R⁻¹ · projection; `inverse` = R⁻¹R⁻ᵀ; `covariance` = R⁻¹ · middle · R⁻ᵀ. `scratch`
///   is a matrix to spoil.
///
/// Returns whether all of them are finite.
package func solveFactored(
    parameterCount p: Int,
    lowerInverse: UnsafePointer<SIMD8<Double>>,
    upperInverse: UnsafePointer<SIMD8<Double>>,
    middle: UnsafePointer<SIMD8<Double>>,
    projection: UnsafePointer<Double>,
    scratch: UnsafeMutablePointer<SIMD8<Double>>,
    solution: UnsafeMutablePointer<SIMD8<Double>>,
    inverse: UnsafeMutablePointer<SIMD8<Double>>,
    covariance: UnsafeMutablePointer<SIMD8<Double>>
) -> Bool {
    let blocks = MomentLayout.blockCount(parameterCount: p)
    unsafe multiply(p, upperInverse, lowerInverse, shape: .upper, into: inverse)
    unsafe multiply(p, upperInverse, middle, shape: .upper, into: scratch)
    unsafe multiply(p, scratch, lowerInverse, shape: .full, into: covariance)
    var check = SIMD8<Double>.zero
    for block in 0..<blocks {
        var sum = SIMD8<Double>.zero
        for a in 0..<p {
            unsafe sum.addProduct(SIMD8(repeating: projection[a]), lowerInverse[a * blocks + block])
        }
        unsafe solution[block] = sum
        check += sum
    }
    for index in 0..<(p * blocks) {
        check += unsafe inverse[index] + covariance[index]
    }
    // Infinity minus itself and NaN minus itself are NaN.
    let difference = check - check
    return difference == .zero
}

/// Which entries of a left factor are not zero.
private enum LeftShape {
    case full, lower, upper
}

/// Product of two matrices, a row of the result at a time.
@inline(__always)
private func multiply(
    _ p: Int,
    _ left: UnsafePointer<SIMD8<Double>>,
    _ right: UnsafePointer<SIMD8<Double>>,
    shape: LeftShape,
    into result: UnsafeMutablePointer<SIMD8<Double>>
) {
    let blocks = MomentLayout.blockCount(parameterCount: p)
    let factors = unsafe scalars(left)
    for a in 0..<p {
        let first = shape == .upper ? a : 0
        let end = shape == .lower ? a + 1 : p
        for block in 0..<blocks {
            var sum = SIMD8<Double>.zero
            var k = first
            while k < end {
                let factor = unsafe SIMD8<Double>(repeating: factors[a * 8 * blocks + k])
                unsafe sum.addProduct(factor, right[k * blocks + block])
                k &+= 1
            }
            unsafe result[a * blocks + block] = sum
        }
    }
}

@inline(__always)
private func scalars(_ vectors: UnsafePointer<SIMD8<Double>>) -> UnsafePointer<Double> {
    unsafe UnsafeRawPointer(vectors).assumingMemoryBound(to: Double.self)
}

@inline(__always)
private func mutableScalars(
    _ vectors: UnsafeMutablePointer<SIMD8<Double>>
) -> UnsafeMutablePointer<Double> {
    unsafe UnsafeMutableRawPointer(vectors).assumingMemoryBound(to: Double.self)
}
