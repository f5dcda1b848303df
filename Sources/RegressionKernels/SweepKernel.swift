/// Sizes of the buffers that ``sweepCandidates`` works in.
package enum SweepLayout {
    /// Vectors of workspace for `setCount` moment sets: running and inner sums, eight snapshots
    /// twice, one matrix and its scratch.
    package static func workspaceVectors(parameterCount p: Int, setCount: Int) -> Int {
        let set = MomentLayout.vectorsPerSet(parameterCount: p)
        return (2 * setCount + 16) * set + (p + 1) * (p + 1) + p
    }
}

/// Residual and leverage of one location at every candidate bandwidth, from one pass.
///
/// - `rows`, `response`: neighbours in order of distance, centred on the location (see
///   ``gatherCentredRows``). `powers`: `setCount` arrays of distance powers, `powerStride`
///   numbers apart (see ``distancePowers``).
/// - `counts`: per candidate the number of neighbours closer than its bandwidth, non-decreasing;
///   `coefficients`: `setCount` arrays of `candidateCount` factors, so that the weights of
///   candidate c are Σ_s coefficients[s][c] · powers[s]; the factor of set 0 is 1.
/// - `candidateCount` is a multiple of 8; pad by repeating the last candidate.
/// - `bufferCount`: number of leading neighbours inside the buffer; `bufferedErrors`, if present,
///   receives the error of the prediction from the others (response minus prediction).
/// - `residuals`, `leverages`, `bufferedErrors`: `candidateCount / 8` vectors, NaN where the
///   location cannot be evaluated.
///
/// Source: running moments for bisquare weights, w = 1 − 2d²/h² + d⁴/h⁴, and alike for the other
/// polynomial kernels. Cost: setCount · p (p + 1) fused multiply-adds per neighbour, and about
/// p³/6 + setCount · p² per candidate.
package func sweepCandidates(
    parameterCount p: Int,
    setCount: Int,
    rows: UnsafePointer<SIMD8<Double>>,
    response: UnsafePointer<Double>,
    powers: UnsafePointer<Double>,
    powerStride: Int,
    counts: UnsafePointer<Int>,
    coefficients: UnsafePointer<Double>,
    candidateCount: Int,
    variances: UnsafePointer<Double>,
    bufferCount: Int,
    workspace: UnsafeMutablePointer<SIMD8<Double>>,
    residuals: UnsafeMutablePointer<SIMD8<Double>>,
    leverages: UnsafeMutablePointer<SIMD8<Double>>,
    bufferedErrors: UnsafeMutablePointer<SIMD8<Double>>?
) {
    let set = MomentLayout.vectorsPerSet(parameterCount: p)
    let sums = unsafe workspace
    let inner = unsafe sums + setCount * set
    let snapshots = unsafe inner + setCount * set
    let outer = unsafe snapshots + 8 * set
    let matrix = unsafe outer + 8 * set
    let scratch = unsafe matrix + (p + 1) * (p + 1)
    for index in 0..<(2 * setCount * set) { unsafe workspace[index] = .zero }
    if unsafe bufferedErrors != nil {
        unsafe accumulateInside(
            parameterCount: p,
            setCount: setCount,
            rows: rows,
            response: response,
            powers: powers,
            powerStride: powerStride,
            bufferCount: bufferCount,
            coefficients: coefficients,
            inner: inner
        )
    }

    var previous = 0
    for batch in 0..<(candidateCount / 8) {
        let candidate = 8 * batch
        unsafe accumulateBatch(
            parameterCount: p,
            setCount: setCount,
            rows: rows,
            response: response,
            powers: powers,
            powerStride: powerStride,
            previous: previous,
            counts: counts + candidate,
            coefficients: coefficients + candidate,
            candidateCount: candidateCount,
            sums: sums,
            snapshots: snapshots
        )
        previous = unsafe counts[candidate + 7]
        if let bufferedErrors = unsafe bufferedErrors {
            unsafe subtractInside(
                setCount: setCount,
                set: set,
                snapshots: snapshots,
                inner: inner,
                coefficients: coefficients + candidate,
                candidateCount: candidateCount,
                outer: outer
            )
            unsafe transposeMomentSets(parameterCount: p, sets: outer, matrix: matrix)
            unsafe solveBufferedError(
                parameterCount: p,
                matrix: matrix,
                variances: variances,
                scratch: scratch,
                error: bufferedErrors + batch
            )
        }
        unsafe transposeMomentSets(parameterCount: p, sets: snapshots, matrix: matrix)
        unsafe solveLeverage(
            parameterCount: p,
            matrix: matrix,
            variances: variances,
            scratch: scratch,
            residual: residuals + batch,
            leverage: leverages + batch
        )
    }
}

