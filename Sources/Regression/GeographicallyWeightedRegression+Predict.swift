/// Predictions at places that need not be observations.
package struct PredictionResult: Equatable, Sendable {
    /// Why a place has no prediction; nil where it has one.
    package let failures: [FitFailure?]
    /// Bit j is set where coefficient j is unidentified; it then contributes nothing.
    package let unidentifiedTerms: [UInt64]
    /// Predicted responses.
    package let predicted: [Double]
    /// Standard errors of the predicted means: σ √(Σ_j s_j²).
    package let meanStandardErrors: [Double]
    /// Standard errors of a new observation: σ √(1 + Σ_j s_j²).
    package let observationStandardErrors: [Double]
    /// β at each place, one array per term, the intercept first.
    package let coefficients: [[Double]]
    /// Bandwidth as a distance at each place.
    package let bandwidthDistance: [Double]
}

extension GeographicallyWeightedRegression {
    /// Predicts at other places from the observations around them.
    ///
    /// The adaptive bandwidth of a place is the distance to its k-th nearest observation, times the
    /// adaptive factor; the place itself does not count. Terms that the neighbours do not determine
    /// contribute nothing and are flagged.
    ///
    /// `x` and `y` are coordinates as the table has them, `predictors` one array per predictor with
    /// one value per place, `sigmaSquared` the residual variance of the fit at this bandwidth.
    ///
    /// - Throws: `illegalSetting` for a bandwidth outside the data, `malformedTable` for arrays of
    ///   different length.
    package func predict(
        x: [Double],
        y: [Double],
        predictors: [[Double]],
        bandwidth: Bandwidth,
        sigmaSquared: Double
    ) throws(RegressionError) -> PredictionResult {
        try check(bandwidth)
        guard predictors.count == table.predictors.count,
            ([y] + predictors).allSatisfy({ $0.count == x.count })
        else {
            throw RegressionError(
                .malformedTable,
                "places need x, y and \(table.predictors.count) predictors of equal length"
            )
        }
        let pass = PredictionPass(model: self, bandwidth: bandwidth, count: x.count)
        pass.run(
            axes: PreparedDesign.axes(metric: metric, x: x, y: y),
            predictors: predictors,
            threadCount: threadCount
        )
        return pass.result(sigma: sigmaSquared.squareRoot())
    }
}

/// Fits a local model at each place, centred on its nearest observation.
private final class PredictionPass {
    private let model: GeographicallyWeightedRegression
    private let bandwidth: Bandwidth
    private let count: Int
    private let width: Int
    private let values: AlignedBuffer

    private enum Column {
        static let failure = 0
        static let predicted = 1
        static let squaredHatRow = 2
        static let bandwidth = 3
        static let unidentified = 4
        static let terms = 5
    }

    init(model: GeographicallyWeightedRegression, bandwidth: Bandwidth, count: Int) {
        self.model = model
        self.bandwidth = bandwidth
        self.count = count
        width = Column.terms + model.table.parameterCount
        values = AlignedBuffer(scalarCount: width * max(1, count))
    }

    func run(axes: [[Double]], predictors: [[Double]], threadCount: Int) {
        let design = model.design
        let chunkSize = 64
        let chunkCount = (count + chunkSize - 1) / chunkSize
        let lanes = (0..<max(1, min(threadCount, chunkCount))).map { _ in
            unsafe (
                NeighbourSearch(
                    index: design.index,
                    metric: design.metric,
                    kernels: KernelSet.of(model.instructionSet)
                ),
                NeighbourhoodFit(
                    parameterCount: design.parameterCount,
                    variances: design.variances,
                    scales: design.scales,
                    kernel: model.kernel,
                    instructionSet: model.instructionSet
                )
            )
        }
        let places = count
        forEachChunk(chunkCount: chunkCount, threadCount: threadCount) { chunk, lane in
            let (search, fit) = lanes[lane]
            search.restart()
            for place in (chunk * chunkSize)..<min(places, (chunk + 1) * chunkSize) {
                self.predict(
                    place,
                    at: axes.map { $0[place] },
                    predictors: predictors.map { $0[place] },
                    search,
                    fit
                )
            }
        }
    }

    private func set(_ column: Int, _ place: Int, _ value: Double) {
        unsafe values.scalars[place * width + column] = value
    }

    private func predict(
        _ place: Int,
        at point: [Double],
        predictors: [Double],
        _ search: NeighbourSearch,
        _ fit: NeighbourhoodFit
    ) {
        func fail(_ failure: FitFailure) {
            set(
                Column.failure,
                place,
                Double(FitFailure.allCases.firstIndex(of: failure) ?? 0)
            )
        }
        guard (point + predictors).allSatisfy(\.isFinite) else { return fail(.incompleteRow) }
        search.moveTo(point)
        let h = search.findNeighbours(for: bandwidth, kernel: model.kernel)
        set(Column.bandwidth, place, h)
        guard search.count > 0 else { return fail(.noNeighbours) }
        let centre = unsafe Int(search.neighbours[0])
        let failure = unsafe fit.fit(
            model.design.neighbourhood(of: centre, search),
            bandwidth: h,
            includesCollinearity: false
        )
        if let failure { return fail(failure) }
        set(Column.failure, place, -1)
        let (predicted, squaredHatRow) = fit.predict(predictors)
        set(Column.predicted, place, predicted)
        set(Column.squaredHatRow, place, squaredHatRow)
        set(Column.unidentified, place, Double(bitPattern: fit.unidentifiedTerms))
        for term in fit.coefficients.indices {
            set(Column.terms + term, place, fit.coefficients[term])
        }
    }

    func result(sigma: Double) -> PredictionResult {
        func get(_ column: Int, _ place: Int) -> Double {
            unsafe values.scalars[place * width + column]
        }
        let failures = (0..<count).map { place -> FitFailure? in
            let code = get(Column.failure, place)
            return code < 0 ? nil : FitFailure.allCases[Int(code)]
        }
        func column(_ column: Int) -> [Double] {
            failures.indices.map { failures[$0] == nil ? get(column, $0) : .nan }
        }
        let hatRows = column(Column.squaredHatRow)
        return PredictionResult(
            failures: failures,
            unidentifiedTerms: failures.indices.map {
                failures[$0] == nil ? get(Column.unidentified, $0).bitPattern : 0
            },
            predicted: column(Column.predicted),
            meanStandardErrors: hatRows.map { sigma * $0.squareRoot() },
            observationStandardErrors: hatRows.map { sigma * (1 + $0).squareRoot() },
            coefficients: model.table.termNames.indices.map { column(Column.terms + $0) },
            bandwidthDistance: column(Column.bandwidth)
        )
    }
}
