/// The whole curve of a bandwidth search, its minimum, and whether that minimum means anything.
package struct BandwidthProfile: Equatable, Sendable {
    /// Where the minimum lies in the searched range.
    package enum State: String, Sendable {
        /// Away from both bounds: an optimum.
        case interior
        /// At the smallest admissible candidate, the one next to it, or on a lattice within a ring of it: no
        /// optimum.
        case lowerBound = "lower_bound"
        /// At the largest admissible candidate, the one next to it, or on a lattice within a ring of it: no
        /// optimum.
        case upperBound = "upper_bound"
    }

    /// The bandwidths that lie more than a ring of a lattice away from both bounds.
    package struct Interior: Equatable, Sendable {
        /// They are larger than this.
        package var after: Double
        /// They are smaller than this.
        package var before: Double
    }

    /// What the bandwidth was chosen by.
    package let criterion: BandwidthCriterion
    /// Every evaluated candidate, ascending.
    package let curve: [CandidateScore]
    /// Position in `curve` of the smallest value; equal values: the smallest bandwidth.
    package let bestIndex: Int
    /// Whether the minimum is interior; anything else deserves a warning wherever it is shown.
    package let state: State
    /// Smallest candidate searched.
    package let searchedMinimum: Double
    /// Largest candidate searched.
    package let searchedMaximum: Double
    /// Whether every integer of the range was evaluated; false for ladders and fixed distances.
    package let isExhaustive: Bool
    /// Number of locations that every score is over.
    package let locationCount: Int
    /// Distance of the buffer of `bcv`, if one was given.
    package let bufferDistance: Double?

    /// The chosen candidate's scores.
    package var best: CandidateScore { curve[bestIndex] }
    /// The chosen bandwidth.
    package var bandwidth: Bandwidth { best.bandwidth }
    /// Number of candidates that could not be evaluated on all locations, for this criterion.
    package var inadmissibleCount: Int {
        curve.count { !$0.value(of: criterion).isFinite }
    }

    /// A sentence for wherever the bandwidth is shown; nil for an interior minimum.
    package var warning: String? {
        switch state {
        case .interior: nil
        case .lowerBound:
            "\(criterion.rawValue) falls towards the smallest bandwidth searched "
                + "(\(searchedMinimum)): \(bandwidth) is the bound, not an optimum"
        case .upperBound:
            "\(criterion.rawValue) falls towards the largest bandwidth searched "
                + "(\(searchedMaximum)): \(bandwidth) is the bound, not an optimum"
        }
    }

    /// Finds the minimum of a curve.
    ///
    /// `scan` holds the candidates that defined the range, ascending; refinements between them may
    /// add to the curve but do not move the bounds. `interior` is nil for observations that lie anywhere.
    ///
    /// - Throws: `noAdmissibleBandwidth` if no candidate can be evaluated on all locations.
    package init(
        criterion: BandwidthCriterion,
        curve unsorted: [CandidateScore],
        scan: [Double],
        isExhaustive: Bool,
        bufferDistance: Double?,
        interior: Interior? = nil
    ) throws(RegressionError) {
        self.criterion = criterion
        curve = unsorted.sorted { $0.bandwidth.value < $1.bandwidth.value }
        self.isExhaustive = isExhaustive
        self.bufferDistance = bufferDistance
        locationCount = curve.first?.locationCount ?? 0
        searchedMinimum = scan.first ?? .nan
        searchedMaximum = scan.last ?? .nan
        guard let best = Self.minimum(of: curve, criterion) else {
            let failures = curve.last?.failureCount ?? 0
            throw RegressionError(
                .noAdmissibleBandwidth,
                "none of \(curve.count) bandwidths from \(searchedMinimum) to \(searchedMaximum) "
                    + "can be scored by \(criterion.rawValue) on all \(locationCount) locations "
                    + "(\(failures) fail at the largest)"
            )
        }
        bestIndex = best
        let scanned = Set(scan)
        let admissible = curve.filter {
            $0.value(of: criterion).isFinite && scanned.contains($0.bandwidth.value)
        }.map(\.bandwidth.value)
        let value = curve[best].bandwidth.value
        if admissible.count < 2 || value <= max(admissible[1], interior?.after ?? 0) {
            state = .lowerBound
        } else if value >= min(admissible[admissible.count - 2], interior?.before ?? .infinity) {
            state = .upperBound
        } else {
            state = .interior
        }
    }

    /// Position of the smallest finite value, the first of equals.
    static func minimum(of curve: [CandidateScore], _ criterion: BandwidthCriterion) -> Int? {
        var best: Int?
        for index in curve.indices {
            let value = curve[index].value(of: criterion)
            guard value.isFinite else { continue }
            if let current = best, curve[current].value(of: criterion) <= value { continue }
            best = index
        }
        return best
    }
}
