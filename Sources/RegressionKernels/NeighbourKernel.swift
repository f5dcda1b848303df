/// Layout of the nodes of a point tree, as plain numbers.
///
/// Points lie in tree order in one array per dimension. Node k has six integers' worth of meaning
/// in `ranges` (first point, end, right child or 0 for a leaf; the left child is k + 1) and
/// `2 · dimensions` numbers in `boxes` (the minima, then the maxima).
package enum TreeLayout {
    /// Integers per node in the array of ranges.
    package static let integersPerNode = 3
    /// Upper bound on the depth of a tree: ranges halve, and a count is below 2⁶³.
    package static let depthLimit = 64
}

/// Collects every point within a squared distance of a query point.
///
/// - `coordinates`: `dimensions` (2 or 3) arrays, `pointCount` numbers each, one after another.
/// - `query`: `dimensions` numbers.
/// - `indices`, `squares`: receive the tree positions and squared distances, in tree order; room for
///   `pointCount` entries.
///
/// Squares are Σ (x − q)², unfused, as numpy computes them. Returns the number found.
/// Cost: O(found + log n) for bounded aspect ratios.
package func collectWithin(
    ranges: UnsafePointer<Int32>,
    boxes: UnsafePointer<Double>,
    coordinates: UnsafePointer<Double>,
    pointCount: Int,
    dimensions: Int,
    query: UnsafePointer<Double>,
    radiusSquared: Double,
    stack: UnsafeMutablePointer<Int32>,
    indices: UnsafeMutablePointer<Int32>,
    squares: UnsafeMutablePointer<Double>
) -> Int {
    let qx = unsafe query[0]
    let qy = unsafe query[1]
    let qz = unsafe dimensions == 3 ? query[2] : 0
    let xs = unsafe coordinates
    let ys = unsafe coordinates + pointCount
    let zs = unsafe coordinates + (dimensions - 1) * pointCount
    var found = 0
    var depth = 1
    unsafe stack[0] = 0
    while depth > 0 {
        depth -= 1
        let node = Int(unsafe stack[depth])
        let box = unsafe boxes + node * 2 * dimensions
        var nearest = 0.0
        for axis in 0..<dimensions {
            let below = unsafe box[axis] - query[axis]
            let above = unsafe query[axis] - box[dimensions + axis]
            let gap = below > above ? below : above
            if gap > 0 { nearest += gap * gap }
        }
        // Rounding may put a point on the box's face a last place nearer than the face.
        if nearest * (1 - 1e-15) > radiusSquared { continue }
        let range = unsafe ranges + node * TreeLayout.integersPerNode
        let right = unsafe range[2]
        if right != 0 {
            unsafe stack[depth] = right
            unsafe stack[depth + 1] = Int32(truncatingIfNeeded: node + 1)
            depth += 2
            continue
        }
        let end = Int(unsafe range[1])
        var point = Int(unsafe range[0])
        if dimensions == 2 {
            while point < end {
                let dx = unsafe xs[point] - qx
                let dy = unsafe ys[point] - qy
                let square = dx * dx + dy * dy
                unsafe indices[found] = Int32(truncatingIfNeeded: point)
                unsafe squares[found] = square
                // Branch-free: the entry is overwritten by the next unless it counts.
                found &+= square <= radiusSquared ? 1 : 0
                point &+= 1
            }
        } else {
            while point < end {
                let dx = unsafe xs[point] - qx
                let dy = unsafe ys[point] - qy
                let dz = unsafe zs[point] - qz
                let square = dx * dx + dy * dy + dz * dz
                unsafe indices[found] = Int32(truncatingIfNeeded: point)
                unsafe squares[found] = square
                found &+= square <= radiusSquared ? 1 : 0
                point &+= 1
            }
        }
    }
    return found
}

