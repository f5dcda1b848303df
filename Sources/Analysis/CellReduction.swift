import Lattice
import Regression
import Tiling

/// The ends of the stages `bandwidth`, `fit` and `diagnose`.
struct CellReduction {
    let model: RunModel
    let constants: StageConstants

    init(model: RunModel, constants: [Stage: [UInt8]]) {
        self.model = model
        self.constants = StageConstants(constants)
    }

    /// Reduces the partials of a round.
    func reduce(
        _ stage: Stage,
        _ partials: [(tile: TileID, partial: [UInt8])]
    ) throws -> StageReduction {
        guard let regression = model.cellRegression,
            let observations = try constants.balance().observations
        else {
            throw ReductionError(description: "the model has no regression of cells")
        }
        switch stage {
        case .bandwidth: return try bandwidth(partials, regression, observations)
        case .fit:
            var sum = FitPartial(termCount: regression.parameterCount)
            try forEach(partials) { bytes in
                let part = try FitPartial(encoded: bytes)
                guard part.terms.count == sum.terms.count else { throw Self.foreign }
                sum.merge(part)
            }
            return .finished(
                constants: try ModelCoding.encode(
                    FitConstants(sum, model: regression, observations: observations)
                )
            )
        case .diagnose:
            var sum = ResidualPartial()
            try forEach(partials) { sum.merge(try ResidualPartial(encoded: $0)) }
            let step = Double(regression.spacingCells) * model.grid.cellSizeMetres
            return .finished(
                constants: try ModelCoding.encode(ResidualConstants(sum, stepMetres: step))
            )
        case .prepare, .balance:
            throw ReductionError(description: "'\(stage.rawValue)' is reduced elsewhere")
        }
    }

    private static let foreign = ReductionError(description: "a partial of another model")

    private func forEach(
        _ partials: [(tile: TileID, partial: [UInt8])],
        _ body: ([UInt8]) throws -> Void
    ) throws {
        for (tile, bytes) in partials {
            do { try body(bytes) } catch {
                throw ReductionError(description: "tile \(tile): \(error)")
            }
        }
    }

    private func bandwidth(
        _ partials: [(tile: TileID, partial: [UInt8])],
        _ regression: RegressionModel,
        _ observations: ObservationConstants
    ) throws -> StageReduction {
        var found = try constants.bandwidth()
        if let refusal = observations.refusal {
            found.refusal = refusal
            return .finished(constants: try ModelCoding.encode(found))
        }
        let search = CellBandwidthSearch(
            model: regression,
            observations: observations,
            cellSizeMetres: model.grid.cellSizeMetres
        )
        let candidates = try search.candidates(after: found)
        guard !candidates.isEmpty else {
            throw ReductionError(description: "the bandwidth was chosen before this round")
        }
        var sum = CandidatePartial(candidateCount: candidates.count)
        try forEach(partials) { bytes in
            let part = try CandidatePartial(encoded: bytes)
            guard part.candidates.count == sum.candidates.count else { throw Self.foreign }
            sum.merge(part)
        }
        found.add(candidates, sum)
        guard found.restartCount <= BandwidthConstants.restartLimit else {
            found.refusal =
                "tiles without a result changed between the rounds of the search \(found.restartCount) times: "
                + "\(found.locationCount) of \(observations.observationCount) observations took part "
                + "in the last round, and scores over different observations cannot be compared"
            return .finished(constants: try ModelCoding.encode(found))
        }
        do {
            switch try search.next(after: found) {
            case .evaluate(let candidates):
                found.next = candidates.map(\.value)
                return .anotherRound(constants: try ModelCoding.encode(found))
            case .finished(let profile): choose(profile, in: &found, regression)
            case nil: chooseGiven(candidates[0], in: &found, regression)
            }
        } catch let error as RegressionError {
            found.refusal =
                error.code == .noAdmissibleBandwidth
                ? inadmissible(found, regression) : error.description
        }
        return .finished(constants: try ModelCoding.encode(found))
    }

    /// That no bandwidth serves, in the units of whoever asked for it.
    private func inadmissible(
        _ found: BandwidthConstants,
        _ regression: RegressionModel
    ) -> String {
        let ends = [found.scores.first, found.scores.last].compactMap { score in
            score.map { text(ofBandwidth: $0.value, regression) }
        }
        return
            "none of \(found.scores.count) bandwidths from \(ends.joined(separator: " to ")) gives "
            + "each of the \(found.locationCount) observations a prediction (at the largest "
            + "\(found.scores.last?.failureCount ?? 0) have none)"
    }

    private func text(ofBandwidth value: Double, _ regression: RegressionModel) -> String {
        regression.text(ofBandwidth: value, cellSizeMetres: model.grid.cellSizeMetres)
    }

    private func choose(
        _ profile: BandwidthProfile,
        in found: inout BandwidthConstants,
        _ regression: RegressionModel
    ) {
        choose(profile.best, state: profile.state.rawValue, in: &found, regression)
        found.choice?.searchedMinimum = profile.searchedMinimum
        found.choice?.searchedMaximum = profile.searchedMaximum
        found.choice?.isExhaustive = profile.isExhaustive
        found.choice?.warning = profile.warning
    }

    private func chooseGiven(
        _ bandwidth: Bandwidth,
        in found: inout BandwidthConstants,
        _ regression: RegressionModel
    ) {
        guard let score = found.curve(regression).first, score.rss.isFinite else {
            found.refusal =
                "a bandwidth of \(text(ofBandwidth: bandwidth.value, regression)) leaves "
                + "\(found.scores[0].failureCount) of \(found.locationCount) observations without a "
                + "model"
            return
        }
        choose(score, state: "given", in: &found, regression)
    }

    /// Fixes what follows from a bandwidth; a model with as many effective parameters as observations
    /// has no error variance, and is refused.
    private func choose(
        _ score: CandidateScore,
        state: String,
        in found: inout BandwidthConstants,
        _ regression: RegressionModel
    ) {
        let n = Double(score.locationCount)
        let sigmaSquared = score.rss / (n - score.traceS)
        guard n > score.traceS, sigmaSquared.isFinite else {
            found.refusal =
                "the chosen bandwidth, \(text(ofBandwidth: score.bandwidth.value, regression)), has \(score.traceS) effective "
                + "parameters for \(score.locationCount) observations: no error variance is left"
            return
        }
        let diagnostics = FitDiagnostics(
            observationCount: score.locationCount,
            parameterCount: regression.parameterCount,
            traceS: score.traceS,
            traceSTS: 0,
            rss: score.rss,
            tss: 1,
            squaredLeaveOneOutErrors: nil
        )
        found.next = []
        found.choice = BandwidthConstants.Choice(
            value: score.bandwidth.value,
            state: state,
            searchedMinimum: nil,
            searchedMaximum: nil,
            isExhaustive: false,
            warning: nil,
            sigmaSquared: sigmaSquared,
            traceS: score.traceS,
            correctedAlpha: diagnostics.adjustedAlpha(0.05),
            criticalT: diagnostics.criticalT(0.05)
        )
    }
}
