import Analysis
import Foundation
import Publishing
import Regression

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
    func encoded() throws -> Data { Data(try JSONValue.object(object).encoded()) }

    private var model: GeographicallyWeightedRegression { analysis.model }
    private var result: RegressionResult { analysis.result }

    private var object: [String: JSONValue] {
        [
            "command": .text(Self.command),
            "input": inputObject,
            "response": .text(model.table.responseName),
            "predictors": .array(model.table.predictorNames.map { .text($0) }),
            "kernel": .text(model.kernel.rawValue),
            "distance": .text(
                model.metric == .planar
                    ? "planar, in the unit of the coordinates"
                    : "great circle on a sphere of radius 6371000 m, in metres"
            ),
            "instruction_set": .text(model.instructionSet.rawValue),
            "threads": .integer(model.threadCount),
            "bandwidth": bandwidthObject,
            "gwr": localObject,
            "ols": globalObject,
            "comparison": analysis.global.map {
                ModelVocabulary.object(
                    of: ModelComparison(global: $0, local: result.diagnostics)
                )
            } ?? .null,
            "warnings": .array(warnings.map { .text($0) }),
            "software": .object(
                Dictionary(
                    uniqueKeysWithValues: software.map { ($0.name, .text($0.version)) }
                )
            ),
        ]
    }

    private var inputObject: JSONValue {
        [
            "path": .text(path),
            "rows": .integer(model.table.rowCount),
            "observations": .integer(model.observationCount),
            "incomplete_rows": .integer(input.incompleteRows.count),
            "first_incomplete_rows": .array(
                input.incompleteRows.prefix(20).map { .integer($0) }
            ),
            "missing_by_column": .object(
                Dictionary(uniqueKeysWithValues: input.gaps.map { ($0.0, .integer($0.1)) })
            ),
        ]
    }

    private var bandwidthObject: JSONValue {
        let isAdaptive = result.bandwidth.isAdaptive
        let distances = result.bandwidthDistance.filter(\.isFinite).sorted()
        var object: [String: JSONValue] = [
            "type": isAdaptive ? "adaptive" : "fixed",
            "value": value(of: result.bandwidth),
            "unit": isAdaptive
                ? "neighbours" : model.metric == .planar ? "coordinate unit" : "metres",
            "state": .text(analysis.state),
            "evaluated": .integer(analysis.curve.count),
            "median_distance": .optional(
                distances.isEmpty ? nil : distances[distances.count / 2]
            ),
        ]
        if let profile = analysis.profile {
            object["criterion"] = .text(profile.criterion.rawValue)
            object["searched_minimum"] = .optional(profile.searchedMinimum)
            object["searched_maximum"] = .optional(profile.searchedMaximum)
            object["every_candidate"] = .boolean(profile.isExhaustive)
            object["inadmissible"] = .integer(profile.inadmissibleCount)
            object["locations"] = .integer(profile.locationCount)
            object["buffer"] = .optional(profile.bufferDistance)
        }
        return .object(object)
    }

    private var localObject: JSONValue {
        let chosen = analysis.curve.first { $0.bandwidth == result.bandwidth }
        let isIndependent = analysis.localPattern.isIndependent
        var object = ModelVocabulary.object(of: result.diagnostics, alpha: analysis.alpha)
        object["bandwidth"] = value(of: result.bandwidth)
        object["state"] = .text(analysis.state)
        object["bcv"] = .optional(chosen?.bcv)
        object["coefficients"] = ModelVocabulary.coefficients(
            result,
            alpha: analysis.alpha,
            isIndependent: isIndependent
        )
        object["not_fitted"] = ModelVocabulary.failures(result)
        object["residuals"] = ModelVocabulary.object(of: analysis.localPattern)
        object["inference"] = .text(
            ModelVocabulary.inference(
                moranI: analysis.localPattern.moranI,
                places: "locations"
            )
        )
        return .object(object)
    }

    private var globalObject: JSONValue {
        guard let global = analysis.global else { return .null }
        let test = JarqueBera(residuals: analysis.globalResiduals)
        var object = ModelVocabulary.object(of: global)
        object["jarque_bera"] = [
            "statistic": .optional(test.statistic), "p": .optional(test.pValue),
        ]
        object["residuals"] = analysis.globalPattern.map { ModelVocabulary.object(of: $0) } ?? .null
        return .object(object)
    }

    private func value(of bandwidth: Bandwidth) -> JSONValue {
        switch bandwidth {
        case .adaptive(let neighbours): .integer(neighbours)
        case .fixed(let distance): .number(distance)
        }
    }
}
