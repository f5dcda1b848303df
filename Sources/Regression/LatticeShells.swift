internal import Foundation

/// The rings of equal distance around a place of a full square lattice, the place itself the first of them.
///
/// Between one ring and the next no neighbour joins: bandwidths that differ by less than a ring see the same
/// observations, so that a minimum within one ring of a bound says no more than the bound itself.
package struct LatticeShells: Equatable, Sendable {
    /// Distance between neighbouring places, in the unit of the bandwidths that are distances.
    package let spacing: Double

    /// The rings of a lattice.
    package init(spacing: Double) {
        precondition(spacing > 0, "places of a lattice lie apart")
        self.spacing = spacing
    }

    /// Largest bandwidth within one ring of a smallest one, of the same kind; O(neighbours within it).
    package func end(ofLowerBound bound: Double, isAdaptive: Bool) -> Double {
        let rings = rings(beyond: bound, isAdaptive: isAdaptive)
        let values = isAdaptive ? rings.map(\.count) : rings.map(\.distance)
        let holding = values.firstIndex { $0 >= bound } ?? 0
        return values[min(holding + 1, values.count - 1)]
    }

    /// Smallest bandwidth within one ring of a largest one, of the same kind; O(neighbours within it).
    package func start(ofUpperBound bound: Double, isAdaptive: Bool) -> Double {
        let rings = rings(beyond: bound, isAdaptive: isAdaptive)
        let values = isAdaptive ? rings.map(\.count) : rings.map(\.distance)
        let holding = values.firstIndex { $0 >= bound } ?? values.count - 1
        guard holding >= 2 else { return 0 }
        // A count belongs to a ring from one more than the ring before ends with.
        return values[holding - 2] + (isAdaptive ? 1 : 0)
    }

    /// Distances and cumulative counts of the rings through the one after that which holds a bound.
    private func rings(beyond bound: Double, isAdaptive: Bool) -> [(
        distance: Double, count: Double
    )] {
        let radius = isAdaptive ? (bound / .pi).squareRoot() : bound / spacing
        // A disc of this radius surely holds the bound's ring and two more.
        let reach = Int(radius) + 4
        var sizes = [Int](repeating: 0, count: reach * reach + 1)
        for down in -reach...reach {
            for right in -reach...reach where down * down + right * right <= reach * reach {
                sizes[down * down + right * right] += 1
            }
        }
        var total = 0
        return sizes.indices.filter { sizes[$0] > 0 }.map { square in
            total += sizes[square]
            return (Double(square).squareRoot() * spacing, Double(total))
        }
    }
}
