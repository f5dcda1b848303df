import Analysis
import CarbonBalance
import ContentDigest
import Lattice
import RasterIO
import Settings
import Tiling

/// A run that is ready to start: everything is resolved, nothing is written yet.
struct PlannedRun {
    /// The effective configuration.
    var settings: RunSettings
    /// What is computed.
    var model: RunModel
    /// The tiles of the grid.
    var layout: TileLayout
    /// What the engine runs.
    var plan: RunPlan
    /// The resolved zones; empty when there are none.
    var zones: ResolvedZones?
    /// What GDAL says of each layer's first file.
    var descriptions: [RasterDescription]
    /// One readable line for each layer.
    var interpretations: [String]
    /// What the operator should know, one sentence each.
    var warnings: [String]
}

/// From a configuration to a plan.
struct RunPlanner {
    /// The effective configuration.
    let settings: RunSettings
    /// The configuration file, for messages.
    let file: String

    /// Resolves the grid, every layer and the zones.
    ///
    /// - Throws: `PlanError` with all problems at once.
    func plan() throws -> PlannedRun {
        var problems: [PlanProblem] = []
        guard let grid = plannedGrid(&problems),
            let box = try? CoordinateTransform.geographicExtent(
                of: grid.extent(of: grid.window),
                in: grid.reference
            )
        else { throw PlanError(file: file, problems: problems) }
        let planner = LayerPlanner(
            grid: grid,
            geographicExtent: box,
            waterPolicy: settings.deficit.water
        )
        let layers = settings.layers.enumerated().map { index, layer in
            planner.plan(layer, key: "layers[\(index)]", problems: &problems)
        }
        var zones: ResolvedZones?
        if let configured = settings.zones {
            do { zones = try ResolvedZones(configured, grid: grid) } catch {
                problems.append(PlanProblem(key: "zones", message: "\(error)"))
            }
        }
        guard problems.isEmpty else { throw PlanError(file: file, problems: problems) }
        let planned = layers.compactMap(\.self)
        let model = RunModel(
            name: settings.name,
            grid: grid,
            layers: planned.map(\.model),
            zones: zones.map { resolved in
                ZonesModel(
                    path: ResolvedZones.relativePath,
                    encodedPath: ResolvedZones.encodedPath,
                    digest: resolved.digest,
                    count: resolved.features.count,
                    masksOutside: settings.zones?.outside == .mask
                )
            },
            deficit: deficitModel(),
            regression: RegressionPlanner(
                settings: settings,
                layers: planned.map(\.model),
                grid: grid
            ).model
        )
        let layout = TileLayout(grid: grid, tileSizePixels: settings.tiling.tileSizePixels)
        let plan = try runPlan(model: model, layout: layout)
        if let problem = plan.haloProblem {
            problems.append(PlanProblem(key: "tiling.tileSizePixels", message: problem))
            throw PlanError(file: file, problems: problems)
        }
        return PlannedRun(
            settings: settings,
            model: model,
            layout: layout,
            plan: plan,
            zones: zones,
            descriptions: planned.map(\.description),
            interpretations: planned.map(\.interpretation),
            warnings: PlanWarnings(
                settings: settings,
                model: model,
                zones: zones
            ).all
        )
    }

    private func plannedGrid(_ problems: inout [PlanProblem]) -> Grid? {
        do {
            let reference = try ReferenceParser.parse(settings.grid.crs)
            let grid = settings.grid.grid(reference: reference)
            let check = try EqualAreaCheck(reference, over: grid.extent(of: grid.window))
            guard check.passes else {
                let scale = check.areaScale
                problems.append(
                    PlanProblem(
                        key: "grid.crs",
                        message: "'\(reference.name)' is not equal-area: areas are "
                            + "\(scale.lowerBound) to \(scale.upperBound) times the true ones "
                            + "over the grid; legal: an equal-area projection in metres, such as "
                            + "china-albers, EPSG:6933, or '+proj=aea …' or '+proj=laea …'"
                    )
                )
                return nil
            }
            return grid
        } catch {
            problems.append(
                PlanProblem(
                    key: "grid.crs",
                    message: "\(error); legal: an equal-area projection in metres, such as "
                        + "china-albers, EPSG:6933, or '+proj=aea …'"
                )
            )
            return nil
        }
    }

    private func deficitModel() -> DeficitModel {
        let deficit = settings.deficit
        let pairs = deficit.pairs.enumerated().map { index, pair in
            DeficitModel.Pair(
                emissionLayer: settings.layerIndex(named: pair.emission) ?? 0,
                sinkLayer: settings.layerIndex(named: pair.sink) ?? 0,
                suffix: index == 0 ? "" : "_\(pair.emission)_\(pair.sink)"
            )
        }
        return DeficitModel(
            pairs: pairs,
            emissionFloor: deficit.emissionFloor,
            minimumValidFraction: deficit.minimumValidFraction,
            minimumValidShare: deficit.minimumValidShare,
            masksWater: deficit.water == .mask,
            variants: deficit.variants,
            populationLayer: deficit.population.flatMap { settings.layerIndex(named: $0) },
            gdpLayer: deficit.gdp.flatMap { settings.layerIndex(named: $0) }
        )
    }

    private func runPlan(model: RunModel, layout: TileLayout) throws -> RunPlan {
        let tiles = layout.tileIDs.compactMap { id in
            layout.core(of: id).map { Tile(id: id, core: $0, cost: $0.cellCount) }
        }
        let digests = try ModelDigests(model)
        return RunPlan(
            name: settings.name,
            stages: settings.stages.map { stage in
                StagePlan(stage: stage, tiles: tiles, modelDigest: digests.digest(of: stage))
            },
            specification: try model.encoded()
        )
    }
}
