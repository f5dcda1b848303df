import Analysis
import CarbonBalance
import ContentDigest
import Lattice
import RasterIO
import Tiling

/// The content of `run.json`: what was run, with what, and what came out, for machines.
struct RunDocument {
    let input: PublishingInput
    let statements: RunStatements
    let bands: [String: [PublishedBand]]

    /// The document as UTF-8 JSON with sorted keys.
    ///
    /// - Throws: when the effective configuration is no JSON.
    func json() throws -> [UInt8] {
        let facts = input.facts
        let document: JSONValue = [
            "format": "sectile-run",
            "formatVersion": 1,
            "run": [
                "id": .text(facts.runID),
                "name": .text(input.model.name),
                "state": .text(facts.state.rawValue),
                "startedAt": .text(facts.startedAt),
                "finishedAt": .text(facts.finishedAt),
                "planDigest": .text("sha256:\(facts.planDigest)"),
            ],
            "statements": [
                "proxy": .optional(statements.proxy),
                "sink": .optional(statements.sink),
                "incomplete": .optional(statements.incomplete),
                "definitions": .text(statements.definitions),
                "warnings": .array(input.warnings.map { .text($0) }),
            ],
            "configuration": try JSONValue.parse(facts.configuration),
            "grid": grid,
            "formulas": formulas,
            "units": units,
            "inputs": .array(input.inputs.map(Self.object(of:))),
            "software": .object(
                Dictionary(
                    facts.versions.map { ($0.name, JSONValue.text($0.version)) },
                    uniquingKeysWith: { first, _ in first }
                )
            ),
            "host": .object(
                Dictionary(
                    facts.host.map { ($0.label, JSONValue.text($0.text)) },
                    uniquingKeysWith: { first, _ in first }
                )
            ),
            "counts": counts,
            "stages": .array(facts.stages.map(Self.object(of:))),
            "missingTiles": .array(missingTiles),
            "national": national,
            "layers": .array((input.prepare?.layers ?? []).map(Self.object(of:))),
            "layerFacts": .array(input.model.layers.map(\.factsObject)),
            "closure": closure,
            "regression": regression,
            "bands": .object(bands.mapValues { .array($0.map(Self.object(of:))) }),
        ]
        return try document.encoded()
    }

    private var grid: JSONValue {
        let grid = input.model.grid
        return [
            "reference": .text(grid.reference.name),
            "wkt2": .text(grid.reference.wkt),
            "originX": .number(grid.originX),
            "originY": .number(grid.originY),
            "cellSizeMetres": .number(grid.cellSizeMetres),
            "columns": .integer(grid.columns),
            "rows": .integer(grid.rows),
            "cellAreaKm2": .number(grid.cellAreaKm2),
            "tileSizePixels": .integer(input.layout.tileSizePixels),
        ]
    }

    private var formulas: JSONValue {
        .array(
            CityTable.variants(of: input.model).map { variant in
                [
                    "id": .text(variant.id),
                    "title": .text(variant.title),
                    "formula": .text(variant.formula),
                    "unit": .text(variant.unit),
                ]
            }
        )
    }

    private var units: JSONValue {
        [
            "emission": .text(FluxUnit.standardText),
            "sink": .text(FluxUnit.standardText),
            "emissionFloor": .text(FluxUnit.standardText),
            "masses": "tCO2 yr-1",
            "areas": "km2",
        ]
    }

    private var counts: JSONValue {
        let grid = input.model.grid
        return [
            "tiles": .integer(input.tileCount),
            "tilesCommitted": .integer(input.tiles.count),
            "tilesMissing": .integer(input.missingTiles.count),
            "cells": .integer(grid.columns * grid.rows),
            "zones": .integer(input.zones.count),
            "workers": .integer(input.facts.workerCount),
            "retries": .integer(input.facts.retryCount),
        ]
    }

    private var missingTiles: [JSONValue] {
        input.missingTiles.map { tile in
            [
                "tile": .text(tile.id.description),
                "stage": .text(tile.stage.rawValue),
                "message": .text(tile.message),
            ]
        }
    }

    private var national: JSONValue {
        guard let balance = input.balance else { return .null }
        return .array(
            zip(input.model.deficit.pairs.indices, balance.pairs).map { index, pair in
                pairObject(index, pair)
            }
        )
    }

