internal import RegressionKernels

/// A k-d tree over points, with the points stored in the tree's own order.
///
/// Points that are near in the plane are near in memory, so the cost of a query depends on what it
/// finds, not on how many points there are. The order is deterministic: a node splits at the median
/// of its longer side, equal coordinates in order of the row number. Coincident points are legal.
/// Building costs O(n log n); 12 to 20 bytes per point beside the coordinates.
@safe final class NeighbourIndex: @unchecked Sendable {
    // Unchecked because of the raw buffers; all are immutable after `init`, so no lock is needed.

    /// Most points in a leaf.
    static let leafSize = 24

    /// Number of points.
    let pointCount: Int
    /// 2 in the plane, 3 on the sphere (unit vectors).
    let dimensions: Int
    /// Row number of each tree position.
    let rows: [Int32]
    /// Tree position of each row.
    let positions: [Int32]
    private let rowBuffer: AlignedBuffer
    private let coordinateBuffer: AlignedBuffer
    private let rangeBuffer: AlignedBuffer
    private let boxBuffer: AlignedBuffer

    var rowsPointer: UnsafePointer<Int32> { unsafe UnsafePointer(rowBuffer.integers) }
    var coordinates: UnsafePointer<Double> { unsafe UnsafePointer(coordinateBuffer.scalars) }
    var ranges: UnsafePointer<Int32> { unsafe UnsafePointer(rangeBuffer.integers) }
    var boxes: UnsafePointer<Double> { unsafe UnsafePointer(boxBuffer.scalars) }

    /// Builds the tree of `axes[dimension][row]`; all values finite, at least one point.
    init(axes: [[Double]]) {
        let count = axes[0].count
        pointCount = count
        dimensions = axes.count
        var builder = TreeBuilder(axes: axes)
        builder.build()
        rows = builder.order
        var inverse = [Int32](repeating: 0, count: count)
        for (position, row) in rows.enumerated() { inverse[Int(row)] = Int32(position) }
        positions = inverse
        rowBuffer = AlignedBuffer(scalarCount: (count + 1) / 2)
        coordinateBuffer = AlignedBuffer(scalarCount: count * axes.count)
        rangeBuffer = AlignedBuffer(scalarCount: (builder.ranges.count + 1) / 2)
        boxBuffer = AlignedBuffer(scalarCount: builder.boxes.count)
        for (position, row) in rows.enumerated() {
            unsafe rowBuffer.integers[position] = row
            for axis in axes.indices {
                unsafe coordinateBuffer.scalars[axis * count + position] = axes[axis][Int(row)]
            }
        }
        for (index, value) in builder.ranges.enumerated() {
            unsafe rangeBuffer.integers[index] = value
        }
        for (index, value) in builder.boxes.enumerated() {
            unsafe boxBuffer.scalars[index] = value
        }
    }

    /// Coordinate of a tree position along an axis.
    func coordinate(axis: Int, position: Int) -> Double {
        unsafe coordinates[axis * pointCount + position]
    }

    /// A squared radius around a query that certainly holds `needed` points: the farthest corner of the
    /// smallest box on the way to the query's leaf that has them.
    func certainRadiusSquared(query: UnsafePointer<Double>, needed: Int) -> Double {
        var node = 0
        var best = Double.infinity
        while true {
            let range = unsafe ranges + node * TreeLayout.integersPerNode
            if unsafe Int(range[1] - range[0]) < needed { return best }
            let box = unsafe boxes + node * 2 * dimensions
            var farthest = 0.0
            for axis in 0..<dimensions {
                let low = unsafe abs(query[axis] - box[axis])
                let high = unsafe abs(query[axis] - box[dimensions + axis])
                let gap = max(low, high)
                farthest += gap * gap
            }
            best = min(best, farthest * (1 + 1e-14))
            let right = unsafe range[2]
            if right == 0 { return best }
            let left = node + 1
            node =
                unsafe gapSquared(query, left) <= gapSquared(query, Int(right)) ? left : Int(right)
        }
    }

    private func gapSquared(_ query: UnsafePointer<Double>, _ node: Int) -> Double {
        let box = unsafe boxes + node * 2 * dimensions
        var total = 0.0
        for axis in 0..<dimensions {
            let gap = unsafe max(
                box[axis] - query[axis],
                query[axis] - box[dimensions + axis],
                0
            )
            total += gap * gap
        }
        return total
    }
}

/// Splits rows recursively at medians; see ``NeighbourIndex``.
private struct TreeBuilder {
    let axes: [[Double]]
    var order: [Int32]
    var ranges: [Int32] = []
    var boxes: [Double] = []

    init(axes: [[Double]]) {
        self.axes = axes
        order = (0..<Int32(axes[0].count)).map { $0 }
    }

    mutating func build() {
        let leaves = order.count / (NeighbourIndex.leafSize / 2) + 1
        ranges.reserveCapacity(2 * leaves * TreeLayout.integersPerNode)
        boxes.reserveCapacity(4 * leaves * axes.count)
        split(0, order.count)
    }

    private mutating func split(_ start: Int, _ end: Int) {
        let node = ranges.count / TreeLayout.integersPerNode
        ranges += [Int32(start), Int32(end), 0]
        var longest = 0
        var extent = -1.0
        var low: [Double] = []
        var high: [Double] = []
        for axis in axes.indices {
            var minimum = Double.infinity
            var maximum = -Double.infinity
            for position in start..<end {
                let value = axes[axis][Int(order[position])]
                minimum = min(minimum, value)
                maximum = max(maximum, value)
            }
            low.append(minimum)
            high.append(maximum)
            if maximum - minimum > extent {
                extent = maximum - minimum
                longest = axis
            }
        }
        boxes += low
        boxes += high
        guard end - start > NeighbourIndex.leafSize else { return }
        let middle = start + (end - start) / 2
        select(middle, start, end, axes[longest])
        split(start, middle)
        ranges[node * TreeLayout.integersPerNode + 2] =
            Int32(ranges.count / TreeLayout.integersPerNode)
        split(middle, end)
    }

    /// Quickselect by (value, row): everything before `middle` precedes everything from it on.
    private mutating func select(_ middle: Int, _ start: Int, _ end: Int, _ values: [Double]) {
        func precedes(_ a: Int32, _ b: Int32) -> Bool {
            let (va, vb) = (values[Int(a)], values[Int(b)])
            return va < vb || (va == vb && a < b)
        }
        var low = start
        var high = end - 1
        while low < high {
            let (a, b, c) = (order[low], order[(low + high) / 2], order[high])
            let pivot: Int32 =
                precedes(a, b)
                ? (precedes(b, c) ? b : (precedes(a, c) ? c : a))
                : (precedes(a, c) ? a : (precedes(b, c) ? c : b))
            var i = low
            var j = high
            while i <= j {
                while precedes(order[i], pivot) { i += 1 }
                while precedes(pivot, order[j]) { j -= 1 }
                if i <= j {
                    order.swapAt(i, j)
                    i += 1
                    j -= 1
                }
            }
            if middle <= j { high = j } else if middle >= i { low = i } else { return }
        }
    }
}