/// Sorts the nearest of the collected points by (squared distance, row).
///
/// A distribution sort: squared distances of points in a plane fill their range nearly evenly, so
/// one bucket per two points leaves short displacements for an insertion pass; buckets that clusters
/// overfill are sorted on their own first. Sorting stops once the `needed`-th smallest is known
/// together with everything closer than (1 + `slack`) times its square; pass `count` to sort all.
///
/// - `rows[index]`: row number of a tree position, which breaks ties.
/// - `buckets`: room for `count + 2` integers. `sortedIndices`, `sortedSquares`: the result, room
///   for `count` entries.
///
/// Returns the number of sorted entries, at least min(`needed`, `count`). Cost O(count) for
/// evenly spread distances, O(count^1.3) at worst.
package func sortNearest(
    count: Int,
    needed: Int,
    slack: Double,
    rows: UnsafePointer<Int32>,
    indices: UnsafePointer<Int32>,
    squares: UnsafePointer<Double>,
    buckets: UnsafeMutablePointer<Int32>,
    sortedIndices: UnsafeMutablePointer<Int32>,
    sortedSquares: UnsafeMutablePointer<Double>
) -> Int {
    if count == 0 { return 0 }
    var largest = 0.0
    for j in 0..<count {
        let square = unsafe squares[j]
        largest = square > largest ? square : largest
    }
    let bucketCount = count / 2 + 1
    let scale = largest > 0 ? Double(bucketCount - 1) / largest : 0
    for bucket in 0...bucketCount { unsafe buckets[bucket] = 0 }
    for j in 0..<count {
        let bucket = unsafe bucketNumber(squares[j], scale)
        unsafe buckets[bucket &+ 1] &+= 1
    }
    var fullest: Int32 = 0
    for bucket in 0..<bucketCount {
        let size = unsafe buckets[bucket &+ 1]
        fullest = size > fullest ? size : fullest
        unsafe buckets[bucket &+ 1] = size &+ buckets[bucket]
    }
    for j in 0..<count {
        let square = unsafe squares[j]
        let bucket = bucketNumber(square, scale)
        let slot = unsafe Int(truncatingIfNeeded: buckets[bucket])
        unsafe buckets[bucket] &+= 1
        unsafe sortedIndices[slot] = indices[j]
        unsafe sortedSquares[slot] = square
    }
    // After the scatter buckets[b] is the end of bucket b.
    if fullest > 24 {
        var start = 0
        for bucket in 0..<bucketCount {
            let end = unsafe Int(truncatingIfNeeded: buckets[bucket])
            if end &- start > 24 {
                unsafe sortRun(
                    rows: rows,
                    indices: sortedIndices + start,
                    squares: sortedSquares + start,
                    end &- start
                )
            }
            start = end
        }
    }
    if needed >= count {
        unsafe insertRange(1, count, rows, sortedIndices, sortedSquares)
        return count
    }
    // The bucket that holds the needed-th entry ends where its successor starts.
    var bucket = 0
    while unsafe Int(truncatingIfNeeded: buckets[bucket]) < needed { bucket &+= 1 }
    let first = unsafe Int(truncatingIfNeeded: buckets[bucket])
    unsafe insertRange(1, first, rows, sortedIndices, sortedSquares)
    let limit = unsafe sortedSquares[needed - 1] * (1 + slack)
    let last = limit >= largest ? bucketCount - 1 : bucketNumber(limit, scale)
    let end = unsafe Int(truncatingIfNeeded: buckets[last])
    unsafe insertRange(first, end, rows, sortedIndices, sortedSquares)
    return end
}

/// Nearest integer of `square · scale`, non-decreasing in the square.
@inline(__always)
private func bucketNumber(_ square: Double, _ scale: Double) -> Int {
    // Adding 2⁵² leaves the integer in the low bits, without a conversion that traps.
    Int(truncatingIfNeeded: (square * scale + 0x1p52).bitPattern & 0xFFFF_FFFF)
}

/// Insertion of entries `from ..< to` into the sorted entries before them.
@inline(__always)
private func insertRange(
    _ from: Int,
    _ to: Int,
    _ rows: UnsafePointer<Int32>,
    _ indices: UnsafeMutablePointer<Int32>,
    _ squares: UnsafeMutablePointer<Double>
) {
    var j = from > 1 ? from : 1
    while j < to {
        let square = unsafe squares[j]
        let index = unsafe indices[j]
        var k = j
        while k > 0 {
            let other = unsafe squares[k &- 1]
            if other < square { break }
            if other == square,
                unsafe rows[Int(truncatingIfNeeded: indices[k &- 1])]
                    < rows[Int(truncatingIfNeeded: index)]
            {
                break
            }
            unsafe squares[k] = other
            unsafe indices[k] = indices[k &- 1]
            k &-= 1
        }
        unsafe squares[k] = square
        unsafe indices[k] = index
        j &+= 1
    }
}

