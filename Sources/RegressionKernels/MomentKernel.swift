/// Weighted moments of neighbour rows, the inner loop of every fit.
///
/// Layout shared by all kernels. A design row holds `p` numbers in `blocks = ⌈p / 8⌉` vectors of
/// eight lanes, the terms first and the intercept (the constant 1) in lane `p - 1`; lanes beyond
/// are zero. One *moment set* is `(p + 1) · blocks` vectors: row `a < p` is Σ w x_a x, the last
/// row is Σ w y x. Entry (a, b) is valid for a ≤ b, because the blocks below the diagonal are not
/// computed.
///
/// The sums run over the neighbours in the order given, one fused multiply-add per product and
/// lane, on every processor: lanes never mix, so all instruction-set levels give the same bits.
package enum MomentLayout {
    /// Number of eight-lane vectors that hold one design row of `parameterCount` numbers.
    package static func blockCount(parameterCount: Int) -> Int {
        (parameterCount + 7) / 8
    }

    /// Number of vectors in one moment set.
    package static func vectorsPerSet(parameterCount: Int) -> Int {
        (parameterCount + 1) * blockCount(parameterCount: parameterCount)
    }
}

/// Adds shells of neighbours to one moment set and, on request, to a combination of sets.
///
/// - `rows`: neighbour-ordered design rows, `blocks` vectors each, centred by the caller.
/// - `response`: centred response per neighbour. `weights`: one weight per neighbour.
/// - `bounds`: `shellCount + 1` non-decreasing positions; shell c is `bounds[c] ..< bounds[c + 1]`.
/// - `sums`: the moment set, read and updated.
/// - `snapshots`: if present, after each shell c the set times `coefficients[c]` is added to the
///   set at `snapshots + c · vectorsPerSet` (or copied there, unscaled, where `isFirst`).
///
/// With `includesResponse` false the last row is left alone. Cost: p (p + 1) fused multiply-adds
/// per neighbour, padded to eight lanes.
package func accumulateMoments(
    parameterCount: Int,
    rows: UnsafePointer<SIMD8<Double>>,
    response: UnsafePointer<Double>,
    weights: UnsafePointer<Double>,
    bounds: UnsafePointer<Int>,
    shellCount: Int,
    sums: UnsafeMutablePointer<SIMD8<Double>>,
    includesResponse: Bool,
    snapshots: UnsafeMutablePointer<SIMD8<Double>>?,
    coefficients: UnsafePointer<Double>,
    isFirst: Bool
) {
    let blocks = MomentLayout.blockCount(parameterCount: parameterCount)
    for rowBlock in 0..<blocks {
        let rowCount = parameterCount - 8 * rowBlock
        for laneBlock in rowBlock..<blocks {
            let task = unsafe BlockTask(
                scalars: UnsafePointer<Double>(
                    UnsafeRawPointer(rows + rowBlock).assumingMemoryBound(to: Double.self)
                ),
                lanes: rows + laneBlock,
                blocks: blocks,
                response: response,
                weights: weights,
                bounds: bounds,
                shellCount: shellCount,
                sums: sums + 8 * rowBlock * blocks + laneBlock,
                responseSums: sums + parameterCount * blocks + laneBlock,
                snapshots: snapshots,
                snapshotOffset: 8 * rowBlock * blocks + laneBlock,
                responseOffset: parameterCount * blocks + laneBlock,
                snapshotStride: (parameterCount + 1) * blocks,
                coefficients: coefficients,
                isFirst: isFirst
            )
            if includesResponse && rowBlock == 0 {
                unsafe accumulateWithResponse(rowCount: rowCount, task)
            } else {
                unsafe accumulateWithoutResponse(rowCount: rowCount, task)
            }
        }
    }
}

/// One eight-row by eight-lane block of a moment set; see ``accumulateMoments``.
@unsafe private struct BlockTask {
    let scalars: UnsafePointer<Double>
    let lanes: UnsafePointer<SIMD8<Double>>
    let blocks: Int
    let response: UnsafePointer<Double>
    let weights: UnsafePointer<Double>
    let bounds: UnsafePointer<Int>
    let shellCount: Int
    let sums: UnsafeMutablePointer<SIMD8<Double>>
    let responseSums: UnsafeMutablePointer<SIMD8<Double>>
    let snapshots: UnsafeMutablePointer<SIMD8<Double>>?
    let snapshotOffset: Int
    let responseOffset: Int
    let snapshotStride: Int
    let coefficients: UnsafePointer<Double>
    let isFirst: Bool
}

