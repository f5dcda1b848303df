internal import Foundation

/// Smallest and largest distance between two observations, mgwr's bounds for fixed bandwidths.
struct FixedBounds {
    /// Smallest positive distance between two observations; 1 if all coincide.
    let smallestDistance: Double
    /// Largest distance; beyond 5,000 observations the diagonal of their box, which is an upper bound.
    let largestDistance: Double
    /// Mean distance to the 512th neighbour, or the largest distance of fewer observations.
    let localDistance: Double

    init(design: PreparedDesign, instructionSet: InstructionSet) {
        let kernels = unsafe KernelSet.of(instructionSet)
        let index = design.index
        let n = design.count
        let search = unsafe NeighbourSearch(
            index: index,
            metric: design.metric,
            kernels: kernels
        )
        var smallest = Double.infinity
        var largest = 0.0
        var local: [Double] = []
        for position in 0..<n {
            search.moveTo(position: position)
            if n <= BandwidthSearch.fullRangeLimit {
                search.findNearest(n)
                largest = unsafe max(largest, search.distances[n - 1])
            } else {
                search.findNearest(512)
                unsafe local.append(search.distances[511])
            }
            // Coincident observations are no scale: look past them.
            var next = 1
            while next < search.count, unsafe search.distances[next] == 0 { next += 1 }
            if next < search.count { smallest = unsafe min(smallest, search.distances[next]) }
        }
        smallestDistance = smallest.isFinite ? smallest : 1
        if n > BandwidthSearch.fullRangeLimit { largest = Self.diagonal(design) }
        largestDistance = largest > 0 ? largest : 1
        localDistance = local.isEmpty ? largestDistance : compensatedSum(local) / Double(n)
    }

    private static func diagonal(_ design: PreparedDesign) -> Double {
        var total = 0.0
        for axis in 0..<design.index.dimensions {
            let low = unsafe design.index.boxes[axis]
            let high = unsafe design.index.boxes[design.index.dimensions + axis]
            total += (high - low) * (high - low)
        }
        guard design.metric == .greatCircle else { return total.squareRoot() }
        return 2 * DistanceMetric.sphereRadiusMetres * asin(min(1, total.squareRoot() / 2))
    }
}
