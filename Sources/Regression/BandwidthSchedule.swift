internal import Foundation

/// The rule of a bandwidth search: what to evaluate next, given what is known, until it is over.
///
/// It holds no curve: asked with all scores so far it answers the same wherever it runs, so that a
/// table's search and the rounds of a run on tiles follow one rule.
///
/// Neighbour counts: every integer where that is cheap, else a geometric ladder and then every integer
/// around its best minima. Distances: a geometric ladder, each local minimum refined until the
/// criterion changes by less than 1e-9. A range without a given end doubles until the minimum lies in
/// its lower half, so that the curve is seen to rise again.
package struct BandwidthSchedule: Equatable, Sendable {
    /// What to do next.
    package enum Step: Equatable, Sendable {
        /// Score these candidates, ascending, all of one kind, none of them known.
        case evaluate([Bandwidth])
        /// The search is over.
        case finished(BandwidthProfile)
    }

    /// The candidates' bounds, as neighbour counts or distances.
    package struct Range: Equatable, Sendable {
        /// Smallest candidate.
        package var minimum: Double
        /// Largest candidate of the first pass.
        package var maximum: Double
        /// Up to here the range doubles; `maximum` where it does not.
        package var limit: Double

        /// Bounds; `limit` is at least `maximum`.
        package init(minimum: Double, maximum: Double, limit: Double) {
            self.minimum = minimum
            self.maximum = maximum
            self.limit = limit
        }
    }

    /// What to minimise.
    package let criterion: BandwidthCriterion
    /// Whether candidates are neighbour counts.
    package let isAdaptive: Bool
    /// Where to look.
    package let range: Range
    /// Distance of the buffer, for the profile.
    package let bufferDistance: Double?
    /// Up to this many integers a range is searched one by one.
    package let exhaustiveLimit: Int
    /// Ratio of the ladder's steps.
    package let ratio: Double
    /// How many local minima are refined, best first.
    package let refinedMinima: Int
    /// The rings in which neighbours of a lattice come; nil for observations that lie anywhere.
    package let shells: LatticeShells?

    /// A search over a range.
    package init(
        criterion: BandwidthCriterion,
        isAdaptive: Bool,
        range: Range,
        bufferDistance: Double?,
        exhaustiveLimit: Int,
        ratio: Double,
        refinedMinima: Int,
        shells: LatticeShells? = nil
    ) {
        precondition(ratio > 1 && range.minimum > 0, "a ladder rises from above 0")
        precondition(range.minimum <= range.maximum, "a range has an end after its start")
        self.criterion = criterion
        self.isAdaptive = isAdaptive
        self.range = range
        self.bufferDistance = bufferDistance
        self.exhaustiveLimit = exhaustiveLimit
        self.ratio = ratio
        self.refinedMinima = refinedMinima
        self.shells = shells
    }

    /// What follows from the scores so far, in any order.
    ///
    /// - Throws: `noAdmissibleBandwidth` if the whole range is evaluated and no candidate can be
    ///   scored on all locations.
    package func next(after scores: [CandidateScore]) throws(RegressionError) -> Step {
        let curve = scores.sorted { $0.bandwidth.value < $1.bandwidth.value }
        let known = Set(curve.map(\.bandwidth.value))
        var maximum = range.maximum
        while true {
            let scan = scan(to: maximum)
            let missing = scan.filter { !known.contains($0) }
            guard missing.isEmpty else { return .evaluate(missing.map { bandwidth($0) }) }
            let inRange = curve.filter { $0.bandwidth.value <= maximum }
            if maximum < range.limit {
                let best = BandwidthProfile.minimum(of: inRange, criterion)
                guard let best, inRange[best].bandwidth.value <= maximum / 2 else {
                    maximum = min(range.limit, 2 * maximum)
                    continue
                }
            }
            let wanted =
                isAdaptive
                ? (isExhaustive(maximum) ? [] : integers(around: inRange, known: known))
                : distances(around: inRange, known: known)
            guard wanted.isEmpty else { return .evaluate(wanted.map { bandwidth($0) }) }
            return .finished(
                try BandwidthProfile(
                    criterion: criterion,
                    curve: inRange,
                    scan: scan,
                    isExhaustive: isAdaptive && isExhaustive(maximum),
                    bufferDistance: bufferDistance,
                    interior: shells.map {
                        .init(
                            after: $0.end(ofLowerBound: range.minimum, isAdaptive: isAdaptive),
                            before: $0.start(ofUpperBound: maximum, isAdaptive: isAdaptive)
                        )
                    }
                )
            )
        }
    }

    private func bandwidth(_ value: Double) -> Bandwidth {
        isAdaptive ? .adaptive(neighbours: Int(value)) : .fixed(distance: value)
    }

    private func isExhaustive(_ maximum: Double) -> Bool {
        maximum - range.minimum < Double(exhaustiveLimit)
    }

    private func scan(to maximum: Double) -> [Double] {
        guard isAdaptive else { return Self.ladder(from: range.minimum, to: maximum, ratio: ratio) }
        let low = Int(range.minimum)
        let high = Int(maximum)
        return isExhaustive(maximum)
            ? (low...high).map(Double.init)
            : Self.ladder(from: low, to: high, ratio: ratio).map(Double.init)
    }

    /// Integers from low to high, each at least `ratio` times the last and at least one more.
    static func ladder(from low: Int, to high: Int, ratio: Double) -> [Int] {
        var steps = [low]
        var exact = Double(low)
        while steps[steps.count - 1] < high {
            exact = max(exact * ratio, Double(steps[steps.count - 1] + 1))
            steps.append(min(high, Int(exact.rounded())))
        }
        return steps
    }

    /// Distances from low to high in steps of `ratio`; the last step may be shorter.
    static func ladder(from low: Double, to high: Double, ratio: Double) -> [Double] {
        var steps: [Double] = []
        var step = low
        // A step that all but reaches the end is the end.
        while step < high * (1 - 1e-9) {
            steps.append(step)
            step *= ratio
        }
        return steps + [high]
    }

    /// Integers around the best local minima of a ladder, in steps where gaps are wide.
    private func integers(around curve: [CandidateScore], known: Set<Double>) -> [Double] {
        var wanted: Set<Double> = []
        for minimum in localMinima(curve).prefix(refinedMinima) {
            let low = Int(curve[max(0, minimum - 1)].bandwidth.value)
            let high = Int(curve[min(curve.count - 1, minimum + 1)].bandwidth.value)
            // One pass of at most 64 counts per minimum shrinks a gap 32-fold or exhausts it.
            for k in stride(from: low, through: high, by: max(1, (high - low) / 64))
            where !known.contains(Double(k)) {
                wanted.insert(Double(k))
            }
        }
        return wanted.sorted()
    }

    /// Fifteen distances within the bracket of each local minimum that is not flat yet.
    private func distances(around curve: [CandidateScore], known: Set<Double>) -> [Double] {
        var wanted: Set<Double> = []
        for minimum in localMinima(curve).prefix(refinedMinima) {
            let value = curve[minimum].value(of: criterion)
            let ends = [
                curve[max(0, minimum - 1)], curve[min(curve.count - 1, minimum + 1)],
            ]
            let tolerance =
                criterion == .cv || criterion == .bcv ? 1e-12 * abs(value) : 1e-9
            let isFlat = ends.allSatisfy { abs($0.value(of: criterion) - value) < tolerance }
            let low = ends[0].bandwidth.value
            let high = ends[1].bandwidth.value
            guard !isFlat, high - low > 1e-12 * high else { continue }
            for step in 1...15 {
                let distance = low + (high - low) * Double(step) / 16
                if distance > low, distance < high, !known.contains(distance) {
                    wanted.insert(distance)
                }
            }
        }
        return wanted.sorted()
    }

    /// Positions of the local minima of the criterion, best first; ends count.
    private func localMinima(_ curve: [CandidateScore]) -> [Int] {
        func value(_ index: Int) -> Double {
            guard curve.indices.contains(index) else { return .infinity }
            let value = curve[index].value(of: criterion)
            return value.isFinite ? value : .infinity
        }
        return curve.indices
            .filter {
                value($0).isFinite && value($0) <= value($0 - 1) && value($0) <= value($0 + 1)
            }
            .sorted { (value($0), $0) < (value($1), $1) }
    }
}