private func accumulateWithResponse(rowCount: Int, _ task: BlockTask) {
    switch rowCount {
    case 1: unsafe accumulate1WithResponse(task)
    case 2: unsafe accumulate2WithResponse(task)
    case 3: unsafe accumulate3WithResponse(task)
    case 4: unsafe accumulate4WithResponse(task)
    case 5: unsafe accumulate5WithResponse(task)
    case 6: unsafe accumulate6WithResponse(task)
    case 7: unsafe accumulate7WithResponse(task)
    default: unsafe accumulate8WithResponse(task)
    }
}

private func accumulateWithoutResponse(rowCount: Int, _ task: BlockTask) {
    switch rowCount {
    case 1: unsafe accumulate1(task)
    case 2: unsafe accumulate2(task)
    case 3: unsafe accumulate3(task)
    case 4: unsafe accumulate4(task)
    case 5: unsafe accumulate5(task)
    case 6: unsafe accumulate6(task)
    case 7: unsafe accumulate7(task)
    default: unsafe accumulate8(task)
    }
}

// The literal row counts fold the `if`s of the inlined body away: one tight loop per count. Each
// has its own function, because the optimiser stops inlining when a caller has grown too large.

@inline(never)
private func accumulate1WithResponse(_ task: BlockTask) {
    unsafe accumulateBlock(rowCount: 1, includesResponse: true, task)
}

@inline(never)
private func accumulate1(_ task: BlockTask) {
    unsafe accumulateBlock(rowCount: 1, includesResponse: false, task)
}

@inline(never)
private func accumulate2WithResponse(_ task: BlockTask) {
    unsafe accumulateBlock(rowCount: 2, includesResponse: true, task)
}

@inline(never)
private func accumulate2(_ task: BlockTask) {
    unsafe accumulateBlock(rowCount: 2, includesResponse: false, task)
}

@inline(never)
private func accumulate3WithResponse(_ task: BlockTask) {
    unsafe accumulateBlock(rowCount: 3, includesResponse: true, task)
}

@inline(never)
private func accumulate3(_ task: BlockTask) {
    unsafe accumulateBlock(rowCount: 3, includesResponse: false, task)
}

@inline(never)
private func accumulate4WithResponse(_ task: BlockTask) {
    unsafe accumulateBlock(rowCount: 4, includesResponse: true, task)
}

@inline(never)
private func accumulate4(_ task: BlockTask) {
    unsafe accumulateBlock(rowCount: 4, includesResponse: false, task)
}

@inline(never)
private func accumulate5WithResponse(_ task: BlockTask) {
    unsafe accumulateBlock(rowCount: 5, includesResponse: true, task)
}

@inline(never)
private func accumulate5(_ task: BlockTask) {
    unsafe accumulateBlock(rowCount: 5, includesResponse: false, task)
}

@inline(never)
private func accumulate6WithResponse(_ task: BlockTask) {
    unsafe accumulateBlock(rowCount: 6, includesResponse: true, task)
}

@inline(never)
private func accumulate6(_ task: BlockTask) {
    unsafe accumulateBlock(rowCount: 6, includesResponse: false, task)
}

@inline(never)
private func accumulate7WithResponse(_ task: BlockTask) {
    unsafe accumulateBlock(rowCount: 7, includesResponse: true, task)
}

@inline(never)
private func accumulate7(_ task: BlockTask) {
    unsafe accumulateBlock(rowCount: 7, includesResponse: false, task)
}

@inline(never)
private func accumulate8WithResponse(_ task: BlockTask) {
    unsafe accumulateBlock(rowCount: 8, includesResponse: true, task)
}

@inline(never)
private func accumulate8(_ task: BlockTask) {
    unsafe accumulateBlock(rowCount: 8, includesResponse: false, task)
}

