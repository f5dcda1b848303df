import Analysis
import Regression
import SpatialStatistics

/// Everything that the command computes from a table, before anything is written.
struct RegressionAnalysis {
    /// The model and its table.
    let model: GeographicallyWeightedRegression
    /// The search, nil for a bandwidth that was given.
    let profile: BandwidthProfile?
    /// Scores at every evaluated bandwidth, ascending.
    let curve: [CandidateScore]
    /// The local fit.
    let result: RegressionResult
    /// OLS of the same rows; nil where there are too few.
    let global: GlobalRegression?
    /// Residuals of OLS per row.
    let globalResiduals: [Double]
    /// The residuals of OLS in space.
    let globalPattern: ResidualPattern?
    /// The residuals of the local fit in space.
    let localPattern: ResidualPattern
    /// Overall level of the tests.
    let alpha: Double

    /// What the bandwidth is: `interior`, `lower_bound`, `upper_bound`, or `given`.
    var state: String { profile?.state.rawValue ?? "given" }

    /// What is asked of the analysis.
    struct Request {
        var kernel: SpatialKernel
        var metric: DistanceMetric
        var search: BandwidthSearchSettings
        /// The bandwidth, if it is given.
        var bandwidth: Bandwidth?
        var alpha: Double
        var threads: Int
        var instructionSet: InstructionSet
    }

    /// Searches, fits, and looks at the residuals.
    ///
    /// - Throws: `RegressionError`.
    init(
        table: RegressionTable,
        request: Request,
        progress: (String) -> Void
    ) throws(RegressionError) {
        let model = try GeographicallyWeightedRegression(
            table: table,
            kernel: request.kernel,
            metric: request.metric,
            instructionSet: request.instructionSet,
            threadCount: request.threads
        )
        self.model = model
        alpha = request.alpha
        let p = table.parameterCount
        guard model.observationCount > p else {
            throw RegressionError(
                .tooFewObservations,
                "\(model.observationCount) complete rows for \(p) coefficients (the intercept "
                    + "included); legal: more rows than coefficients"
            )
        }
        let first = model.completeRows[0]
        if model.completeRows.allSatisfy({
            table.x[$0] == table.x[first] && table.y[$0] == table.y[first]
        }) {
            throw RegressionError(
                .malformedTable,
                "all \(model.observationCount) complete rows lie at (\(table.x[first]), "
                    + "\(table.y[first])): without distances nothing can be weighed by them"
            )
        }
        if let bandwidth = request.bandwidth {
            profile = nil
            curve = try model.scores(
                of: [bandwidth],
                bufferDistance: request.search.bufferDistance
            )
        } else {
            let found = try model.searchBandwidth(request.search)
            profile = found
            curve = found.curve
        }
        let bandwidth = request.bandwidth ?? curve[0].bandwidth
        let chosen = profile?.bandwidth ?? bandwidth
        progress("bandwidth \(chosen), \(curve.count) evaluated")
        let result = try model.fit(bandwidth: chosen)
        self.result = result
        if result.diagnostics.observationCount == 0 {
            let reasons = result.failureCounts.map(\.failure.explanation)
            throw RegressionError(
                .noAdmissibleBandwidth,
                "no location could be fitted with \(chosen): \(reasons.joined(separator: "; "))"
            )
        }
        progress("fitted \(result.diagnostics.observationCount) locations")
        let global = try? GlobalRegression(table: table)
        self.global = global
        let globalResiduals = global?.residuals(table: table) ?? []
        self.globalResiduals = globalResiduals
        let surroundings = ResidualPattern.Surroundings(model)
        globalPattern = global.map { _ in
            ResidualPattern(
                residuals: globalResiduals,
                model: model,
                surroundings: surroundings
            )
        }
        localPattern = ResidualPattern(
            residuals: result.residuals,
            model: model,
            surroundings: surroundings
        )
    }

    /// Sentences a reader must see, those about the bandwidth first.
    func warnings(input: RegressionInput) -> [String] {
        var sentences: [String] = []
        if let warning = profile?.warning { sentences.append(warning) }
        let p = model.table.parameterCount
        if case .adaptive(let neighbours) = result.bandwidth, neighbours <= p {
            sentences.append(
                "a bandwidth of \(neighbours) neighbours cannot determine \(p) coefficients: some "
                    + "are unidentified everywhere"
            )
        }
        if model.metric == .planar, model.table.coordinatesLookLikeDegrees {
            sentences.append(
                "the coordinates look like degrees, but distances are planar: use --great-circle, "
                    + "or ignore this if they are not"
            )
        }
        if let warning = input.warning { sentences.append(warning) }
        for failure in result.failureCounts where failure.failure != .incompleteRow {
            sentences.append(
                "\(failure.count) locations could not be fitted, the first in row "
                    + "\(failure.firstRow + 1): \(failure.failure.explanation)"
            )
        }
        for gap in result.identificationGaps {
            let share = (1000 * gap.share).rounded() / 10
            sentences.append(
                "'\(gap.termName)' is not identified at \(gap.count) locations (\(share) %), the "
                    + "first in row \(gap.firstRow + 1): it is constant or collinear there, and "
                    + "left out there"
            )
        }
        if let global {
            for (name, coefficient) in zip(global.termNames, global.coefficients)
            where coefficient.isNaN {
                sentences.append("'\(name)' is constant or collinear: OLS leaves it out")
            }
        }
        if !localPattern.isIndependent, let moran = localPattern.moran {
            sentences.append(
                "residual Moran's I is \((1000 * moran.value).rounded() / 1000): standard errors, "
                    + "t values and significance assume independent residuals, which these are not"
            )
        }
        return sentences
    }
}