/// The moments of the neighbours inside the buffer, one set for each power.
private func accumulateInside(
    parameterCount p: Int,
    setCount: Int,
    rows: UnsafePointer<SIMD8<Double>>,
    response: UnsafePointer<Double>,
    powers: UnsafePointer<Double>,
    powerStride: Int,
    bufferCount: Int,
    coefficients: UnsafePointer<Double>,
    inner: UnsafeMutablePointer<SIMD8<Double>>
) {
    let set = MomentLayout.vectorsPerSet(parameterCount: p)
    for s in 0..<setCount {
        var bounds = (0, bufferCount)
        unsafe withUnsafePointer(to: &bounds) { pair in
            unsafe accumulateMoments(
                parameterCount: p,
                rows: rows,
                response: response,
                weights: powers + s * powerStride,
                bounds: UnsafeRawPointer(pair).assumingMemoryBound(to: Int.self),
                shellCount: 1,
                sums: inner + s * set,
                includesResponse: true,
                snapshots: nil,
                coefficients: coefficients,
                isFirst: true
            )
        }
    }
}

/// Eight candidates' moments without the neighbours inside the buffer.
///
/// `coefficients` begins at the first of the eight in set 0.
private func subtractInside(
    setCount: Int,
    set: Int,
    snapshots: UnsafeMutablePointer<SIMD8<Double>>,
    inner: UnsafeMutablePointer<SIMD8<Double>>,
    coefficients: UnsafePointer<Double>,
    candidateCount: Int,
    outer: UnsafeMutablePointer<SIMD8<Double>>
) {
    for c in 0..<8 {
        for index in 0..<set {
            var value = unsafe snapshots[c * set + index] - inner[index]
            for s in 1..<max(1, setCount) {
                let factor = unsafe coefficients[s * candidateCount + c]
                unsafe value.addProduct(-factor, inner[s * set + index])
            }
            unsafe outer[c * set + index] = value
        }
    }
}

/// Runs the moments on through eight candidates and leaves their weighted sums in `snapshots`.
///
/// `counts` and `coefficients` begin at the first of the eight.
private func accumulateBatch(
    parameterCount p: Int,
    setCount: Int,
    rows: UnsafePointer<SIMD8<Double>>,
    response: UnsafePointer<Double>,
    powers: UnsafePointer<Double>,
    powerStride: Int,
    previous: Int,
    counts: UnsafePointer<Int>,
    coefficients: UnsafePointer<Double>,
    candidateCount: Int,
    sums: UnsafeMutablePointer<SIMD8<Double>>,
    snapshots: UnsafeMutablePointer<SIMD8<Double>>
) {
    let set = MomentLayout.vectorsPerSet(parameterCount: p)
    var bounds = unsafe (
        previous, counts[0], counts[1], counts[2], counts[3], counts[4], counts[5], counts[6],
        counts[7]
    )
    unsafe withUnsafePointer(to: &bounds) { list in
        for s in 0..<setCount {
            unsafe accumulateMoments(
                parameterCount: p,
                rows: rows,
                response: response,
                weights: powers + s * powerStride,
                bounds: UnsafeRawPointer(list).assumingMemoryBound(to: Int.self),
                shellCount: 8,
                sums: sums + s * set,
                includesResponse: true,
                snapshots: snapshots,
                coefficients: coefficients + s * candidateCount,
                isFirst: s == 0
            )
        }
    }
}
