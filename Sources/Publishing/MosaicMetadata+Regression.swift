import Analysis
import CarbonBalance
import Lattice
import RasterIO

extension MosaicMetadata {
    /// Items of a mosaic of the regression: its provenance, then what was regressed how.
    func dataset(
        title: String,
        regression: CellRegression
    ) -> [MetadataItem] {
        let told = RegressionStatements(input, regression)
        let choice = regression.choice
        let grid = input.model.grid
        let step = Double(regression.model.spacingCells) * grid.cellSizeMetres
        let isSearched = told.criterion != nil
        let items: [(String, String?)] = [
            ("REGRESSION_RESPONSE", told.response),
            ("REGRESSION_FORMULA", told.responseFormula),
            ("REGRESSION_TERMS", regression.model.termNames.joined(separator: ",")),
            ("KERNEL", told.kernel),
            ("BANDWIDTH", told.bandwidth),
            ("BANDWIDTH_STATE", told.state),
            ("BANDWIDTH_WARNING", told.boundWarning),
            ("BANDWIDTH_CRITERION", told.criterion),
            ("BUFFER_M", isSearched ? "\(regression.model.bufferMetres)" : nil),
            ("OBSERVATION_SPACING_M", "\(step)"),
            ("OBSERVATIONS", regression.observations.map { "\($0.observationCount)" }),
            ("SIGMA2", choice.map { "\($0.sigmaSquared)" }),
            ("TR_S", choice.map { "\($0.traceS)" }),
            ("CORRECTED_ALPHA", choice.map { "\($0.correctedAlpha)" }),
            ("CRITICAL_T", choice.map { "\($0.criticalT)" }),
            ("RESIDUAL_MORAN_I", regression.results.diagnose?.local.moranI.map { "\($0)" }),
            ("INFERENCE", told.inference),
            ("REFUSAL", told.refusal),
        ]
        var result = dataset(title: title)
        result += items.compactMap { key, value in value.map { deficitItem(key, $0) } }
        for (index, term) in told.circular.enumerated() {
            result.append(
                deficitItem("CIRCULARITY_\(index + 1)", term.flag(response: told.response))
            )
        }
        return result
    }

    /// Items of a band of the regression.
    ///
    /// Of a band only the default domain survives the copy into a COG.
    func band(_ band: RegressionBands.Band, _ regression: CellRegression) -> [MetadataItem] {
        let told = RegressionStatements(input, regression)
        let kind = input.model.mainSink
        var items: [(String, String?)] = [
            ("LONG_NAME", band.description),
            ("RESPONSE", told.response),
            ("RESPONSE_FORMULA", told.responseFormula),
            ("KERNEL", told.kernel),
            ("BANDWIDTH", told.bandwidth),
            ("BANDWIDTH_STATE", told.state),
            ("BANDWIDTH_WARNING", told.boundWarning),
            ("REFUSAL", told.refusal),
            ("SIGMA2", regression.choice.map { "\($0.sigmaSquared)" }),
            ("N", regression.observations.map { "\($0.observationCount)" }),
        ]
        if case .variant = regression.model.response {
            items += [("SINK_KIND", kind.rawValue), ("SINK_CAPTION", kind.caption)]
        }
        if let term = band.term { items += self.items(ofTerm: term, told, regression) }
        if case .fit(let content) = band.source {
            switch content {
            case .standardError, .tValue, .significance:
                items.append(
                    ("ASSUMPTION", told.isConditional ? "assumes independent residuals" : nil)
                )
                items.append(("INFERENCE", told.inference))
            default: break
            }
            if case .significance = content {
                items += [
                    ("CORRECTED_ALPHA", regression.choice.map { "\($0.correctedAlpha)" }),
                    ("CRITICAL_T", regression.choice.map { "\($0.criticalT)" }),
                ]
            }
        }
        return items.compactMap { key, value in
            value.map { MetadataItem(key: key, value: $0) }
        }
    }

    /// What is known of a term's column; the intercept has none.
    private func items(
        ofTerm term: Int,
        _ told: RegressionStatements,
        _ regression: CellRegression
    ) -> [(String, String?)] {
        var items: [(String, String?)] = [("TERM", regression.model.termNames[term])]
        guard term > 0 else { return items }
        let covariate = regression.model.covariates[term - 1]
        let observations = regression.observations
        items += [
            ("COLUMN_UNIT", covariate.unit),
            ("COLUMN_TRANSFORM", covariate.transform.rawValue),
            ("COLUMN_MEAN", observations.map { "\($0.means[term - 1])" }),
            ("COLUMN_SD", observations.map { "\($0.standardDeviation(term - 1))" }),
        ]
        let circular = told.circular.first { $0.term == covariate.name }
        items.append(("CIRCULAR", circular?.flag(response: told.response)))
        return items
    }

    private func deficitItem(_ key: String, _ value: String) -> MetadataItem {
        MetadataItem(domain: MetadataItem.deficitDomain, key: key, value: value)
    }
}
