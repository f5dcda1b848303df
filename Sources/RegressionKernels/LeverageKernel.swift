/// Limits below which a term leaves a local model (partial identification).
package enum Identification {
    /// Smallest weighted local variance of a term, in units of its global variance.
    package static let smallestVarianceRatio = 1e-10
    /// Smallest elimination pivot of a term, in units of its own weighted sum of squares.
    package static let smallestPivotRatio = 1e-8
}

/// Reads one matrix entry of eight moment sets into the eight lanes.
@inline(__always)
private func gatherLanes(_ base: UnsafePointer<Double>, _ stride: Int) -> SIMD8<Double> {
    unsafe SIMD8(
        base[0],
        base[stride],
        base[2 * stride],
        base[3 * stride],
        base[4 * stride],
        base[5 * stride],
        base[6 * stride],
        base[7 * stride]
    )
}

/// Transposes eight moment sets into one matrix of vectors, a candidate per lane.
///
/// `matrix` holds (p + 1)² vectors, row-major, of which the upper triangle is written: terms
/// 0 ..< p − 1, the intercept at p − 1, the response at p.
package func transposeMomentSets(
    parameterCount p: Int,
    sets: UnsafePointer<SIMD8<Double>>,
    matrix: UnsafeMutablePointer<SIMD8<Double>>
) {
    let blocks = MomentLayout.blockCount(parameterCount: p)
    let stride = 8 * (p + 1) * blocks
    let scalars = unsafe UnsafePointer<Double>(
        UnsafeRawPointer(sets).assumingMemoryBound(to: Double.self)
    )
    for a in 0..<p {
        let row = unsafe scalars + a * 8 * blocks
        for b in a..<p {
            unsafe matrix[a * (p + 1) + b] = gatherLanes(row + b, stride)
        }
        unsafe matrix[a * (p + 1) + p] = gatherLanes(scalars + p * 8 * blocks + a, stride)
    }
}

/// Residual and leverage of the centre observation for eight candidates at once.
///
/// The rows are centred on the observation itself, so its fitted value is the intercept. The
/// intercept is eliminated last: its Schur complement σ is 1 / (A⁻¹)₀₀, the leverage is 1 / σ
/// (its own weight is 1) and the residual −b₀ / σ; nothing is substituted back. A term whose
/// weighted variance or pivot is below ``Identification`` is skipped, lane by lane: its multiplier
/// is zero. Lanes with no weight at all, or with a residual that is not finite, become NaN.
///
/// `matrix` is overwritten; `scratch` holds p vectors; `variances` the p − 1 global variances.
package func solveLeverage(
    parameterCount p: Int,
    matrix m: UnsafeMutablePointer<SIMD8<Double>>,
    variances: UnsafePointer<Double>,
    scratch: UnsafeMutablePointer<SIMD8<Double>>,
    residual: UnsafeMutablePointer<SIMD8<Double>>,
    leverage: UnsafeMutablePointer<SIMD8<Double>>
) {
    let one = SIMD8<Double>(repeating: 1)
    let width = p + 1
    let last = p - 1
    let total = unsafe m[last * width + last]
    let inverseTotal = one / total
    for j in 0..<last {
        let square = unsafe m[j * width + j]
        let mean = unsafe m[j * width + last] * inverseTotal
        let variance = square * inverseTotal - mean * mean
        let smallest = unsafe variances[j] * Identification.smallestVarianceRatio
        // A pivot can never exceed the sum of squares, so this threshold drops the term.
        unsafe scratch[j] = (square * Identification.smallestPivotRatio)
            .replacing(with: Double.infinity, where: variance .< smallest)
    }
    for j in 0..<last {
        let row = unsafe m + j * width
        let pivot = unsafe row[j]
        let inverse = unsafe (one / pivot).replacing(with: 0, where: pivot .<= scratch[j])
        for a in (j + 1)..<p {
            let negated = unsafe SIMD8<Double>.zero - row[a] * inverse
            let target = unsafe m + a * width
            for b in a...p {
                unsafe target[b].addProduct(negated, row[b])
            }
        }
    }
    let inverse = one / (unsafe m[last * width + last])
    let e = unsafe SIMD8<Double>.zero - m[last * width + p] * inverse
    let valid = total .> .zero
    let nan = SIMD8<Double>(repeating: .nan)
    unsafe residual[0] = nan.replacing(with: e, where: valid)
    unsafe leverage[0] = nan.replacing(with: inverse, where: valid)
}

/// Prediction error at the centre from neighbours that exclude it, for eight candidates at once.
///
/// Here the intercept is eliminated first, so that the tests of ``Identification`` apply to
/// columns about their weighted mean: a term that does not vary among the neighbours is dropped
/// rather than extrapolated. The value at the centre is carried along as a bordered row
/// (e₀ᵀA⁻¹b as a Schur complement). Result: response minus prediction; NaN without weight.
package func solveBufferedError(
    parameterCount p: Int,
    matrix m: UnsafeMutablePointer<SIMD8<Double>>,
    variances: UnsafePointer<Double>,
    scratch: UnsafeMutablePointer<SIMD8<Double>>,
    error: UnsafeMutablePointer<SIMD8<Double>>
) {
    let one = SIMD8<Double>(repeating: 1)
    let width = p + 1
    let last = p - 1
    let total = unsafe m[last * width + last]
    let inverseTotal = one / total
    var prediction = unsafe m[last * width + p] * inverseTotal
    for j in 0..<last {
        let negated = unsafe SIMD8<Double>.zero - m[j * width + last] * inverseTotal
        for k in j..<last {
            unsafe m[j * width + k].addProduct(negated, m[k * width + last])
        }
        unsafe m[j * width + p].addProduct(negated, m[last * width + p])
        // The border starts at minus the weighted mean of the column.
        unsafe scratch[j] = negated
    }
    for j in 0..<last {
        let square = unsafe m[j * width + j]
        let smallest = unsafe variances[j] * Identification.smallestVarianceRatio
        // Kept in the intercept's column, which is no longer needed.
        unsafe m[j * width + last] = (square * Identification.smallestPivotRatio)
            .replacing(with: Double.infinity, where: square * inverseTotal .< smallest)
    }
    for j in 0..<last {
        let row = unsafe m + j * width
        let pivot = unsafe row[j]
        let inverse = unsafe (one / pivot).replacing(with: 0, where: pivot .<= row[last])
        let border = unsafe scratch[j] * inverse
        unsafe prediction.addProduct(border, row[p])
        for k in (j + 1)..<max(last, j + 1) {
            let negated = unsafe SIMD8<Double>.zero - row[k] * inverse
            unsafe scratch[k].addProduct(negated, scratch[j])
            for b in k..<last {
                unsafe m[k * width + b].addProduct(negated, row[b])
            }
            unsafe m[k * width + p].addProduct(negated, row[p])
        }
    }
    let nan = SIMD8<Double>(repeating: .nan)
    unsafe error[0] = nan.replacing(with: SIMD8<Double>.zero - prediction, where: total .> .zero)
}