    private func pairObject(_ index: Int, _ pair: PairBalance) -> JSONValue {
        let model = input.model
        let layers = model.deficit.pairs[index]
        let scale = input.prepare?.deficitScales[index]
        var variants: [String: JSONValue] = [:]
        for variant in CityTable.variants(of: model) {
            variants[variant.id] = .optional(
                pair.national.value(of: variant, model: model.deficit, deficitScale: scale)
            )
        }
        return [
            "emissionLayer": .text(model.layers[layers.emissionLayer].name),
            "sinkLayer": .text(model.layers[layers.sinkLayer].name),
            "sinkKind": .text(model.sinkKind(ofPair: index).rawValue),
            "emission_tCO2_yr": .number(pair.national.emission),
            "sink_tCO2_yr": .number(pair.national.sink),
            "area_km2": .number(pair.national.areaKm2),
            "emissionValidShare": .number(pair.national.emissionShare),
            "sinkValidShare": .number(pair.national.sinkShare),
            "cells": .integer(pair.national.cellCount),
            "variants": .object(variants),
            "deficitScale": .optional(scale ?? nil),
            "statusCounts": .object(
                Dictionary(
                    pair.statusCounts.map { (String($0.code), JSONValue.integer($0.cells)) },
                    uniquingKeysWith: { first, _ in first }
                )
            ),
        ]
    }

    private var regression: JSONValue {
        guard let regression = input.cellRegression else { return .null }
        let told = RegressionStatements(input, regression)
        return [
            "bandwidth": .optional(told.bandwidth),
            "bandwidthState": .text(told.state),
            "bandwidthWarning": .optional(told.boundWarning),
            "refusal": .optional(regression.refusal),
            "observations": .optional(regression.observations?.observationCount),
            "locations": .optional(regression.observations?.locationCount),
            "circularity": .array(
                told.circular.map { .text($0.flag(response: told.response)) }
            ),
            "residualMoranI": .optional(regression.results.diagnose?.local.moranI),
            "certificates": regression.certificates,
        ]
    }

    private var closure: JSONValue {
        guard let report = input.closure else { return .null }
        return .array(report.layers.map(Self.object(of:)))
    }

    private static func object(of layer: ClosureReport.Layer) -> JSONValue {
        [
            "layer": .text(layer.name),
            "skipped": .optional(layer.skipped),
            "sourcePixels": .integer(layer.sourcePixels),
            "source_tCO2_yr": .optional(layer.sourceTotal),
            "run_tCO2_yr": .optional(layer.runTotal),
            "difference": .optional(layer.difference),
            "zones": object(of: layer.zones),
            "zonesOver10000km2": object(of: layer.largeZones),
        ]
    }

    private static func object(of zones: ClosureReport.Zones?) -> JSONValue {
        guard let zones else { return .null }
        return [
            "count": .integer(zones.count),
            "medianDifference": .number(zones.median),
            "percentile95Difference": .number(zones.percentile95),
            "worstDifference": .number(zones.worst),
            "worstZone": .text(zones.worstZone),
            "countAbove0.001": .integer(zones.countAbove1e3),
            "countAbove0.01": .integer(zones.countAbove1e2),
        ]
    }

    private static func object(of file: PublishingInput.InputFile) -> JSONValue {
        [
            "use": .text(file.use),
            "path": .text(file.path),
            "bytes": .optional(file.bytes),
            "sha256": .text(file.digest.hexadecimal),
        ]
    }

    private static func object(of layer: LayerTotals) -> JSONValue {
        [
            "name": .text(layer.name),
            "cells": .integer(layer.cellCount),
            "validArea_km2": .number(layer.validAreaKm2),
            "integral": .number(layer.integral),
            "mean": .optional(layer.mean),
            "minimum": .optional(layer.minimum),
            "maximum": .optional(layer.maximum),
        ]
    }

    private static func object(of stage: RunFacts.StageFacts) -> JSONValue {
        [
            "stage": .text(stage.stage.rawValue),
            "round": .integer(stage.round),
            "tiles": .integer(stage.tileCount),
            "committed": .integer(stage.committedCount),
            "quarantined": .integer(stage.quarantinedCount),
            "attempts": .integer(stage.attemptCount),
            "retries": .integer(stage.retryCount),
            "wallSeconds": .optional(stage.wallSeconds),
            "readSeconds": .optional(stage.readSeconds),
            "computeSeconds": .optional(stage.computeSeconds),
            "writeSeconds": .optional(stage.writeSeconds),
            "peakResidentBytes": .optional(stage.peakResidentBytes),
        ]
    }

    private static func object(of band: PublishedBand) -> JSONValue {
        let statistics = band.statistics
        let isEmpty = statistics.validCount == 0
        return [
            "name": .text(band.name),
            "unit": .text(band.unit),
            "description": .text(band.description),
            "validCells": .integer(statistics.validCount),
            "minimum": isEmpty ? .null : .number(statistics.minimum),
            "maximum": isEmpty ? .null : .number(statistics.maximum),
            "mean": isEmpty ? .null : .number(statistics.mean),
            "standardDeviation": isEmpty ? .null : .number(statistics.standardDeviation),
        ]
    }
}
