import Analysis
import CarbonBalance
import Lattice
import Regression

/// The content of `tables/model.json`: the regression of the zones and that of the cells.
struct RunModelDocument {
    let input: PublishingInput
    /// The regression on the zones; nil where the run has none.
    let zones: Result<ZoneRegression, ZoneRegression.Refusal>?
    /// Minimum, quartiles and maximum of the coefficients of cells, by term; empty without any.
    let quantiles: [[Double]]

    /// Overall level of the tests of cells.
    static let alpha = 0.05

    /// The document as UTF-8 JSON with sorted keys; what is not finite is null.
    ///
    /// - Throws: an `EncodingError`, never with valid input.
    func encoded() throws -> [UInt8] {
        let document: JSONValue = [
            "run": .text(input.facts.runID),
            "zone": zoneObject,
            "cell": cellObject,
            "circularity": .array(
                input.model.circularTerms.map { term in
                    [
                        "term": .text(term.term),
                        "shared": .array(term.ancestors.map { .text($0) }),
                    ]
                }
            ),
            "independent_values": .object(
                Dictionary(
                    input.independentValues.map { ($0.layer, .integer($0.count)) },
                    uniquingKeysWith: { first, _ in first }
                )
            ),
            "sink_caption": .optional(input.model.mainSink.caption),
        ]
        return try document.encoded()
    }

    // MARK: Zones

    private var zoneObject: JSONValue {
        guard let zones else { return .null }
        switch zones {
        case .failure(let refusal): return ["refusal": .text(refusal.description)]
        case .success(let zones): return object(of: zones)
        }
    }

    private func object(of zones: ZoneRegression) -> JSONValue {
        let result = zones.result
        let isIndependent = zones.localPattern.isIndependent
        var local = ModelVocabulary.object(of: result.diagnostics, alpha: ZoneRegression.alpha)
        local["bandwidth"] = .integer(Int(result.bandwidth.value))
        local["bandwidth_unit"] = "neighbours"
        local["state"] = .text(zones.profile.state.rawValue)
        local["criterion"] = .text(zones.profile.criterion.rawValue)
        local["criterion_note"] =
            "AICc over mgwr's default range; buffered cross-validation is for cells"
        local["searched_minimum"] = .optional(zones.profile.searchedMinimum)
        local["searched_maximum"] = .optional(zones.profile.searchedMaximum)
        local["every_candidate"] = .boolean(zones.profile.isExhaustive)
        local["coefficients"] = ModelVocabulary.coefficients(
            result,
            alpha: ZoneRegression.alpha,
            isIndependent: isIndependent
        )
        local["not_fitted"] = ModelVocabulary.failures(result)
        local["residuals"] = ModelVocabulary.object(of: zones.localPattern)
        local["inference"] = .text(
            ModelVocabulary.inference(
                moranI: zones.localPattern.moranI,
                places: "zones"
            )
        )
        var object: [String: JSONValue] = [
            "response": .text(zones.responseName),
            "response_unit": .text(zones.responseUnit),
            "predictors": .array(zones.model.table.predictorNames.map { .text($0) }),
            "kernel": .text(zones.model.kernel.rawValue),
            "zones": .integer(zones.model.table.rowCount),
            "observations": .integer(zones.model.observationCount),
            "gwr": .object(local),
            "warnings": .array(zones.warnings.map { .text($0) }),
        ]
        if let global = zones.global {
            var least = ModelVocabulary.object(of: global)
            least["residuals"] =
                zones.globalPattern.map { ModelVocabulary.object(of: $0) } ?? .null
            object["ols"] = .object(least)
            object["comparison"] = ModelVocabulary.object(
                of: ModelComparison(global: global, local: result.diagnostics)
            )
        }
        return .object(object)
    }

    // MARK: Cells

    private var cellObject: JSONValue {
        guard let cells = input.cellRegression else { return .null }
        let told = RegressionStatements(input, cells)
        let size = input.model.grid.cellSizeMetres
        var object: [String: JSONValue] = [
            "response": .text(told.response),
            "response_formula": .text(told.responseFormula),
            "predictors": .array(cells.model.covariates.map { .text($0.name) }),
            "kernel": .text(told.kernel),
            "refusal": .optional(cells.refusal),
            "observation_spacing_m": .number(Double(cells.model.spacingCells) * size),
            "locations": .optional(cells.observations?.locationCount),
            "observations": .optional(cells.observations?.observationCount),
            "cells": .optional(fittedCount(cells)),
            "status_counts": .object(statusCounts(cells)),
            "certificates": cells.certificates,
            "warnings": .array(told.warnings.map { .text($0) }),
        ]
        if let global = cells.global {
            var least = ModelVocabulary.object(of: global)
            least["residuals"] =
                cells.results.diagnose.map { ModelVocabulary.object(of: $0.global) } ?? .null
            object["ols"] = .object(least)
            // Two models of different observations are no comparison.
            if let local = cells.diagnostics, local.observationCount == global.observationCount {
                object["comparison"] = ModelVocabulary.object(
                    of: ModelComparison(global: global, local: local)
                )
            }
        }
        object["gwr"] = localObject(cells, told)
        let noise = nullObject(cells)
        if !noise.isEmpty { object["null_covariates"] = .array(noise) }
        return .object(object)
    }

