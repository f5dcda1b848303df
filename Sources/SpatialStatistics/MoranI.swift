import Lattice

/// Global Moran's I: whether neighbours are alike.
///
/// I = (n / S₀) · Σᵢⱼ wᵢⱼ zᵢ zⱼ / Σᵢ zᵢ², z the deviations from the mean (Moran 1950; Cliff and Ord 1981, ch. 1–2).
/// About −1/(n − 1) without spatial pattern, towards 1 where like lies next to like.
package struct MoranI: Hashable, Sendable {
    /// What random relabelling of the observations gave.
    package struct Permutations: Hashable, Sendable {
        /// Number of permutations.
        package let count: Int
        /// Mean of I over them.
        package let mean: Double
        /// Standard deviation of I over them, with n in the denominator.
        package let standardDeviation: Double
        /// One-sided pseudo p-value (m + 1)/(count + 1), m the permutations at least as extreme.
        package let pseudoP: Double
    }

    /// I.
    package let value: Double
    /// Number of observations, n.
    package let observationCount: Int
    /// −1/(n − 1).
    package let expectation: Double
    /// Variance of I if the values are normal and independent.
    ///
    /// Cliff and Ord 1981, equation 1.35.
    package let variance: Double

    /// (I − expectation) / standard deviation under normality.
    package var zScore: Double { (value - expectation) / variance.squareRoot() }

    private let weights: SpatialWeights
    private let deviations: [Double]
    private let scale: Double

    /// Computes I.
    ///
    /// - Parameters:
    ///   - values: n finite values.
    ///   - weights: the neighbours of the same n observations.
    /// - Throws: `SpatialStatisticsError` when counts differ, a value is not finite, there are fewer than
    ///   3 observations, no two neighbours, or no variance.
    ///
    /// Cost: O(n + neighbours · log); permutations are extra (``permutations(_:seed:)``).
    package init(values: [Double], weights: SpatialWeights) throws(SpatialStatisticsError) {
        let n = weights.observationCount
        guard values.count == n, values.allSatisfy(\.isFinite) else {
            throw SpatialStatisticsError(
                .values,
                "Moran's I takes \(n) finite values, one for each observation; "
                    + "\(values.count) are given, \(values.count { $0.isFinite }) of them finite"
            )
        }
        let total = weights.total
        guard n >= 3, total > 0 else {
            throw SpatialStatisticsError(
                .degenerate,
                "Moran's I needs at least 3 observations and two neighbours; there are \(n) "
                    + "observations and \(weights.neighbours.count) neighbours"
            )
        }
        let mean = ExactSum(values).value / Double(n)
        let deviations = values.map { $0 - mean }
        var squares = ExactSum()
        for deviation in deviations { squares.add(product: deviation, deviation) }
        guard squares.value > 0, values.contains(where: { $0 != values[0] }) else {
            throw SpatialStatisticsError(.degenerate, "Moran's I needs values that differ")
        }
        self.weights = weights
        self.deviations = deviations
        observationCount = n
        scale = Double(n) / total / squares.value
        value = scale * Self.crossProduct(deviations, weights)
        expectation = -1 / Double(n - 1)
        variance = Self.normalVariance(weights, total: total)
    }

    /// Compares I with its distribution over random relabellings.
    ///
    /// The same seed gives the same permutations on every machine.
    ///
    /// Cost: `count` times O(n + neighbours).
    package func permutations(_ count: Int, seed: UInt64) -> Permutations {
        precondition(count > 0, "at least one permutation")
        var generator = PermutationGenerator(seed: seed)
        var shuffled = deviations
        var simulated: [Double] = []
        simulated.reserveCapacity(count)
        for _ in 0..<count {
            generator.shuffle(&shuffled)
            simulated.append(scale * Self.crossProduct(shuffled, weights))
        }
        let mean = ExactSum(simulated).value / Double(count)
        var squares = ExactSum()
        for simulation in simulated { squares.add(product: simulation - mean, simulation - mean) }
        let larger = simulated.count { $0 >= value }
        let extreme = min(larger, count - larger)
        return Permutations(
            count: count,
            mean: mean,
            standardDeviation: (squares.value / Double(count)).squareRoot(),
            pseudoP: Double(extreme + 1) / Double(count + 1)
        )
    }

    /// Σ wᵢⱼ zᵢ zⱼ, rows in order, within a row neighbours ascending.
    private static func crossProduct(_ z: [Double], _ weights: SpatialWeights) -> Double {
        var sum = 0.0
        for observation in z.indices {
            var lag = 0.0
            for index in weights.starts[observation]..<weights.starts[observation + 1] {
                lag += weights.weights[index] * z[weights.neighbours[index]]
            }
            sum += z[observation] * lag
        }
        return sum
    }

    private static func normalVariance(_ weights: SpatialWeights, total: Double) -> Double {
        let n = Double(weights.observationCount)
        var rowSums = [Double](repeating: 0, count: weights.observationCount)
        var columnSums = rowSums
        var s1 = 0.0
        for observation in rowSums.indices {
            for index in weights.starts[observation]..<weights.starts[observation + 1] {
                let neighbour = weights.neighbours[index]
                let weight = weights.weights[index]
                let back = weights.weight(of: neighbour, observation)
                // A pair with both weights is met twice, one with a single weight once.
                s1 += (weight + back) * (weight + back) / (back == 0 ? 1 : 2)
                rowSums[observation] += weight
                columnSums[neighbour] += weight
            }
        }
        let s2 = zip(rowSums, columnSums).reduce(0) { $0 + ($1.0 + $1.1) * ($1.0 + $1.1) }
        let square = total * total
        return (n * n * s1 - n * s2 + 3 * square) / ((n * n - 1) * square) - 1 / ((n - 1) * (n - 1))
    }
}

/// Random permutations that follow from a seed.
///
/// SplitMix64 (Steele et al. 2014) drives the shuffle of Fisher and Yates.
/// The standard library's shuffle may change between versions; a published p-value may not.
private struct PermutationGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    private mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    mutating func shuffle(_ values: inout [Double]) {
        for last in stride(from: values.count - 1, to: 0, by: -1) {
            // The high half of a product is even to within 2⁻⁴⁰ for any realistic count.
            let chosen = Int(next().multipliedFullWidth(by: UInt64(last + 1)).high)
            values.swapAt(last, chosen)
        }
    }
}