/// Sorts one run in place by Shell's method (gaps of Ciura 2001); a final pass of insertion follows.
private func sortRun(
    rows: UnsafePointer<Int32>,
    indices: UnsafeMutablePointer<Int32>,
    squares: UnsafeMutablePointer<Double>,
    _ count: Int
) {
    // 1, 4, 10, 23, 57, 132, 301, 701, then growing by 2.25.
    var gap = 701
    while gap &* 9 / 4 < count { gap = gap &* 9 / 4 }
    while gap > 1 {
        var j = gap
        while j < count {
            let square = unsafe squares[j]
            let index = unsafe indices[j]
            var k = j
            while k >= gap {
                let other = unsafe squares[k &- gap]
                if other < square { break }
                if other == square,
                    unsafe rows[Int(truncatingIfNeeded: indices[k &- gap])]
                        < rows[Int(truncatingIfNeeded: index)]
                {
                    break
                }
                unsafe squares[k] = other
                unsafe indices[k] = indices[k &- gap]
                k &-= gap
            }
            unsafe squares[k] = square
            unsafe indices[k] = index
            j &+= 1
        }
        switch gap {
        case 4: gap = 1
        case 10: gap = 4
        case 23: gap = 10
        case 57: gap = 23
        case 132: gap = 57
        case 301: gap = 132
        case 701: gap = 301
        default: gap = gap &* 4 / 9 < 701 ? 701 : gap &* 4 / 9
        }
    }
}

/// Turns squared distances into distances, in whole vectors of eight.
///
/// With `sphereRadius` 0 the distance is the square root. Otherwise the squares are squared chords
/// of the unit sphere, and the distance is the arc 2 R asin(chord / 2), which equals the haversine
/// formula. Entries beyond `count` up to the whole vector become 0.
package func distances(
    squares: UnsafeMutablePointer<SIMD8<Double>>,
    count: Int,
    sphereRadius: Double,
    distances: UnsafeMutablePointer<SIMD8<Double>>
) {
    let vectors = (count + 7) / 8
    let scalars = unsafe UnsafeMutableRawPointer(squares).assumingMemoryBound(to: Double.self)
    for j in count..<max(count, 8 * vectors) { unsafe scalars[j] = 0 }
    for vector in 0..<vectors {
        let root = unsafe squares[vector].squareRoot()
        if sphereRadius == 0 {
            unsafe distances[vector] = root
        } else {
            unsafe distances[vector] = arcsine(root * 0.5) * (2 * sphereRadius)
        }
    }
}

/// asin(x) for 0 ≤ x ≤ 1 (more is taken as 1), to about one unit in the last place.
///
/// Source: rational approximation of fdlibm's e_asin.c (Sun Microsystems, 1993).
@inline(__always)
private func arcsine(_ x: SIMD8<Double>) -> SIMD8<Double> {
    let one = SIMD8<Double>(repeating: 1)
    let isLarge = x .>= 0.5
    let complement = ((one - x) * 0.5).replacing(with: 0, where: x .> one)
    let t = (x * x).replacing(with: complement, where: isLarge)
    var p = SIMD8<Double>(repeating: 3.47933107596021167570e-05)
    p = SIMD8<Double>(repeating: 7.91534994289814532176e-04).addingProduct(p, t)
    p = SIMD8<Double>(repeating: -4.00555345006794114027e-02).addingProduct(p, t)
    p = SIMD8<Double>(repeating: 2.01212532134862925881e-01).addingProduct(p, t)
    p = SIMD8<Double>(repeating: -3.25565818622400915405e-01).addingProduct(p, t)
    p = SIMD8<Double>(repeating: 1.66666666666666657415e-01).addingProduct(p, t)
    var q = SIMD8<Double>(repeating: 7.70381505559019352791e-02)
    q = SIMD8<Double>(repeating: -6.88283971605453293030e-01).addingProduct(q, t)
    q = SIMD8<Double>(repeating: 2.02094576023350569471).addingProduct(q, t)
    q = SIMD8<Double>(repeating: -2.40339491173441421878).addingProduct(q, t)
    q = one.addingProduct(q, t)
    let ratio = t * p / q
    let root = t.squareRoot()
    let base = x.replacing(with: root, where: isLarge)
    let small = base.addingProduct(base, ratio)
    let large = SIMD8<Double>(repeating: 1.57079632679489661923) - small * 2
    return small.replacing(with: large, where: isLarge)
}
