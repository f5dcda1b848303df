package import Analysis
package import Regression
import SpatialStatistics

/// The words in which every `model.json` tells of a regression, of a table or of a run.
package enum ModelVocabulary {
    /// Ordinary least squares.
    package static func object(of global: GlobalRegression) -> [String: JSONValue] {
        let terms = global.termNames.indices.map { index -> JSONValue in
            [
                "term": .text(global.termNames[index]),
                "beta": .optional(global.coefficients[index]),
                "se": .optional(global.standardErrors[index]),
                "t": .optional(global.tValues[index]),
                "p": .optional(global.pValues[index]),
                "vif": index == 0 ? .null : .optional(global.varianceInflation[index - 1]),
            ]
        }
        return [
            "coefficients": .array(terms),
            "n": .integer(global.observationCount),
            "p": .integer(global.parameterCount),
            "r2": .optional(global.rSquared),
            "adjusted_r2": .optional(global.adjustedRSquared),
            "rss": .optional(global.rss),
            "sigma2": .optional(global.sigmaSquared),
            "aicc": .optional(global.criteria.aicc),
            "aic": .optional(global.criteria.aic),
            "bic": .optional(global.criteria.bic),
            "minus2ll": .optional(global.criteria.minusTwoLogLikelihood),
            "condition_number": .optional(global.conditionNumber),
        ]
    }

    /// Global diagnostics of local models.
    package static func object(
        of diagnostics: FitDiagnostics,
        alpha: Double
    ) -> [String: JSONValue] {
        [
            "n": .integer(diagnostics.observationCount),
            "p": .integer(diagnostics.parameterCount),
            "aicc": .optional(diagnostics.criteria.aicc),
            "aic": .optional(diagnostics.criteria.aic),
            "bic": .optional(diagnostics.criteria.bic),
            "minus2ll": .optional(diagnostics.criteria.minusTwoLogLikelihood),
            "cv": .optional(diagnostics.cv),
            "rss": .optional(diagnostics.rss),
            "tss": .optional(diagnostics.tss),
            "sigma2": .optional(diagnostics.sigmaSquared),
            "sigma2_v1v2": .optional(diagnostics.sigmaSquaredTwoTraces),
            "tr_s": .optional(diagnostics.traceS),
            "tr_sts": .optional(diagnostics.traceSTS),
            "enp": .optional(diagnostics.traceS),
            "r2": .optional(diagnostics.rSquared),
            "adjusted_r2": .optional(diagnostics.adjustedRSquared),
            "alpha": .number(alpha),
            "corrected_alpha": .optional(diagnostics.adjustedAlpha(alpha)),
            "critical_t": .optional(diagnostics.criticalT(alpha)),
        ]
    }

    /// The local coefficients of a term: `quantiles` are minimum, quartiles and maximum.
    package static func object(
        ofTerm name: String,
        mean: Double?,
        standardDeviation: Double?,
        quantiles: [Double]
    ) -> [String: JSONValue] {
        let names = ["min", "lower_quartile", "median", "upper_quartile", "max"]
        var object: [String: JSONValue] = [
            "term": .text(name),
            "mean": .optional(mean),
            "sd": .optional(standardDeviation),
        ]
        for (index, name) in names.enumerated() {
            object[name] = .optional(index < quantiles.count ? quantiles[index] : nil)
        }
        return object
    }

    /// The local coefficients of every term of a table, with the share that is significant where that
    /// may be told.
    ///
    /// Rows are counted from 1, as people count them.
    package static func coefficients(
        _ result: RegressionResult,
        alpha: Double,
        isIndependent: Bool
    ) -> JSONValue {
        let critical = result.diagnostics.criticalT(alpha)
        return .array(
            result.coefficientSummaries.enumerated().map { index, summary in
                let gap = result.identificationGaps.first { $0.termName == summary.termName }
                var object = object(
                    ofTerm: summary.termName,
                    mean: summary.mean,
                    standardDeviation: summary.standardDeviation,
                    quantiles: summary.quantiles
                )
                object["identified"] = .integer(summary.count)
                object["unidentified"] = .integer(gap?.count ?? 0)
                object["first_unidentified_row"] = .optional(gap.map { $0.firstRow + 1 })
                if isIndependent, summary.count > 0, critical.isFinite {
                    let significant = result.tValues[index].count { abs($0) > critical }
                    object["significant_share"] =
                        .number(Double(significant) / Double(summary.count))
                }
                return .object(object)
            }
        )
    }

    /// How errors, t values and significance may be read; `places` are locations, zones or cells, `moranI`
    /// that of their residuals, nil where it is not defined.
    package static func inference(moranI: Double?, places: String) -> String {
        let limit = ResidualConstants.tolerableMoranI
        guard let moranI else {
            return "assumes independent residuals, which could not be examined (Moran's I is not "
                + "defined here): no share of significant \(places) is given"
        }
        return moranI <= limit
            ? "residual Moran's I is at most \(limit)"
            : "assumes independent residuals, which these are not (Moran's I above \(limit)): no "
                + "share of significant \(places) is given"
    }

    /// Reasons for having no local model, with how often each occurs.
    package static func failures(_ result: RegressionResult) -> JSONValue {
        .object(
            Dictionary(
                uniqueKeysWithValues: result.failureCounts.map {
                    ($0.failure.rawValue, .integer($0.count))
                }
            )
        )
    }

    /// What local models gain on ordinary least squares.
    package static func object(of comparison: ModelComparison) -> JSONValue {
        [
            "aicc_gain": .optional(comparison.aiccGain),
            "r2_gain": .optional(comparison.rSquaredGain),
            "rss_improvement": .optional(comparison.improvement),
            "f": .optional(comparison.fStatistic),
            "f_df1": .optional(comparison.globalFreedom - comparison.localFreedom),
            "f_df2": .optional(comparison.localFreedom),
            "f_p": .optional(comparison.pValue),
        ]
    }

    /// Residuals of a table in space.
    package static func object(of pattern: ResidualPattern) -> JSONValue {
        var object: [String: JSONValue] = [
            "moran_i": .optional(pattern.moran?.value),
            "moran_expectation": .optional(pattern.moran?.expectation),
            "moran_z": .optional(pattern.moran?.zScore),
            "moran_p": .optional(pattern.moranP),
            "moran_weights": .text(
                "\(ResidualPattern.neighbourCount) nearest, row-standardised"
            ),
        ]
        if let correlogram = pattern.correlogram {
            object["effective_observations"] = .optional(correlogram.effectiveObservationCount)
            object["effective_observations_is_upper_bound"] =
                .boolean(correlogram.reachesLastClass)
            object["correlogram"] = .array(
                correlogram.classes.map { item in
                    [
                        "from": .number(item.lower), "to": .number(item.upper),
                        "pairs": .integer(item.pairCount),
                        "moran_i": .optional(item.correlation),
                    ]
                }
            )
        }
        return .object(object)
    }

    /// Values of cells in space.
    package static func object(of pattern: ResidualConstants.Pattern) -> JSONValue {
        [
            "moran_i": .optional(pattern.moranI),
            "moran_expectation": .optional(pattern.expectation),
            "moran_z": .optional(pattern.zScore),
            "moran_weights": "queen's neighbours on the lattice of observations, binary",
            "effective_observations": .optional(pattern.effectiveObservationCount),
            "effective_observations_is_upper_bound": .boolean(pattern.isUpperBound),
            "correlogram": .array(
                pattern.classes.map { item in
                    [
                        "from": .number(item.fromMetres), "to": .number(item.toMetres),
                        "pairs": .integer(item.pairCount),
                        "moran_i": .optional(item.correlation),
                    ]
                }
            ),
        ]
    }
}
