import Analysis
import CarbonBalance
import Execution
import Foundation
import Lattice
import Messaging
import Publishing
import RasterIO
import RunStore
import Tiling

/// Publishes what a run's journal has: the only source of what counts.
struct Publication {
    /// The run directory.
    let directory: String
    /// The journal.
    let reader: JournalReader

    /// What was published, and of which state.
    struct Outcome {
        var results: Publisher.Results
        var missingTiles: Int
        var warnings: [String]
    }

    /// Builds mosaics, tables, pictures and report.
    ///
    /// Blocks for as long as that takes.
    func publish() throws -> Outcome {
        let plan = try reader.plan()
        let model = try RunModel(encoded: plan.specification)
        let record = try PlanRecord(directory: directory)
        guard let stage = plan.plan(of: .balance) else {
            throw CommandError.failed("\(directory): its plan has no stage 'balance'")
        }
        let constants = try reader.constants()
        let prepare = try constants[.prepare].map {
            try ModelCoding.decode(PrepareConstants.self, from: $0)
        }
        let balance = try constants[.balance].map {
            try ModelCoding.decode(BalanceConstants.self, from: $0)
        }
        let (tiles, missing) = try tiles(of: stage)
        let regression = try model.cellRegression.flatMap { _ in
            try regressionResults(plan, StageConstants(constants))
        }
        let isComplete = missing.isEmpty && regression?.isComplete != false
        let zones = try zoneIdentities(model)
        var closure: ClosureReport?
        if let prepare, let balance {
            let check = try ClosureCheck(directory: directory, model: model, zones: zones)
            closure = check.report(
                prepare: prepare,
                balance: balance,
                isComplete: missing.isEmpty
            )
        }
        let warnings = record.warnings + Self.plausibility(model, balance)
        let input = PublishingInput(
            directory: directory,
            model: model,
            layout: TileLayout(grid: model.grid, tileSizePixels: Self.tileSize(of: stage)),
            tiles: tiles,
            missingTiles: missing,
            prepare: prepare,
            balance: balance,
            zones: zones,
            layerNotes: record.layers.map { layer in
                PublishingInput.LayerNote(
                    layer: layer.name,
                    summary: layer.interpretation,
                    interpretation: []
                )
            },
            inputs: record.inputs,
            warnings: warnings,
            facts: try facts(plan, record, isComplete: isComplete),
            closure: closure,
            regression: regression,
            statistics: zones.isEmpty || prepare == nil
                ? nil
                : try ZoneStatistics(
                    partials: try reader.partials(stage: .prepare, round: 0),
                    model: model
                )
        )
        return Outcome(
            results: try Publisher().publish(input),
            missingTiles: Set(
                (missing + (regression?.missingFitTiles ?? [])
                    + (regression?.missingDiagnoseTiles ?? [])).map(\.id)
            ).count,
            warnings: warnings
        )
    }

    /// The edge of a full tile, from the first one, which is full unless it is the only one.
    private static func tileSize(of stage: StagePlan) -> Int {
        stage.tiles.map { max($0.core.rowCount, $0.core.columnCount) }.max() ?? 1
    }

    private func zoneIdentities(_ model: RunModel) throws -> [ZoneSet.Identity] {
        guard let zones = model.zones else { return [] }
        let path = "\(directory)/\(zones.encodedPath)"
        guard let file = FileManager.default.contents(atPath: path),
            let set = ZoneSet(encoded: Array(file)), set.digest == zones.digest
        else { throw CommandError.failed("\(path) does not hold the zones of this run") }
        return set.identities
    }

    /// The tiles of a stage with a result, and those without.
    private func tiles(
        of stage: StagePlan
    ) throws -> (
        committed: [PublishingInput.CommittedTile], missing: [PublishingInput.MissingTile]
    ) {
        let objects = Dictionary(
            uniqueKeysWithValues: try reader.results(stage: stage.stage, round: 0).map {
                ($0.lease.unit.tile, $0.object)
            }
        )
        let committed = stage.tiles.compactMap { tile in
            objects[tile.id].map {
                PublishingInput.CommittedTile(id: tile.id, core: tile.core, object: $0)
            }
        }
        return (committed, try missingTiles(stage, committed: Set(objects.keys)))
    }

