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

/// Looks for the minimum of the criterion over the whole range of a table, never along a path.
///
/// Neighbour counts of a polynomial kernel: every integer where that is cheap, else a ladder of
/// ratio 1.02 and then every integer around its three best minima. Neighbour counts of the gaussian
/// and the exponential: at least 200 geometric steps (every integer in short ranges), each local
/// minimum refined to one neighbour. Distances: 256 geometric steps, each local minimum refined
/// until the criterion changes by less than 1e-9; beyond 5,000 observations a polynomial
/// kernel's largest distance is found by doubling, too, in steps of ratio 1.02.
struct BandwidthSearch {
    let sweep: BandwidthSweep
    let settings: BandwidthSearchSettings

    /// Up to this many observations the default range is everything.
    static let fullRangeLimit = 5_000
    /// Up to this many integers a range is searched one by one.
    static let exhaustiveLimit = 1_024
    /// Steps of a geometric scan.
    static let scanSteps = 256
    /// Ratio of a ladder that a range can grow on.
    static let ladderRatio = 1.02

    private var design: PreparedDesign { sweep.design }

    /// Runs the search.
    func run() throws(RegressionError) -> BandwidthProfile {
        if settings.criterion == .bcv, settings.bufferDistance == nil {
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
        let schedule = settings.isAdaptive ? try adaptive() : try fixed()
        var curve: [CandidateScore] = []
        while true {
            switch try schedule.next(after: curve) {
            case .evaluate(let candidates): curve += sweep.scores(of: candidates)
            case .finished(let profile): return profile
            }
        }
    }

    // MARK: Neighbour counts

    private func adaptive() throws(RegressionError) -> BandwidthSchedule {
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
        let isCompact = sweep.kernel.isCompact
        let grows = settings.maximum == nil && n > Self.fullRangeLimit && isCompact
        let maximum =
            grows
            ? min(n, max(512, 4 * minimum))
            : try integer(settings.maximum, "maximum", minimum...n, default: n)
        let isWhole = isCompact && n <= Self.fullRangeLimit
        return schedule(
            range: .init(
                minimum: Double(minimum),
                maximum: Double(maximum),
                limit: Double(grows ? n : maximum)
            ),
            exhaustiveLimit: isWhole ? n : isCompact ? Self.exhaustiveLimit : Self.scanSteps,
            ratio: isCompact
                ? Self.ladderRatio
                : max(
                    1 + 1e-9,
                    pow(Double(maximum) / Double(minimum), 1 / Double(Self.scanSteps))
                ),
            refinedMinima: isCompact ? 3 : Int.max
        )
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

    // MARK: Distances

    private func fixed() throws(RegressionError) -> BandwidthSchedule {
        let bounds = FixedBounds(design: design, instructionSet: sweep.instructionSet)
        let low = settings.minimum ?? bounds.smallestDistance / 2
        let last = settings.maximum ?? bounds.largestDistance * 2
        guard low > 0, last.isFinite, low <= last else {
            throw RegressionError(
                .illegalSetting,
                "bandwidths from \(low) to \(last) are no range; legal: 0 < minimum <= maximum"
            )
        }
        let grows =
            settings.maximum == nil && design.count > Self.fullRangeLimit
            && sweep.kernel.isCompact
        return schedule(
            range: .init(
                minimum: low,
                maximum: grows ? min(last, max(2 * low, bounds.localDistance)) : last,
                limit: last
            ),
            exhaustiveLimit: 0,
            ratio: grows
                ? Self.ladderRatio
                : max(1 + 1e-9, pow(last / low, 1 / Double(Self.scanSteps - 1))),
            refinedMinima: Int.max
        )
    }

    private func schedule(
        range: BandwidthSchedule.Range,
        exhaustiveLimit: Int,
        ratio: Double,
        refinedMinima: Int
    ) -> BandwidthSchedule {
        BandwidthSchedule(
            criterion: settings.criterion,
            isAdaptive: settings.isAdaptive,
            range: range,
            bufferDistance: settings.bufferDistance,
            exhaustiveLimit: exhaustiveLimit,
            ratio: ratio,
            refinedMinima: refinedMinima
        )
    }
}
