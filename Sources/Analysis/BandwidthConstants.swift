import Lattice
package import Regression

/// What the rounds of the `bandwidth` stage have found so far.
package struct BandwidthConstants: Hashable, Sendable, Codable {
    /// The sums of one candidate over all observations.
    package struct Score: Hashable, Sendable, Codable {
        /// Neighbour count, or distance in cells.
        package var value: Double
        /// Σ e² over the observations that could be evaluated.
        package var rss: Double
        /// Σ s_ii over the same.
        package var traceS: Double
        /// Σ (e / (1 − s))²; nil where a leverage is 1.
        package var squaredLeaveOneOutErrors: Double?
        /// Σ of squared errors of the buffered predictions; nil where one is missing.
        package var squaredBufferedErrors: Double?
        /// Observations that could not be evaluated.
        package var failureCount: Int

        init(value: Double, _ sum: CandidateSum) {
            self.value = value
            rss = sum.squaredResiduals.value
            traceS = sum.leverages.value
            squaredLeaveOneOutErrors =
                sum.saturationCount == 0 ? sum.squaredLeaveOneOutErrors.value : nil
            squaredBufferedErrors =
                sum.bufferedFailureCount == 0 ? sum.squaredBufferedErrors.value : nil
            failureCount = sum.failureCount
        }
    }

    /// The bandwidth that was chosen.
    package struct Choice: Hashable, Sendable, Codable {
        /// Neighbour count, or distance in cells.
        package var value: Double
        /// `given`, or the state of the minimum: interior, lower_bound, upper_bound.
        package var state: String
        /// Bounds of what was searched, in the same unit; nil for a given bandwidth.
        package var searchedMinimum: Double?
        /// See above.
        package var searchedMaximum: Double?
        /// Whether every neighbour count between them was evaluated.
        package var isExhaustive: Bool
        /// What the bound means, for wherever the bandwidth is shown; nil for an interior minimum.
        package var warning: String?
        /// RSS / (n − tr S).
        package var sigmaSquared: Double
        /// Σ s_ii: the effective number of parameters.
        package var traceS: Double
        /// α per test after the correction for α = 0.05 (da Silva & Fotheringham 2016).
        package var correctedAlpha: Double
        /// |t| beyond which a coefficient is significant at it.
        package var criticalT: Double

        /// A choice and what follows from it.
        package init(
            value: Double,
            state: String,
            searchedMinimum: Double?,
            searchedMaximum: Double?,
            isExhaustive: Bool,
            warning: String?,
            sigmaSquared: Double,
            traceS: Double,
            correctedAlpha: Double,
            criticalT: Double
        ) {
            self.value = value
            self.state = state
            self.searchedMinimum = searchedMinimum
            self.searchedMaximum = searchedMaximum
            self.isExhaustive = isExhaustive
            self.warning = warning
            self.sigmaSquared = sigmaSquared
            self.traceS = traceS
            self.correctedAlpha = correctedAlpha
            self.criticalT = criticalT
        }
    }

    /// Most candidates of one round.
    package static let candidateLimit = 1024

    /// Most times that all candidates are scored again because other observations took part.
    package static let restartLimit = 3

    /// Number of observations that every score is over.
    package var locationCount = 0
    /// Times that scores over other observations were dropped.
    package var restartCount = 0
    /// All candidates so far, ascending.
    package var scores: [Score] = []
    /// How complete the neighbourhoods of all rounds were.
    package var certificates = CertificateCount()
    /// Rounds so far.
    package var roundCount = 0
    /// The candidates of the next round, ascending; the first round's follow from the model alone.
    ///
    /// They are told, not worked out by each worker: logarithms may differ between machines.
    package var next: [Double] = []
    /// What was chosen; nil while rounds follow.
    package var choice: Choice?
    /// Why nothing can be chosen; nil where something can.
    package var refusal: String?

    /// Nothing evaluated.
    package init() {}

    /// The scores as the regression library has them.
    package func curve(_ model: RegressionModel) -> [CandidateScore] {
        scores.map { score in
            CandidateScore(
                bandwidth: model.bandwidth(of: score.value),
                locationCount: locationCount,
                rss: score.rss,
                traceS: score.traceS,
                squaredLeaveOneOutErrors: score.squaredLeaveOneOutErrors,
                squaredBufferedErrors: score.squaredBufferedErrors,
                hasBuffer: true,
                failureCount: score.failureCount
            )
        }
    }

    /// The chosen bandwidth with its unit; nil before it is chosen.
    package func chosen(_ model: RegressionModel) -> Bandwidth? {
        choice.map { model.bandwidth(of: $0.value) }
    }

    /// Adds a round.
    ///
    /// Scores are comparable only over the same observations: where a tile was lost, or came back, between
    /// two rounds, the scores before are dropped, and the search asks for them again.
    package mutating func add(_ candidates: [Bandwidth], _ partial: CandidatePartial) {
        if roundCount > 0, partial.locationCount != locationCount {
            scores = []
            restartCount += 1
        }
        locationCount = partial.locationCount
        certificates.merge(partial.certificates)
        roundCount += 1
        scores += zip(candidates, partial.candidates).map { Score(value: $0.value, $1) }
        scores.sort { $0.value < $1.value }
    }
}

