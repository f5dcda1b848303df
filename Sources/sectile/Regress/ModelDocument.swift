import Foundation
import Regression
import SpatialStatistics

/// The content of `model.json`.
struct ModelDocument {
    /// What was computed.
    let analysis: RegressionAnalysis
    /// What it was computed from.
    let input: RegressionInput
    /// The table's path as it was typed.
    let path: String
    /// Sentences that stand first.
    let warnings: [String]
    /// Versions of the program and its libraries.
    let software: [(name: String, version: String)]

    /// Marks a directory as written by this command.
    static let command = "sectile regress"

    /// The document as UTF-8 JSON, keys sorted; what is not finite is null.
    func encoded() throws -> Data {
        try JSONSerialization.data(
            withJSONObject: object,
            options: [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        ) + Data("\n".utf8)
    }

    private var model: GeographicallyWeightedRegression { analysis.model }
    private var result: RegressionResult { analysis.result }

    private var object: [String: Any] {
        var object: [String: Any] = [
            "command": Self.command,
            "input": inputObject,
            "response": model.table.responseName,
            "predictors": model.table.predictorNames,
            "kernel": model.kernel.rawValue,
            "distance": model.metric == .planar
                ? "planar, in the unit of the coordinates"
                : "great circle on a sphere of radius 6371000 m, in metres",
            "instruction_set": model.instructionSet.rawValue,
            "threads": model.threadCount,
            "bandwidth": bandwidthObject,
            "gwr": localObject,
            "warnings": warnings,
            "software": Dictionary(uniqueKeysWithValues: software.map { ($0.name, $0.version) }),
        ]
        object["ols"] = globalObject
        object["comparison"] = comparisonObject
        return object
    }

    private var inputObject: [String: Any] {
        [
            "path": path,
            "rows": model.table.rowCount,
            "observations": model.observationCount,
            "incomplete_rows": input.incompleteRows.count,
            "first_incomplete_rows": Array(input.incompleteRows.prefix(20)),
            "missing_by_column": Dictionary(uniqueKeysWithValues: input.gaps.map { ($0.0, $0.1) }),
        ]
    }

    private var bandwidthObject: [String: Any] {
        let isAdaptive = result.bandwidth.isAdaptive
        let distances = result.bandwidthDistance.filter(\.isFinite).sorted()
        var object: [String: Any] = [
            "type": isAdaptive ? "adaptive" : "fixed",
            "value": value(of: result.bandwidth),
            "unit": isAdaptive
                ? "neighbours" : model.metric == .planar ? "coordinate unit" : "metres",
            "state": analysis.state,
            "evaluated": analysis.curve.count,
            "median_distance": number(distances.isEmpty ? .nan : distances[distances.count / 2]),
        ]
        if let profile = analysis.profile {
            object["criterion"] = profile.criterion.rawValue
            object["searched_minimum"] = number(profile.searchedMinimum)
            object["searched_maximum"] = number(profile.searchedMaximum)
            object["every_candidate"] = profile.isExhaustive
            object["inadmissible"] = profile.inadmissibleCount
            object["locations"] = profile.locationCount
            object["buffer"] = number(profile.bufferDistance ?? .nan)
        }
        return object
    }

    private var localObject: [String: Any] {
        let diagnostics = result.diagnostics
        let chosen = analysis.curve.first { $0.bandwidth == result.bandwidth }
        var object: [String: Any] = [
            "bandwidth": value(of: result.bandwidth),
            "state": analysis.state,
            "n": diagnostics.observationCount,
            "p": diagnostics.parameterCount,
            "aicc": number(diagnostics.criteria.aicc),
            "aic": number(diagnostics.criteria.aic),
            "bic": number(diagnostics.criteria.bic),
            "minus2ll": number(diagnostics.criteria.minusTwoLogLikelihood),
            "cv": number(diagnostics.cv),
            "bcv": number(chosen?.bcv ?? .nan),
            "rss": number(diagnostics.rss),
            "tss": number(diagnostics.tss),
            "sigma2": number(diagnostics.sigmaSquared),
            "sigma2_v1v2": number(diagnostics.sigmaSquaredTwoTraces),
            "tr_s": number(diagnostics.traceS),
            "tr_sts": number(diagnostics.traceSTS),
            "enp": number(diagnostics.traceS),
            "r2": number(diagnostics.rSquared),
            "adjusted_r2": number(diagnostics.adjustedRSquared),
            "alpha": analysis.alpha,
            "corrected_alpha": number(diagnostics.adjustedAlpha(analysis.alpha)),
            "critical_t": number(diagnostics.criticalT(analysis.alpha)),
            "coefficients": coefficientObjects,
            "not_fitted": Dictionary(
                uniqueKeysWithValues: result.failureCounts.map { ($0.failure.rawValue, $0.count) }
            ),
            "residuals": object(of: analysis.localPattern),
        ]
        object["inference"] =
            analysis.localPattern.isIndependent
            ? "residual Moran's I is at most \(ResidualPattern.tolerableMoranI)"
            : "assumes independent residuals, which these are not (Moran's I above "
                + "\(ResidualPattern.tolerableMoranI)): no share of significant locations is given"
        return object
    }

    private var coefficientObjects: [[String: Any]] {
        let critical = result.diagnostics.criticalT(analysis.alpha)
        return result.coefficientSummaries.enumerated().map { index, summary in
            let gap = result.identificationGaps.first { $0.termName == summary.termName }
            var object: [String: Any] = [
                "term": summary.termName,
                "mean": number(summary.mean),
                "sd": number(summary.standardDeviation),
                "min": number(summary.quantiles[0]),
                "lower_quartile": number(summary.quantiles[1]),
                "median": number(summary.quantiles[2]),
                "upper_quartile": number(summary.quantiles[3]),
                "max": number(summary.quantiles[4]),
                "identified": summary.count,
                "unidentified": gap?.count ?? 0,
                "first_unidentified_row": gap.map { $0.firstRow + 1 } as Any? ?? NSNull(),
            ]
            if analysis.localPattern.isIndependent, summary.count > 0, critical.isFinite {
                let significant = result.tValues[index].count { abs($0) > critical }
                object["significant_share"] = Double(significant) / Double(summary.count)
            }
            return object
        }
    }

    private var globalObject: Any {
        guard let global = analysis.global else { return NSNull() }
        let test = JarqueBera(residuals: analysis.globalResiduals)
        let terms = global.termNames.indices.map { index -> [String: Any] in
            [
                "term": global.termNames[index],
                "beta": number(global.coefficients[index]),
                "se": number(global.standardErrors[index]),
                "t": number(global.tValues[index]),
                "p": number(global.pValues[index]),
                "vif": index == 0 ? NSNull() : number(global.varianceInflation[index - 1]),
            ]
        }
        return [
            "coefficients": terms,
            "n": global.observationCount,
            "p": global.parameterCount,
            "r2": number(global.rSquared),
            "adjusted_r2": number(global.adjustedRSquared),
            "rss": number(global.rss),
            "sigma2": number(global.sigmaSquared),
            "aicc": number(global.criteria.aicc),
            "aic": number(global.criteria.aic),
            "bic": number(global.criteria.bic),
            "minus2ll": number(global.criteria.minusTwoLogLikelihood),
            "condition_number": number(global.conditionNumber),
            "jarque_bera": ["statistic": number(test.statistic), "p": number(test.pValue)],
            "residuals": analysis.globalPattern.map { object(of: $0) } as Any? ?? NSNull(),
        ] as [String: Any]
    }

    private var comparisonObject: Any {
        guard let global = analysis.global else { return NSNull() }
        let comparison = ModelComparison(global: global, local: result.diagnostics)
        return [
            "aicc_gain": number(comparison.aiccGain),
            "r2_gain": number(comparison.rSquaredGain),
            "rss_improvement": number(comparison.improvement),
            "f": number(comparison.fStatistic),
            "f_df1": number(comparison.globalFreedom - comparison.localFreedom),
            "f_df2": number(comparison.localFreedom),
            "f_p": number(comparison.pValue),
        ] as [String: Any]
    }

    private func object(of pattern: ResidualPattern) -> [String: Any] {
        var object: [String: Any] = [
            "moran_i": number(pattern.moran?.value ?? .nan),
            "moran_expectation": number(pattern.moran?.expectation ?? .nan),
            "moran_z": number(pattern.moran?.zScore ?? .nan),
            "moran_p": number(pattern.moranP),
            "moran_weights": "\(ResidualPattern.neighbourCount) nearest, row-standardised",
        ]
        guard let correlogram = pattern.correlogram else { return object }
        object["effective_observations"] = number(correlogram.effectiveObservationCount)
        object["effective_observations_is_upper_bound"] = correlogram.reachesLastClass
        object["correlogram"] = correlogram.classes.map { item -> [String: Any] in
            [
                "from": item.lower, "to": item.upper, "pairs": item.pairCount,
                "moran_i": number(item.correlation),
            ]
        }
        return object
    }

    private func value(of bandwidth: Bandwidth) -> Any {
        switch bandwidth {
        case .adaptive(let neighbours): neighbours
        case .fixed(let distance): distance
        }
    }

    private func number(_ value: Double) -> Any { value.isFinite ? value : NSNull() }
}
