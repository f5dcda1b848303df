/// The vectors that ``addScores`` keeps per eight candidates.
package enum ScoreLayout {
    /// RSS, tr S, CV and buffered CV as compensated pairs, then three counts.
    package static let vectorsPerBatch = 11
    /// High part of the residual sum of squares; the low part follows, and so for the next three.
    package static let rss = 0
    /// Trace of the hat matrix.
    package static let trace = 2
    /// Sum of squared leave-one-out errors.
    package static let crossValidation = 4
    /// Sum of squared buffered prediction errors.
    package static let bufferedValidation = 6
    /// Number of locations that cannot be evaluated.
    package static let failures = 8
    /// Number of locations with leverage 1, where leaving one out is undefined.
    package static let saturations = 9
    /// Number of locations without a buffered prediction.
    package static let bufferedFailures = 10
    /// A leverage closer to 1 than this leaves no digits in 1 − s.
    package static let smallestFreedom = 1e-9
}

/// Adds one location's residuals and leverages to the running scores of all candidates.
///
/// The sums are compensated (TwoSum, Knuth 1969), so their order changes the result by about
/// 1e-32 relative. Locations that cannot be evaluated are counted, not added. With
/// `bufferedErrors` absent the buffered score is left alone.
package func addScores(
    batchCount: Int,
    residuals: UnsafePointer<SIMD8<Double>>,
    leverages: UnsafePointer<SIMD8<Double>>,
    bufferedErrors: UnsafePointer<SIMD8<Double>>?,
    scores: UnsafeMutablePointer<SIMD8<Double>>
) {
    let one = SIMD8<Double>(repeating: 1)
    let zero = SIMD8<Double>.zero
    for batch in 0..<batchCount {
        let score = unsafe scores + batch * ScoreLayout.vectorsPerBatch
        let e = unsafe residuals[batch]
        let s = unsafe leverages[batch]
        // NaN compares unequal to itself.
        let failed = (e * s) .!= (e * s)
        unsafe addCompensated(
            (e * e).replacing(with: zero, where: failed),
            score + ScoreLayout.rss
        )
        unsafe addCompensated(s.replacing(with: zero, where: failed), score + ScoreLayout.trace)
        let freedom = one - s
        let saturated = freedom .< ScoreLayout.smallestFreedom
        let left = e / freedom
        unsafe addCompensated(
            (left * left).replacing(with: zero, where: failed .| saturated),
            score + ScoreLayout.crossValidation
        )
        unsafe score[ScoreLayout.failures] += zero.replacing(with: one, where: failed)
        unsafe score[ScoreLayout.saturations] += zero.replacing(with: one, where: saturated)
        guard let bufferedErrors = unsafe bufferedErrors else { continue }
        let b = unsafe bufferedErrors[batch]
        let missing = b .!= b
        unsafe addCompensated(
            (b * b).replacing(with: zero, where: missing),
            score + ScoreLayout.bufferedValidation
        )
        unsafe score[ScoreLayout.bufferedFailures] += zero.replacing(with: one, where: missing)
    }
}

/// Adds one table of scores to another, pair by pair and count by count.
package func mergeScores(
    batchCount: Int,
    from: UnsafePointer<SIMD8<Double>>,
    into: UnsafeMutablePointer<SIMD8<Double>>
) {
    for batch in 0..<batchCount {
        let source = unsafe from + batch * ScoreLayout.vectorsPerBatch
        let target = unsafe into + batch * ScoreLayout.vectorsPerBatch
        for pair in 0..<4 {
            unsafe addCompensated(source[2 * pair], target + 2 * pair)
            unsafe target[2 * pair + 1] += source[2 * pair + 1]
        }
        for count in ScoreLayout.failures...ScoreLayout.bufferedFailures {
            unsafe target[count] += source[count]
        }
    }
}

@inline(__always)
private func addCompensated(
    _ term: SIMD8<Double>,
    _ pair: UnsafeMutablePointer<SIMD8<Double>>
) {
    let old = unsafe pair[0]
    let sum = old + term
    let added = sum - old
    unsafe pair[0] = sum
    unsafe pair[1] += (old - (sum - added)) + (term - added)
}
