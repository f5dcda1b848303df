internal import RegressionKernels

/// Finds the neighbours of one location at a time, into memory it owns.
///
/// A thread has one of these. Consecutive queries should be near each other: the k-th distance of
/// the last one, plus the way walked since, bounds the next one's.
@safe final class NeighbourSearch {
    private let index: NeighbourIndex
    private let sphereRadius: Double
    private let kernels: KernelSet
    private let stack = AlignedBuffer(scalarCount: TreeLayout.depthLimit)
    private let foundIndices: AlignedBuffer
    private let foundSquares: AlignedBuffer
    private let buckets: AlignedBuffer
    private let sortedIndices: AlignedBuffer
    private let sortedSquares: AlignedBuffer
    private let distanceBuffer: AlignedBuffer
    private let query = AlignedBuffer(scalarCount: 8)
    private let lastQuery = AlignedBuffer(scalarCount: 8)
    private var lastNeeded = 0
    private var lastRadius = Double.infinity

    /// Number of neighbours found by the last query.
    private(set) var count = 0

    /// Tree positions of the neighbours.
    var neighbours: UnsafePointer<Int32> { unsafe UnsafePointer(sortedIndices.integers) }
    /// Their distances in the metric's unit, padded with zeros to whole vectors.
    var distances: UnsafePointer<Double> { unsafe UnsafePointer(distanceBuffer.scalars) }

    init(index: NeighbourIndex, metric: DistanceMetric, kernels: KernelSet) {
        self.index = index
        unsafe self.kernels = kernels
        sphereRadius = metric.kernelRadius
        let n = index.pointCount
        // One vector more than there are points: the kernels write whole vectors.
        foundIndices = AlignedBuffer(scalarCount: n / 2 + 8)
        foundSquares = AlignedBuffer(scalarCount: n + 8)
        buckets = AlignedBuffer(scalarCount: n / 2 + 8)
        sortedIndices = AlignedBuffer(scalarCount: n / 2 + 8)
        sortedSquares = AlignedBuffer(scalarCount: n + 8)
        distanceBuffer = AlignedBuffer(scalarCount: n + 8)
    }

    /// Forgets the last query, so that what follows depends on nothing before it.
    func restart() { lastRadius = .infinity }

    /// Moves the query to a point of the index.
    func moveTo(position: Int) {
        for axis in 0..<index.dimensions {
            unsafe query.scalars[axis] = index.coordinate(axis: axis, position: position)
        }
    }

    /// Moves the query to coordinates as the index has them.
    func moveTo(_ coordinates: [Double]) {
        for (axis, value) in coordinates.enumerated() { unsafe query.scalars[axis] = value }
    }

    /// The nearest `needed` neighbours and all less than 2e-7 farther, by distance, then row.
    ///
    /// All points if `needed` is at least their number.
    func findNearest(_ needed: Int) {
        let slack = 1 + 4e-7  // on squares: twice what the adaptive factor can reach
        var radiusSquared = Double.infinity
        if needed < index.pointCount {
            radiusSquared = unsafe index.certainRadiusSquared(query: query.scalars, needed: needed)
            if lastRadius.isFinite, lastNeeded >= needed {
                var moved = 0.0
                for axis in 0..<index.dimensions {
                    let step = unsafe query.scalars[axis] - lastQuery.scalars[axis]
                    moved += step * step
                }
                let bound = (lastRadius + moved.squareRoot()) * (1 + 1e-12)
                radiusSquared = min(radiusSquared, bound * bound)
            }
            radiusSquared *= slack
        }
        let found = collect(radiusSquared)
        count = unsafe kernels.sortNearest(
            found,
            min(needed, found),
            4e-7,
            index.rowsPointer,
            foundIndices.integers,
            foundSquares.scalars,
            buckets.integers,
            sortedIndices.integers,
            sortedSquares.scalars
        )
        if needed < index.pointCount {
            lastRadius = unsafe sortedSquares.scalars[needed - 1].squareRoot()
            lastNeeded = needed
            for axis in 0..<index.dimensions {
                unsafe lastQuery.scalars[axis] = query.scalars[axis]
            }
        }
        unsafe kernels.distances(
            sortedSquares.vectors,
            count,
            sphereRadius,
            distanceBuffer.vectors
        )
    }

    /// All points within a distance (and possibly a few just beyond), sorted like the nearest.
    func findWithin(_ distance: Double) {
        let found = collect(squareRadius(distance))
        count = unsafe kernels.sortNearest(
            found,
            found,
            0,
            index.rowsPointer,
            foundIndices.integers,
            foundSquares.scalars,
            buckets.integers,
            sortedIndices.integers,
            sortedSquares.scalars
        )
        unsafe kernels.distances(
            sortedSquares.vectors,
            count,
            sphereRadius,
            distanceBuffer.vectors
        )
    }

    /// All points within a distance (and possibly a few just beyond), in tree order.
    func findUnsorted(within distance: Double) {
        count = collect(squareRadius(distance))
        for j in 0..<count { unsafe sortedIndices.integers[j] = foundIndices.integers[j] }
        unsafe kernels.distances(foundSquares.vectors, count, sphereRadius, distanceBuffer.vectors)
    }

    /// Finds what a bandwidth needs and returns it as a distance: the k-th nearest times the
    /// adaptive factor, or the fixed one.
    func findNeighbours(for bandwidth: Bandwidth, kernel: SpatialKernel) -> Double {
        switch bandwidth {
        case .adaptive(let neighbours):
            findNearest(kernel.isCompact ? neighbours : index.pointCount)
            return unsafe distances[neighbours - 1] * Bandwidth.adaptiveFactor
        case .fixed(let distance):
            findWithin(distance * kernel.reach)
            return distance
        }
    }

    /// Kernel weights of the neighbours last found; valid until the next query.
    func weights(kernel: SpatialKernel, bandwidth: Double) -> UnsafePointer<Double> {
        unsafe kernels.kernelWeights(
            kernel.code,
            distanceBuffer.vectors,
            count,
            bandwidth,
            foundSquares.vectors
        )
        return unsafe UnsafePointer(foundSquares.scalars)
    }

    private func collect(_ radiusSquared: Double) -> Int {
        unsafe kernels.collectWithin(
            index.ranges,
            index.boxes,
            index.coordinates,
            index.pointCount,
            index.dimensions,
            query.scalars,
            radiusSquared,
            stack.integers,
            foundIndices.integers,
            foundSquares.scalars
        )
    }

    /// Squared radius in the index's own space, a little too large.
    private func squareRadius(_ distance: Double) -> Double {
        // A chord is never longer than its arc, so the arc bounds it; no sine is needed.
        let radius = sphereRadius == 0 ? distance : distance / sphereRadius
        return radius * radius * (1 + 1e-9)
    }
}