    /// What the stages of the regression of cells left; nil when the plan has none.
    private func regressionResults(
        _ plan: RunPlan,
        _ constants: StageConstants
    ) throws -> PublishingInput.RegressionResults? {
        guard let fit = plan.plan(of: .fit), let diagnose = plan.plan(of: .diagnose) else {
            return nil
        }
        let (fitted, missingFits) = try tiles(of: fit)
        let (diagnosed, missingDiagnoses) = try tiles(of: diagnose)
        let bandwidth = try constants.bandwidth()
        return PublishingInput.RegressionResults(
            fitTiles: fitted,
            missingFitTiles: missingFits,
            diagnoseTiles: diagnosed,
            missingDiagnoseTiles: missingDiagnoses,
            bandwidth: bandwidth.roundCount > 0 || bandwidth.refusal != nil ? bandwidth : nil,
            fit: try constants.fit(),
            diagnose: try constants.diagnose()
        )
    }

    private func missingTiles(
        _ stage: StagePlan,
        committed: Set<TileID>
    ) throws -> [PublishingInput.MissingTile] {
        let quarantined = Dictionary(
            try reader.quarantined().map { ($0.unit.tile, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        return stage.tiles.filter { !committed.contains($0.id) }.map { tile in
            let reason = quarantined[tile.id]
            return PublishingInput.MissingTile(
                id: tile.id,
                stage: reason?.unit.stage ?? stage.stage,
                message: reason?.message ?? "not computed yet"
            )
        }
    }

    private static func plausibility(
        _ model: RunModel,
        _ balance: BalanceConstants?
    ) -> [String] {
        // The bounds are China's: they say nothing of another grid.
        guard let balance, let zones = model.zones, zones.masksOutside,
            let box = try? CoordinateTransform.geographicExtent(
                of: model.grid.extent(of: model.grid.window),
                in: model.grid.reference
            ),
            StudyArea.isChina(box, areaKm2: balance.pairs.first?.national.areaKm2 ?? 0)
        else { return [] }
        // Only what is summed within the zones is meant: the grid holds neighbours, too.
        var totals: [Int: Double] = [:]
        for (pair, figures) in zip(model.deficit.pairs, balance.pairs) {
            totals[pair.emissionLayer] = figures.national.emission
            totals[pair.sinkLayer] = figures.national.sink
            if let index = model.deficit.populationLayer {
                totals[index] = figures.national.population
            }
            if let index = model.deficit.gdpLayer { totals[index] = figures.national.gdp }
        }
        return model.layers.enumerated().compactMap { index, layer in
            guard let total = totals[index], let subject = model.plausibleSubject(of: layer) else {
                return nil
            }
            return Plausibility.check(subject, nationalTotal: total).map { "\(layer.name): \($0)" }
        }
    }

    private func facts(
        _ plan: RunPlan,
        _ record: PlanRecord,
        isComplete: Bool
    ) throws -> RunFacts {
        let status = try reader.status(wallSeconds: Timestamps.secondsSince1970())
        let costs = try reader.stageCosts()
        func time(_ seconds: Double) -> String {
            Timestamps.text(of: Date(timeIntervalSince1970: seconds))
        }
        return RunFacts(
            runID: status.runID,
            startedAt: time(status.startedSeconds),
            finishedAt: time(status.lastCommitSeconds ?? status.startedSeconds),
            state: isComplete ? .done : .incomplete,
            planDigest: plan.digest,
            stages: status.rounds.map { round in
                let cost = costs.first { $0.stage == round.stage && $0.round == round.round }
                return RunFacts.StageFacts(
                    stage: round.stage,
                    round: round.round,
                    tileCount: round.tileCount,
                    committedCount: round.committedCount,
                    quarantinedCount: round.quarantinedCount,
                    attemptCount: cost?.attemptCount ?? 0,
                    wallSeconds: cost?.wallSeconds,
                    readSeconds: cost?.readSeconds ?? 0,
                    computeSeconds: cost?.computeSeconds ?? 0,
                    writeSeconds: cost?.writeSeconds ?? 0,
                    peakResidentBytes: cost.flatMap {
                        $0.peakResidentBytes > 0 ? $0.peakResidentBytes : nil
                    }
                )
            },
            workerCount: try reader.workers().count,
            versions: Version.all.map { RunFacts.Version(name: $0.name, version: $0.version) },
            host: [
                RunFacts.Note(label: "host", text: ProcessFacts.host),
                RunFacts.Note(
                    label: "processors",
                    text: "\(ProcessInfo.processInfo.activeProcessorCount)"
                ),
            ],
            configuration: record.configuration
        )
    }
}
