internal import Foundation
package import Regression
package import SpatialStatistics

/// Whether residuals that lie near each other are alike, and what that leaves of n.
package struct ResidualPattern: Sendable {
    /// Number of nearest neighbours that Moran's I is taken over, as a queen has on a grid.
    package static let neighbourCount = 8
    /// Distance classes of the correlogram.
    package static let classCount = 15
    /// Moran's I above which errors and t values must be called conditional.
    package static let tolerableMoranI = ResidualConstants.tolerableMoranI
    /// Pairs are looked at up to the mean distance of the neighbour of this rank.
    package static let reachRank = 500

    /// Moran's I over row-standardised nearest neighbours; nil where it is not defined.
    package let moran: MoranI?
    /// Correlation by distance; nil where it is not defined.
    package let correlogram: Correlogram?

    /// Its value; nil where it is not defined.
    package var moranI: Double? { moran?.value }

    /// Whether standard errors may be read as if residuals were independent.
    ///
    /// Not where Moran's I is not defined: then nobody knows.
    package var isIndependent: Bool {
        moran.map { $0.value <= Self.tolerableMoranI } ?? false
    }

    /// Two-sided p-value of Moran's I under normality; NaN without I.
    package var moranP: Double { moran.map { erfc(abs($0.zScore) / 2.0.squareRoot()) } ?? .nan }

    /// Neighbours of all complete rows, shared by the residuals of both models.
    package struct Surroundings: Sendable {
        let neighbours: [[Int]]
        let classWidth: Double

        /// Finds them; O(n · reachRank).
        package init(_ model: GeographicallyWeightedRegression) {
            var lists: [[Int]] = []
            var reach = 0.0
            var farthest = 0.0
            model.forEachObservation(nearest: ResidualPattern.reachRank) { _, others, distances in
                lists.append(Array(others.prefix(ResidualPattern.neighbourCount)))
                reach += distances.last ?? 0
                farthest = max(farthest, distances.last ?? 0)
            }
            neighbours = lists
            // All pairs of a small table would reach from end to end: half of that is customary.
            let sees = model.observationCount - 1 <= ResidualPattern.reachRank
            let distance = sees ? farthest / 2 : reach / Double(model.observationCount)
            classWidth = distance / Double(ResidualPattern.classCount)
        }
    }

    /// Describes residuals given per row of the table; rows without one are left out.
    package init(
        residuals: [Double],
        model: GeographicallyWeightedRegression,
        surroundings: Surroundings
    ) {
        let values = model.completeRows.map { residuals[$0] }
        let kept = values.indices.filter { values[$0].isFinite }
        var numbers = [Int](repeating: -1, count: values.count)
        for (number, observation) in kept.enumerated() { numbers[observation] = number }
        let finite = kept.map { values[$0] }
        // A residual pattern of a perfect fit is rounding; nothing is said about it.
        let lists =
            kept.count == values.count
            ? surroundings.neighbours
            : kept.map { observation in
                surroundings.neighbours[observation].map { numbers[$0] }.filter { $0 >= 0 }
            }
        moran = try? MoranI(
            values: finite,
            weights: SpatialWeights(neighbours: lists, standardisation: .rows)
        )
        guard surroundings.classWidth > 0 else {
            correlogram = nil
            return
        }
        let reach = surroundings.classWidth * Double(Self.classCount)
        correlogram = try? Correlogram(
            values: finite,
            classWidth: surroundings.classWidth,
            classCount: Self.classCount,
            countsBothDirections: false
        ) { add in
            model.forEachObservation(within: reach) { observation, others, distances in
                guard numbers[observation] >= 0 else { return }
                for (other, distance) in zip(others, distances)
                where other > observation && numbers[other] >= 0 {
                    add(numbers[observation], numbers[other], distance)
                }
            }
        }
    }
}
