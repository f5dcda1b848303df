import Lattice

/// How alike values are as a function of the distance between them.
///
/// For each class of distances, Moran's I with weight 1 for the pairs in it: the mean product of the
/// deviations of its pairs over the variance (Cliff and Ord 1981, ch. 5). Pairs are handed in one by
/// one, so the caller decides how far to look; sums are compensated.
package struct Correlogram: Hashable, Sendable {
    /// A class of distances.
    package struct DistanceClass: Hashable, Sendable {
        /// Smallest distance in the class.
        package let lower: Double
        /// First distance beyond the class.
        package let upper: Double
        /// Number of pairs, each counted once.
        package let pairCount: Int
        /// Correlation of the pairs, NaN without pairs.
        package let correlation: Double
    }

    /// The classes, of equal width, from 0.
    package let classes: [DistanceClass]
    /// Number of observations, n.
    package let observationCount: Int

    /// The number of independent observations whose mean would be as certain as that of these.
    ///
    /// n / (1 + (2/n) Σ pairs · correlation) over the classes up to the first whose correlation is
    /// not positive (Cressie 1993, section 1.3, with the correlogram for the unknown correlations;
    /// Griffith 2005). Between 1 and n; n where nearby values are not alike.
    package let effectiveObservationCount: Double

    /// Whether correlation stays positive through the last class: then the effective number is at most
    /// ``effectiveObservationCount``.
    package let reachesLastClass: Bool

    /// Distance at which the correlation is first not positive: the upper end of the last class before.
    ///
    /// 0 where the first class has none, nil where the last still has.
    package let range: Double?

    /// Computes the correlogram.
    ///
    /// - Parameters:
    ///   - values: n finite values.
    ///   - classWidth: above 0, in the unit of the distances.
    ///   - classCount: at least 1; pairs farther apart than all classes are ignored.
    ///   - countsBothDirections: whether pairs come twice.
    ///   - forEachPair: calls its argument with two observations and their distance. Either once for
    ///     each pair, or once in each direction for all pairs (`countsBothDirections`).
    /// - Throws: `SpatialStatisticsError` when a value is not finite or the values do not differ.
    package init(
        values: [Double],
        classWidth: Double,
        classCount: Int,
        countsBothDirections: Bool,
        forEachPair: (_ add: (Int, Int, Double) -> Void) -> Void
    ) throws(SpatialStatisticsError) {
        precondition(classWidth > 0 && classCount > 0, "classes have width and number")
        guard values.count >= 3, values.allSatisfy(\.isFinite) else {
            throw SpatialStatisticsError(
                .values,
                "a correlogram takes at least 3 finite values; \(values.count) are given, "
                    + "\(values.count { $0.isFinite }) of them finite"
            )
        }
        guard values.contains(where: { $0 != values[0] }) else {
            throw SpatialStatisticsError(.degenerate, "a correlogram needs values that differ")
        }
        let n = Double(values.count)
        let mean = ExactSum(values).value / n
        let deviations = values.map { $0 - mean }
        var squares = ExactSum()
        for deviation in deviations { squares.add(product: deviation, deviation) }
        let variance = squares.value / n
        var products = [Double](repeating: 0, count: classCount)
        var errors = products
        var counts = [Int](repeating: 0, count: classCount)
        forEachPair { first, second, distance in
            let index = Int(min(distance / classWidth, Double(classCount)))
            guard index < classCount else { return }
            // Compensated: hundreds of millions of products would cost too much exactly.
            let product = deviations[first] * deviations[second]
            let total = products[index] + product
            errors[index] +=
                abs(products[index]) >= abs(product)
                ? (products[index] - total) + product : (product - total) + products[index]
            products[index] = total
            counts[index] += 1
        }
        observationCount = values.count
        var classes: [DistanceClass] = []
        for index in 0..<classCount {
            let count = Double(counts[index])
            let sum = products[index] + errors[index]
            classes.append(
                DistanceClass(
                    lower: Double(index) * classWidth,
                    upper: Double(index + 1) * classWidth,
                    pairCount: countsBothDirections ? counts[index] / 2 : counts[index],
                    correlation: counts[index] == 0 ? .nan : sum / count / variance
                )
            )
        }
        self.classes = classes
        var inflation = 1.0
        var last = 0
        for distances in classes {
            // A class without pairs neither adds nor ends anything.
            if distances.pairCount > 0, !(distances.correlation > 0) { break }
            last += 1
            if distances.pairCount > 0 {
                inflation += 2 / n * Double(distances.pairCount) * distances.correlation
            }
        }
        reachesLastClass = last == classCount
        range = reachesLastClass ? nil : Double(last) * classWidth
        effectiveObservationCount = max(1, n / inflation)
    }
}