/// The search for the bandwidth of cells: the same rule for the workers, which evaluate, and for the
/// coordinator, which decides.
package struct CellBandwidthSearch: Sendable {
    private let model: RegressionModel
    private let observations: ObservationConstants
    private let cellSizeMetres: Double

    /// Up to this many neighbour counts a range is searched one by one: on a grid most of them
    /// share a distance.
    private static let exhaustiveLimit = 128
    /// Steps of the ladder of neighbour counts and of distances.
    private static let ratio = 1.02

    /// The search of a model whose observations are known.
    package init(
        model: RegressionModel,
        observations: ObservationConstants,
        cellSizeMetres: Double
    ) {
        self.model = model
        self.observations = observations
        self.cellSizeMetres = cellSizeMetres
    }

    /// The candidates of the round after those that are known; empty when nothing is left to do.
    package func candidates(after constants: BandwidthConstants) throws -> [Bandwidth] {
        if constants.roundCount > 0 { return constants.next.map { model.bandwidth(of: $0) } }
        guard case .evaluate(let candidates) = try next(after: constants) else { return [] }
        return candidates
    }

    /// What follows from the rounds so far.
    ///
    /// A given bandwidth is evaluated once, for σ² and the effective number of parameters.
    ///
    /// - Throws: `noAdmissibleBandwidth` where no candidate can be scored on all observations.
    package func next(
        after constants: BandwidthConstants
    ) throws(RegressionError) -> BandwidthSchedule.Step? {
        switch model.bandwidth {
        case .neighbours(let count):
            constants.roundCount == 0 ? .evaluate([.adaptive(neighbours: count)]) : nil
        case .metres(let metres):
            constants.roundCount == 0
                ? .evaluate([.fixed(distance: metres / cellSizeMetres)]) : nil
        case .search(let isAdaptive, let criterion, let minimum, let maximum):
            limited(
                try schedule(isAdaptive, criterion, minimum, maximum)
                    .next(after: constants.curve(model))
            )
        }
    }

    private func limited(_ step: BandwidthSchedule.Step) -> BandwidthSchedule.Step {
        guard case .evaluate(let candidates) = step else { return step }
        return .evaluate(Array(candidates.prefix(BandwidthConstants.candidateLimit)))
    }

    private func schedule(
        _ isAdaptive: Bool,
        _ criterion: BandwidthCriterion,
        _ minimum: Double?,
        _ maximum: Double?
    ) -> BandwidthSchedule {
        BandwidthSchedule(
            criterion: criterion,
            isAdaptive: isAdaptive,
            range: isAdaptive ? neighbourRange(minimum, maximum) : distanceRange(minimum, maximum),
            bufferDistance: model.bufferMetres / cellSizeMetres,
            exhaustiveLimit: Self.exhaustiveLimit,
            ratio: Self.ratio,
            refinedMinima: 3,
            shells: LatticeShells(spacing: Double(model.spacingCells))
        )
    }

    private func neighbourRange(
        _ minimum: Double?,
        _ maximum: Double?
    ) -> BandwidthSchedule.Range {
        let n = Double(observations.observationCount)
        let p = Double(model.parameterCount)
        let low = minimum ?? min(n, n > 40 + 2 * p ? 40 + 2 * p : 2 * p + 2)
        if let maximum {
            return .init(minimum: low, maximum: max(low, maximum), limit: max(low, maximum))
        }
        return .init(minimum: low, maximum: min(n, max(512, 4 * low)), limit: n)
    }

    /// Distances in cells: from one step of the lattice to the diagonal of the grid.
    private func distanceRange(
        _ minimum: Double?,
        _ maximum: Double?
    ) -> BandwidthSchedule.Range {
        let spacing = Double(model.spacingCells)
        let low = minimum.map { $0 / cellSizeMetres } ?? spacing
        let rows = Double(observations.pyramid.gridRows)
        let columns = Double(observations.pyramid.gridColumns)
        let diagonal = max(2 * low, (rows * rows + columns * columns).squareRoot())
        if let maximum {
            let high = max(low, maximum / cellSizeMetres)
            return .init(minimum: low, maximum: high, limit: high)
        }
        // About 512 observations on a full lattice.
        let first = min(diagonal, max(2 * low, spacing * 12.8))
        return .init(minimum: low, maximum: first, limit: diagonal)
    }
}
