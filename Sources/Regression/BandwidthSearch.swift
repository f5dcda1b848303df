internal import Foundation

/// What a bandwidth search is asked for.
package struct BandwidthSearchSettings: Equatable, Sendable {
    /// Whether candidates are neighbour counts or distances.
    package var isAdaptive = true
    /// What to minimise.
    package var criterion = BandwidthCriterion.aicc
    /// Smallest candidate; nil: 40 + 2p neighbours, or half the smallest distance (as mgwr).
    package var minimum: Double?
    /// Largest candidate; nil: all observations up to 5,000, beyond that found by doubling; or twice
    /// the largest distance.
    package var maximum: Double?
    /// Distance within which neighbours are left out of the buffered score; required by `bcv`.
    package var bufferDistance: Double?

    /// Settings with mgwr's defaults: adaptive, AICc.
    package init() {}
}

/// Looks for the minimum of the criterion over the whole range, never along a path.
///
/// Neighbour counts of a polynomial kernel: every integer where that is cheap, else a ladder of
/// ratio 1.02 and then every integer around its three best minima. Neighbour counts of the gaussian
/// and the exponential: at least 200 geometric steps (every integer in short ranges), each local
/// minimum refined to one neighbour. Distances: 256 geometric steps, each local minimum refined
/// until the criterion changes by less than 1e-9; beyond 5,000 observations a polynomial
/// kernel's largest distance is found by doubling, too.
struct BandwidthSearch {
    let sweep: BandwidthSweep
    let settings: BandwidthSearchSettings

    /// Up to this many observations the default range is everything.
    static let fullRangeLimit = 5_000
    /// Up to this many integers a range is searched one by one.
    static let exhaustiveLimit = 1_024
    /// Steps of a geometric scan.
    static let scanSteps = 256

    private var design: PreparedDesign { sweep.design }
    private var criterion: BandwidthCriterion { settings.criterion }

    /// Runs the search.
    func run() throws(RegressionError) -> BandwidthProfile {
        if criterion == .bcv, settings.bufferDistance == nil {
            throw RegressionError(.illegalSetting, "criterion bcv needs a buffer distance")
        }
        if let buffer = settings.bufferDistance, !(buffer >= 0 && buffer.isFinite) {
            throw RegressionError(
                .illegalSetting,
                "buffer \(buffer) is no distance; legal: 0 or more"
            )
        }
        guard design.count > design.parameterCount else {
            throw RegressionError(
                .tooFewObservations,
                "\(design.count) complete rows cannot choose a bandwidth for "
                    + "\(design.parameterCount) coefficients; legal: at least "
                    + "\(design.parameterCount + 1)"
            )
        }
        return settings.isAdaptive ? try runAdaptive() : try runFixed()
    }

    // MARK: Neighbour counts

    private func runAdaptive() throws(RegressionError) -> BandwidthProfile {
        let n = design.count
        let p = design.parameterCount
        let usual = 40 + 2 * p
        // Too few rows for mgwr's bound: from the smallest count with residual freedom.
        let fallback = min(n, 2 * p + 2)
        let minimum = try integer(
            settings.minimum,
            "minimum",
            p + 1...n,
            default: n > usual ? usual : fallback
        )
        if settings.maximum != nil || n <= Self.fullRangeLimit || !sweep.kernel.isCompact {
            let maximum = try integer(settings.maximum, "maximum", minimum...n, default: n)
            return try profile(from: minimum, to: maximum)
        }
        var maximum = min(n, max(512, 4 * minimum))
        while true {
            let profile = try profile(from: minimum, to: maximum)
            // The lower half, so that the curve is seen to rise again.
            if profile.bandwidth.value <= Double(maximum) / 2 || maximum == n { return profile }
            maximum = min(n, 2 * maximum)
        }
    }

    private func integer(
        _ value: Double?,
        _ name: String,
        _ legal: ClosedRange<Int>,
        default standard: Int
    ) throws(RegressionError) -> Int {
        guard let value else { return min(max(standard, legal.lowerBound), legal.upperBound) }
        guard let count = Int(exactly: value), legal.contains(count) else {
            throw RegressionError(
                .illegalSetting,
                "\(name) \(value) is no neighbour count; legal: \(legal.lowerBound) to "
                    + "\(legal.upperBound)"
            )
        }
        return count
    }

