package import CarbonBalance
import Lattice
package import Tiling

/// The end of each stage: the partial sums of its tiles become constants.
package struct AnalysisReducer: StageReducer {
    private let model: RunModel

    /// The reducer of a model.
    package init(model: RunModel) {
        self.model = model
    }

    /// See `StageReducer`; fails for stages that this program's plans do not have.
    package func reduce(
        stage: Stage,
        round: Int,
        partials: [(tile: TileID, partial: [UInt8])],
        constants: [Stage: [UInt8]]
    ) throws -> StageReduction {
        switch stage {
        case .prepare: .finished(constants: try ModelCoding.encode(prepared(partials)))
        case .balance:
            .finished(constants: try ModelCoding.encode(balanced(partials, constants)))
        case .bandwidth, .fit, .diagnose:
            try CellReduction(model: model, constants: constants).reduce(stage, partials)
        }
    }

    /// See `StageReducer`: decodes the partial as the reduction will.
    package func fault(in partial: [UInt8], of stage: Stage) -> String? {
        do {
            let isOfModel: Bool
            switch stage {
            case .prepare: isOfModel = try PreparePartial(encoded: partial).isOf(model)
            case .balance:
                let layerCount = model.summedLayers.count
                let pairs = try BalancePartials(encoded: partial, model: model).pairs
                isOfModel =
                    pairs.count == model.deficit.pairs.count
                    && pairs.allSatisfy { $0.layerCount == layerCount }
            case .bandwidth:
                _ = try CandidatePartial(encoded: partial)
                isOfModel = model.cellRegression != nil
            case .fit:
                isOfModel =
                    try FitPartial(encoded: partial).terms.count
                    == model.cellRegression?.parameterCount
            case .diagnose:
                _ = try ResidualPartial(encoded: partial)
                isOfModel = model.cellRegression != nil
            }
            return isOfModel ? nil : "its partial sums are of another model"
        } catch {
            return "its partial sums cannot be read: \(error)"
        }
    }

    private func prepared(
        _ partials: [(tile: TileID, partial: [UInt8])]
    ) throws -> PrepareConstants {
        var sum = PreparePartial(
            layerCount: model.layers.count,
            pairCount: model.deficit.pairs.count
        )
        for (tile, bytes) in partials {
            let partial = try decoded(tile) { try PreparePartial(encoded: bytes) }
            guard partial.isOf(model) else {
                throw ReductionError(description: "tile \(tile): a partial of another model")
            }
            sum.merge(partial)
        }
        return sum.constants(model: model)
    }

    private func balanced(
        _ partials: [(tile: TileID, partial: [UInt8])],
        _ constants: [Stage: [UInt8]]
    ) throws -> BalanceConstants {
        let layerCount = model.summedLayers.count
        var sums = model.deficit.pairs.map { _ in BalancePartial(layerCount: layerCount) }
        var observations = model.cellRegression.map {
            ObservationPartial(model: $0, grid: model.grid)
        }
        for (tile, bytes) in partials {
            let whole = try decoded(tile) { try BalancePartials(encoded: bytes, model: model) }
            let parts = whole.pairs
            guard parts.count == sums.count, parts.allSatisfy({ $0.layerCount == layerCount })
            else {
                throw ReductionError(description: "tile \(tile): a partial of another model")
            }
            for index in sums.indices { sums[index].merge(parts[index]) }
            if let part = whole.observations { observations?.merge(part) }
        }
        return BalanceConstants(
            pairs: sums.map { PairBalance($0, model: model) },
            observations: try observations.flatMap { partial in
                try model.cellRegression.map { regression in
                    ObservationConstants(
                        partial,
                        model: regression,
                        variant: regression.effectiveVariant(
                            try StageConstants(constants).prepare(),
                            pair: model.deficit.pairs[0]
                        )
                    )
                }
            }
        )
    }

    private func decoded<Value>(_ tile: TileID, _ body: () throws -> Value) throws -> Value {
        do { return try body() } catch {
            throw ReductionError(description: "tile \(tile): \(error)")
        }
    }
}

/// Why the partials of a stage cannot be reduced.
package struct ReductionError: Error, CustomStringConvertible {
    /// Which tile, and what is wrong with its partial.
    package let description: String
}

extension RunModel {
    /// Layers that are summed for zones beside emission and sink: population, then GDP.
    ///
    /// Means of every layer are ``ZoneStatistics``' business.
    package var summedLayers: [Int] {
        [deficit.populationLayer, deficit.gdpLayer].compactMap(\.self)
    }
}

extension PairBalance {
    /// What the sums of a pair say.
    package init(_ partial: BalancePartial, model: RunModel) {
        let cellArea = model.grid.cellAreaKm2
        let zoneCount = model.zones?.count ?? 0
        self.init(
            national: BalanceFigures(
                partial.national.sums.summary(cellAreaKm2: cellArea),
                model: model
            ),
            zones: (0..<zoneCount).map { index in
                BalanceFigures(partial.zone(index).summary(cellAreaKm2: cellArea), model: model)
                    .withAttributes(ofZone: index, model: model)
            },
            statusCounts: BalanceStatus.allCases.map { status in
                StatusCount(code: status.rawValue, cells: partial.national.count(of: status))
            }.sorted { $0.code < $1.code }
        )
    }
}

extension BalanceFigures {
    /// The figures of a summary whose further layers are the model's.
    package init(_ summary: BalanceSummary, model: RunModel) {
        var totals = summary.layerTotals[...]
        let population = model.deficit.populationLayer == nil ? nil : totals.popFirst()
        let gdp = model.deficit.gdpLayer == nil ? nil : totals.popFirst()
        self.init(
            areaKm2: summary.coveredAreaKm2,
            emissionAreaKm2: summary.emissionAreaKm2,
            sinkAreaKm2: summary.sinkAreaKm2,
            emission: summary.emissionTonnes,
            sink: summary.sinkTonnes,
            population: population,
            gdp: gdp,
            cellCount: summary.cellCount
        )
    }
}
