package import Analysis
package import Regression

extension PublishingInput {
    /// What the stages of the regression of cells left.
    package struct RegressionResults: Sendable {
        /// The committed fit tiles in tile order.
        package var fitTiles: [CommittedTile]
        /// The planned tiles without a committed fit, in tile order.
        package var missingFitTiles: [MissingTile]
        /// The committed diagnose tiles in tile order.
        package var diagnoseTiles: [CommittedTile]
        /// The planned tiles without a committed diagnosis, in tile order.
        package var missingDiagnoseTiles: [MissingTile]
        /// What the `bandwidth` stage found; nil before its first round is reduced.
        package var bandwidth: BandwidthConstants?
        /// What the `fit` stage found; nil before it is over.
        package var fit: FitConstants?
        /// What the `diagnose` stage found; nil before it is over.
        package var diagnose: ResidualConstants?

        /// The results of a regression of cells.
        package init(
            fitTiles: [CommittedTile],
            missingFitTiles: [MissingTile],
            diagnoseTiles: [CommittedTile],
            missingDiagnoseTiles: [MissingTile],
            bandwidth: BandwidthConstants?,
            fit: FitConstants?,
            diagnose: ResidualConstants?
        ) {
            self.fitTiles = fitTiles
            self.missingFitTiles = missingFitTiles
            self.diagnoseTiles = diagnoseTiles
            self.missingDiagnoseTiles = missingDiagnoseTiles
            self.bandwidth = bandwidth
            self.fit = fit
            self.diagnose = diagnose
        }

        /// Whether every planned tile has both results.
        package var isComplete: Bool { missingFitTiles.isEmpty && missingDiagnoseTiles.isEmpty }
    }

    /// The regression of cells; nil when the run has none, or was published without it.
    package var cellRegression: CellRegression? {
        guard let results = regression, let model = model.cellRegression else { return nil }
        return CellRegression(
            model: model,
            results: results,
            observations: balance?.observations
        )
    }

    /// How many independent values lie behind each layer of the regression: valid area over the square
    /// of the support; empty before the `prepare` stage is over.
    var independentValues: [(layer: String, supportMetres: Double, count: Int)] {
        guard let regression = model.regression, let prepare,
            prepare.layers.count == model.layers.count
        else { return [] }
        return (model.responseLayers + regression.covariateLayers).compactMap { index in
            let layer = model.layers[index]
            let kilometres = layer.facts.supportMetres / 1000
            guard kilometres > 0 else { return nil }
            let count = prepare.layers[index].validAreaKm2 / (kilometres * kilometres)
            return (layer.name, layer.facts.supportMetres, Int(count.rounded()))
        }
    }
}

/// The regression of cells as publishing sees it: the model, its tiles, its constants.
package struct CellRegression: Sendable {
    /// What was asked for.
    package let model: RegressionModel
    /// What the stages left.
    package let results: PublishingInput.RegressionResults
    /// What the observations are; nil before the `balance` stage is over.
    package let observations: ObservationConstants?

    /// The chosen bandwidth and what follows from it; nil where there is none.
    package var choice: BandwidthConstants.Choice? { results.bandwidth?.choice }

    /// Why there is no regression; nil where there is one, or nobody knows yet.
    package var refusal: String? { observations?.refusal ?? results.bandwidth?.refusal }

    /// Whether standard errors may be read as if residuals were independent; false where the
    /// residuals were not examined.
    package var isIndependent: Bool { results.diagnose?.isIndependent ?? false }

    /// Global diagnostics of the local models; nil without any.
    package var diagnostics: FitDiagnostics? {
        guard let fit = results.fit, fit.observationCount > 0 else { return nil }
        return fit.diagnostics(parameterCount: model.parameterCount)
    }

    /// Ordinary least squares on all observations; nil where there are too few.
    package var global: GlobalRegression? { observations?.globalRegression(model) }
}