    private func profile(from low: Int, to high: Int) throws(RegressionError) -> BandwidthProfile {
        let isShort = high - low < Self.exhaustiveLimit
        let isExhaustive =
            sweep.kernel.isCompact
            ? isShort || design.count <= Self.fullRangeLimit : high - low < Self.scanSteps
        let scan =
            isExhaustive
            ? Array(low...high)
            : Self.ladder(
                from: low,
                to: high,
                ratio: sweep.kernel.isCompact
                    ? 1.02 : pow(Double(high) / Double(low), 1 / Double(Self.scanSteps))
            )
        var curve = sweep.scores(of: scan.map { .adaptive(neighbours: $0) })
        if !isExhaustive {
            curve = refine(curve, minima: sweep.kernel.isCompact ? 3 : Int.max)
        }
        return try BandwidthProfile(
            criterion: criterion,
            curve: curve,
            scan: scan.map(Double.init),
            isExhaustive: isExhaustive,
            bufferDistance: settings.bufferDistance
        )
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

    /// Adds every integer around the best local minima of a ladder, in steps where gaps are wide.
    private func refine(_ start: [CandidateScore], minima: Int) -> [CandidateScore] {
        var curve = start
        // One pass of at most 64 counts per minimum shrinks a gap 32-fold or exhausts it.
        while true {
            let known = Set(curve.map(\.bandwidth.value))
            var wanted: Set<Int> = []
            for minimum in localMinima(curve).prefix(minima) {
                let low = Int(curve[max(0, minimum - 1)].bandwidth.value)
                let high = Int(curve[min(curve.count - 1, minimum + 1)].bandwidth.value)
                let step = max(1, (high - low) / 64)
                for k in stride(from: low, through: high, by: step)
                where !known.contains(Double(k)) {
                    wanted.insert(k)
                }
            }
            if wanted.isEmpty { return curve }
            curve += sweep.scores(of: wanted.sorted().map { .adaptive(neighbours: $0) })
            curve.sort { $0.bandwidth.value < $1.bandwidth.value }
        }
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

    // MARK: Distances

    private func runFixed() throws(RegressionError) -> BandwidthProfile {
        let bounds = FixedBounds(design: design, instructionSet: sweep.instructionSet)
        let low = settings.minimum ?? bounds.smallestDistance / 2
        let last = settings.maximum ?? bounds.largestDistance * 2
        if settings.maximum != nil || design.count <= Self.fullRangeLimit
            || !sweep.kernel.isCompact
        {
            return try profile(from: low, to: last)
        }
        var high = min(last, max(2 * low, bounds.localDistance))
        while true {
            // Bandwidths too small for every location are normal here; larger ones may do.
            let found = Result { () throws(RegressionError) in try profile(from: low, to: high) }
            switch found {
            case .success(let profile) where profile.bandwidth.value <= high / 2: return profile
            case _ where high == last: return try found.get()
            default: high = min(last, 2 * high)
            }
        }
    }

    private func profile(
        from low: Double,
        to high: Double
    ) throws(RegressionError) -> BandwidthProfile {
        guard low > 0, high.isFinite, low <= high else {
            throw RegressionError(
                .illegalSetting,
                "bandwidths from \(low) to \(high) are no range; legal: 0 < minimum <= maximum"
            )
        }
        let ratio = pow(high / low, 1 / Double(Self.scanSteps - 1))
        var scan: [Double] = []
        for step in 0..<Self.scanSteps where low < high {
            scan.append(step == Self.scanSteps - 1 ? high : low * pow(ratio, Double(step)))
        }
        if scan.isEmpty { scan = [low] }
        var curve = sweep.scores(of: scan.map { .fixed(distance: $0) })
        let starts = localMinima(curve).map { index in
            (
                curve[max(0, index - 1)].bandwidth.value,
                curve[min(curve.count - 1, index + 1)].bandwidth.value
            )
        }
        var refined: [CandidateScore] = []
        for (low, high) in starts { refined += refineDistance(curve, low, high) }
        let known = Set(scan)
        for score in refined where !known.contains(score.bandwidth.value) { curve.append(score) }
        return try BandwidthProfile(
            criterion: criterion,
            curve: curve,
            scan: scan,
            isExhaustive: false,
            bufferDistance: settings.bufferDistance
        )
    }

    /// Sections a bracket with fifteen inner distances at a time until the criterion is flat.
    private func refineDistance(
        _ curve: [CandidateScore],
        _ start: Double,
        _ end: Double
    ) -> [CandidateScore] {
        var low = start
        var high = end
        var found: [CandidateScore] = []
        for _ in 0..<40 where low < high {
            let inner = (1...15).map { low + (high - low) * Double($0) / 16 }
                .filter { $0 > low && $0 < high }
            if inner.isEmpty { break }
            found += sweep.scores(of: inner.map { .fixed(distance: $0) })
            let all = (curve + found).sorted { $0.bandwidth.value < $1.bandwidth.value }
            let bracket = all.filter { $0.bandwidth.value >= low && $0.bandwidth.value <= high }
            guard let best = BandwidthProfile.minimum(of: bracket, criterion) else { break }
            let neighbours = [bracket[max(0, best - 1)], bracket[min(bracket.count - 1, best + 1)]]
            low = neighbours[0].bandwidth.value
            high = neighbours[1].bandwidth.value
            let value = bracket[best].value(of: criterion)
            let tolerance = criterion == .cv || criterion == .bcv ? 1e-12 * abs(value) : 1e-9
            let rise = neighbours.map { abs($0.value(of: criterion) - value) }
            if rise.allSatisfy({ $0 < tolerance }) { break }
        }
        return found
    }
}