@inline(__always)
private func accumulateBlock(rowCount: Int, includesResponse: Bool, _ task: BlockTask) {
    let blocks = unsafe task.blocks
    let sums = unsafe task.sums
    var s0 = unsafe sums[0]
    var s1 = unsafe rowCount > 1 ? sums[blocks] : .zero
    var s2 = unsafe rowCount > 2 ? sums[2 * blocks] : .zero
    var s3 = unsafe rowCount > 3 ? sums[3 * blocks] : .zero
    var s4 = unsafe rowCount > 4 ? sums[4 * blocks] : .zero
    var s5 = unsafe rowCount > 5 ? sums[5 * blocks] : .zero
    var s6 = unsafe rowCount > 6 ? sums[6 * blocks] : .zero
    var s7 = unsafe rowCount > 7 ? sums[7 * blocks] : .zero
    var sy = unsafe includesResponse ? task.responseSums[0] : .zero
    let stride = 8 * blocks
    for shell in unsafe 0..<task.shellCount {
        let end = unsafe task.bounds[shell + 1]
        var neighbour = unsafe task.bounds[shell]
        while neighbour < end {
            let x = unsafe task.scalars + neighbour * stride
            let z = unsafe task.lanes[neighbour * blocks] * task.weights[neighbour]
            unsafe s0.addProduct(x[0], z)
            if rowCount > 1 { unsafe s1.addProduct(x[1], z) }
            if rowCount > 2 { unsafe s2.addProduct(x[2], z) }
            if rowCount > 3 { unsafe s3.addProduct(x[3], z) }
            if rowCount > 4 { unsafe s4.addProduct(x[4], z) }
            if rowCount > 5 { unsafe s5.addProduct(x[5], z) }
            if rowCount > 6 { unsafe s6.addProduct(x[6], z) }
            if rowCount > 7 { unsafe s7.addProduct(x[7], z) }
            if includesResponse { unsafe sy.addProduct(task.response[neighbour], z) }
            neighbour &+= 1
        }
        guard let snapshots = unsafe task.snapshots else { continue }
        let base = unsafe snapshots + shell * task.snapshotStride
        let target = unsafe base + task.snapshotOffset
        if unsafe task.isFirst {
            unsafe target[0] = s0
            if rowCount > 1 { unsafe target[blocks] = s1 }
            if rowCount > 2 { unsafe target[2 * blocks] = s2 }
            if rowCount > 3 { unsafe target[3 * blocks] = s3 }
            if rowCount > 4 { unsafe target[4 * blocks] = s4 }
            if rowCount > 5 { unsafe target[5 * blocks] = s5 }
            if rowCount > 6 { unsafe target[6 * blocks] = s6 }
            if rowCount > 7 { unsafe target[7 * blocks] = s7 }
            if includesResponse { unsafe base[task.responseOffset] = sy }
        } else {
            let c = unsafe task.coefficients[shell]
            unsafe target[0].addProduct(c, s0)
            if rowCount > 1 { unsafe target[blocks].addProduct(c, s1) }
            if rowCount > 2 { unsafe target[2 * blocks].addProduct(c, s2) }
            if rowCount > 3 { unsafe target[3 * blocks].addProduct(c, s3) }
            if rowCount > 4 { unsafe target[4 * blocks].addProduct(c, s4) }
            if rowCount > 5 { unsafe target[5 * blocks].addProduct(c, s5) }
            if rowCount > 6 { unsafe target[6 * blocks].addProduct(c, s6) }
            if rowCount > 7 { unsafe target[7 * blocks].addProduct(c, s7) }
            if includesResponse { unsafe base[task.responseOffset].addProduct(c, sy) }
        }
    }
    unsafe sums[0] = s0
    if rowCount > 1 { unsafe sums[blocks] = s1 }
    if rowCount > 2 { unsafe sums[2 * blocks] = s2 }
    if rowCount > 3 { unsafe sums[3 * blocks] = s3 }
    if rowCount > 4 { unsafe sums[4 * blocks] = s4 }
    if rowCount > 5 { unsafe sums[5 * blocks] = s5 }
    if rowCount > 6 { unsafe sums[6 * blocks] = s6 }
    if rowCount > 7 { unsafe sums[7 * blocks] = s7 }
    if includesResponse { unsafe task.responseSums[0] = sy }
}

/// Copies the rows of the listed neighbours next to each other, centred.
///
/// `source` holds `blocks` vectors per observation; `centre` is one such row with 0 in the
/// intercept's lane, so the intercept stays 1. `response[j]` becomes y − `centreResponse`. The
/// differences are exact wherever a column varies by less than a factor of two, which is what
/// keeps the normal equations as accurate as a QR solve. Cost O(count · blocks).
package func gatherCentredRows(
    blocks: Int,
    source: UnsafePointer<SIMD8<Double>>,
    sourceResponse: UnsafePointer<Double>,
    neighbours: UnsafePointer<Int32>,
    count: Int,
    centre: UnsafePointer<SIMD8<Double>>,
    centreResponse: Double,
    rows: UnsafeMutablePointer<SIMD8<Double>>,
    response: UnsafeMutablePointer<Double>
) {
    if blocks == 1 {
        let middle = unsafe centre[0]
        for j in 0..<count {
            let index = Int(truncatingIfNeeded: unsafe neighbours[j])
            unsafe rows[j] = source[index] - middle
            unsafe response[j] = sourceResponse[index] - centreResponse
        }
        return
    }
    for j in 0..<count {
        let index = Int(truncatingIfNeeded: unsafe neighbours[j])
        for block in 0..<blocks {
            unsafe rows[j * blocks + block] = source[index * blocks + block] - centre[block]
        }
        unsafe response[j] = sourceResponse[index] - centreResponse
    }
}
