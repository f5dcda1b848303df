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
    /// Points and lines by the name of their layer, to be written into the run directory.
    var features: [String: FeatureSet]
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
        var zones: ResolvedZones?
        if let configured = settings.zones {
            do { zones = try ResolvedZones(configured, grid: grid) } catch {
                problems.append(PlanProblem(key: "zones", message: "\(error)"))
            }
        }
        let masksOutside = settings.zones?.outside == .mask
        let area = try StudyArea(
            grid: grid,
            zones: masksOutside ? zones?.zones.polygons : nil,
            geographicExtent: box
        )
        let planner = LayerPlanner(
            grid: grid,
            geographicExtent: box,
            area: area,
            waterPolicy: settings.deficit.water,
            names: settings.layers.map(\.name),
            zones: zones,
            populationLayer: settings.deficit.population,
            productLayer: settings.deficit.gdp,
            aggregate: settings.zones?.aggregate ?? .area
        )
        let layers = settings.layers.enumerated().map { index, layer in
            planner.plan(layer, key: "layers[\(index)]", problems: &problems)
        }
        guard problems.isEmpty else { throw PlanError(file: file, problems: problems) }
        let planned = LayerPlanner.inheriting(layers.compactMap(\.self), settings.layers)
        let model = RunModel(
            name: settings.name,
            grid: grid,
            layers: planned.map(\.model),
            zones: zones.map { zonesModel($0) },
            deficit: deficitModel(),
            regression: RegressionPlanner(
                settings: settings,
                layers: planned.map(\.model),
                grid: grid
            ).model
        )
        let layout = TileLayout(grid: grid, tileSizePixels: settings.tiling.tileSizePixels)
        return PlannedRun(
            settings: settings,
            model: model,
            layout: layout,
            plan: try checkedPlan(model: model, layout: layout, zones: zones),
            zones: zones,
            features: Dictionary(
                uniqueKeysWithValues: planned.compactMap { layer in
                    layer.features.map { (layer.model.name, $0) }
                }
            ),
            interpretations: planned.map(\.interpretation),
            warnings: PlanWarnings(
                settings: settings,
                model: model,
                zones: zones,
                layers: planned,
                area: area
            ).all
        )
    }

    private func zonesModel(_ resolved: ResolvedZones) -> ZonesModel {
        var model = ZonesModel(
            path: ResolvedZones.relativePath,
            encodedPath: ResolvedZones.encodedPath,
            digest: resolved.digest,
            count: resolved.features.count,
            masksOutside: settings.zones?.outside == .mask
        )
        model.withinLayer = settings.zones?.within.flatMap { settings.layerIndex(named: $0) }
        return model
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
        var model = DeficitModel(
            pairs: pairs,
            emissionFloor: deficit.emissionFloor,
            minimumValidFraction: deficit.minimumValidFraction,
            minimumValidShare: deficit.minimumValidShare,
            masksWater: deficit.water == .mask,
            variants: deficit.variants,
            populationLayer: deficit.population.flatMap { settings.layerIndex(named: $0) },
            gdpLayer: deficit.gdp.flatMap { settings.layerIndex(named: $0) }
        )
        model.waterLayer = deficit.waterLayer.flatMap { settings.layerIndex(named: $0) }
        model.zoneVariants = deficit.zoneVariants
        return model
    }

    /// A plan whose messages all fit.
    private func checkedPlan(
        model: RunModel,
        layout: TileLayout,
        zones: ResolvedZones?
    ) throws -> RunPlan {
        if let problem = PartialSize(model: model, zones: zones, layout: layout).problem {
            throw PlanError(file: file, problems: [problem])
        }
        let plan = try runPlan(model: model, layout: layout)
        if let problem = plan.haloProblem {
            throw PlanError(
                file: file,
                problems: [PlanProblem(key: "tiling.tileSizePixels", message: problem)]
            )
        }
        return plan
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