    private func fittedCount(_ cells: CellRegression) -> Int? { cells.results.fit?.fittedCount }

    private func statusCounts(_ cells: CellRegression) -> [String: JSONValue] {
        Dictionary(
            (cells.results.fit?.statusCounts ?? []).map { ("\($0.code)", .integer($0.cells)) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    private func localObject(_ cells: CellRegression, _ told: RegressionStatements) -> JSONValue {
        guard let choice = cells.choice else { return .null }
        let unit = cells.model.isAdaptive ? 1 : input.model.grid.cellSizeMetres
        var object =
            cells.diagnostics.map { ModelVocabulary.object(of: $0, alpha: Self.alpha) } ?? [:]
        let isSearched = told.criterion != nil
        object["bandwidth"] =
            cells.model.isAdaptive ? .integer(Int(choice.value)) : .number(choice.value * unit)
        object["bandwidth_unit"] = cells.model.isAdaptive ? "neighbours" : "m"
        object["state"] = .text(choice.state)
        object["criterion"] = .optional(told.criterion)
        object["buffer_m"] = isSearched ? .number(cells.model.bufferMetres) : .null
        object["searched_minimum"] = .optional(choice.searchedMinimum.map { $0 * unit })
        object["searched_maximum"] = .optional(choice.searchedMaximum.map { $0 * unit })
        object["every_candidate"] = .boolean(choice.isExhaustive)
        object["evaluated"] = .optional(cells.results.bandwidth?.scores.count)
        object["sigma2"] = .number(choice.sigmaSquared)
        // The level and the critical value that the bands of errors and significance went by.
        object["corrected_alpha"] = .optional(choice.correctedAlpha)
        object["critical_t"] = .optional(choice.criticalT)
        let chosen = cells.results.bandwidth?.curve(cells.model)
            .first { $0.bandwidth.value == choice.value }
        object["bcv"] = .optional(chosen?.bcv)
        object["inference"] = .text(told.inference)
        object["coefficients"] = .array(coefficients(cells))
        if let diagnose = cells.results.diagnose {
            object["residuals"] = ModelVocabulary.object(of: diagnose.local)
            object["response_pattern"] = ModelVocabulary.object(of: diagnose.response)
        }
        return .object(object)
    }

    private func coefficients(_ cells: CellRegression) -> [JSONValue] {
        let bands = FitBands(model: input.model, regression: cells.model)
        return (cells.results.fit?.terms ?? []).enumerated().map { index, term in
            var object = ModelVocabulary.object(
                ofTerm: term.name,
                mean: term.mean,
                standardDeviation: term.standardDeviation,
                quantiles: index < quantiles.count ? quantiles[index] : []
            )
            let identified = max(1, term.identifiedCount)
            let fitted = max(1, term.identifiedCount + term.unidentifiedCount)
            object["unit"] = .text(bands.bands[bands.index(of: .coefficient(index))].unit)
            object["identified"] = .integer(term.identifiedCount)
            object["unidentified"] = .integer(term.unidentifiedCount)
            object["unidentified_share"] =
                .number(Double(term.unidentifiedCount) / Double(fitted))
            object["first_unidentified_cell"] =
                term.firstUnidentified.map { .array($0.map { .integer($0) }) } ?? .null
            object["unstable_share"] = .number(Double(term.unstableCount) / Double(identified))
            if cells.isIndependent {
                object["significant_share"] =
                    .number(Double(term.significantCount) / Double(identified))
            }
            return .object(object)
        }
    }

    /// How often fields of smooth noise come out significant.
    private func nullObject(_ cells: CellRegression) -> [JSONValue] {
        zip(cells.model.covariates, (cells.results.fit?.terms ?? []).dropFirst())
            .filter { $0.0.layer == nil }
            .map { covariate, term in
                [
                    "term": .text(covariate.name),
                    "false_positive_share": .optional(
                        Double(term.significantCount) / Double(term.identifiedCount)
                    ),
                ]
            }
    }
}

extension CellRegression {
    /// How complete the neighbourhoods of each stage were; `uncertified` is 0 in every finished run.
    var certificates: JSONValue {
        func object(_ count: CertificateCount?) -> JSONValue {
            guard let count else { return .null }
            return [
                "certified": .integer(count.certified),
                "uncertified": .integer(count.uncertified),
                "growths": .integer(count.growths),
            ]
        }
        return [
            "bandwidth": object(results.bandwidth?.certificates),
            "fit": object(results.fit?.certificates),
            "diagnose": object(results.diagnose?.certificates),
        ]
    }
}
