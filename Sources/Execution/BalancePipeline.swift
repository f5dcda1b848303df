import Analysis
import CarbonBalance
import Lattice
import RasterIO
import Tiling

/// The `balance` stage: prepared layers become deficits, statuses, and sums of zones and nation.
struct BalancePipeline {
    /// What is computed.
    let model: RunModel
    /// The zones; nil when the run has none.
    let atlas: ZoneAtlas?
    /// What `prepare` found nationally.
    let constants: PrepareConstants

    /// A computed tile.
    struct Output {
        var bands: [TileBand]
        var partial: BalancePartials
    }

    /// Computes all pairs over a tile's core.
    ///
    /// - Parameters:
    ///   - core: the cells to compute.
    ///   - prepared: the tile's prepared layers.
    ///   - cancellation: looked at between pairs.
    /// - Returns: the tile's bands and sums.
    /// - Throws: `TileFailure` when the prepared tile lacks a band, or the attempt is cancelled.
    func compute(
        core: CellWindow,
        prepared: TileContents,
        cancellation: CancellationFlag
    ) throws -> Output {
        let coverage = atlas?.coverage(of: core) ?? []
        let inside = insideMask(core, coverage)
        let counted = coverage.counted(
            within: try model.zones?.withinLayer.map { index in
                try PreparedBands.layer(model.layers[index], from: prepared).value
            }
        )
        let mappedWater = try model.deficit.waterLayer.map { index in
            try PreparedBands.layer(model.layers[index], from: prepared).value
        }
        let denominators = try denominatorBlocks(prepared)
        let summed = try model.summedLayers.map { index in
            try PreparedBands.layer(model.layers[index], from: prepared)
        }
        var contents: [BalanceBands.Content: [Int: CellBlock]] = [:]
        var partials: [BalancePartial] = []
        var observations: ObservationPartial?
        for (index, pair) in model.deficit.pairs.enumerated() {
            try cancellation.check()
            let emission = try PreparedBands.layer(
                model.layers[pair.emissionLayer],
                from: prepared
            )
            let sink = try PreparedBands.layer(model.layers[pair.sinkLayer], from: prepared)
            let block = BalanceBlock(
                emission: emission,
                sink: sink,
                water: sink.waterFraction(with: mappedWater),
                inside: inside,
                variants: model.deficit.variants + [.absolute] + (index == 0 ? response : []),
                denominators: denominators,
                parameters: model.deficit.parameters(
                    deficitScale: constants.deficitScales[index]
                )
            )
            contents[.emission, default: [:]][index] = block.emission.value
            contents[.sink, default: [:]][index] = block.sink.value
            contents[.emissionValid, default: [:]][index] = block.emission.validFraction
            contents[.sinkValid, default: [:]][index] = block.sink.validFraction
            for (variant, band) in zip(model.deficit.variants, block.bands) {
                contents[.variant(variant), default: [:]][index] = band
            }
            contents[.status, default: [:]][index] = CellBlock(
                window: core,
                samples: block.status.map { Float($0.rawValue) }
            )
            var partial = BalancePartial(layerCount: summed.count)
            partial.add(
                block,
                coverage: counted,
                deficit: block.bands[model.deficit.variants.count],
                layers: summed
            )
            partials.append(partial)
            if index == 0, let regression = model.cellRegression {
                observations = try observe(block, regression, prepared, &contents)
            }
        }
        return Output(
            bands: try bands(of: contents, core),
            partial: BalancePartials(pairs: partials, observations: observations)
        )
    }

    /// The variant that is the regression's response; empty when it has none.
    private var response: [DeficitVariant] {
        guard let regression = model.cellRegression, let pair = model.deficit.pairs.first else {
            return []
        }
        return regression.effectiveVariant(constants, pair: pair).map { [$0] } ?? []
    }

    /// Decides who takes part in the regression, from the main pair's balance.
    private func observe(
        _ block: BalanceBlock,
        _ regression: RegressionModel,
        _ prepared: TileContents,
        _ contents: inout [BalanceBands.Content: [Int: CellBlock]]
    ) throws -> ObservationPartial {
        var layers: [Int: CellBlock] = [:]
        for index in regression.covariateLayers + regression.masks {
            layers[index] = try PreparedBands.layer(model.layers[index], from: prepared).value
        }
        let values: CellBlock =
            switch regression.response {
            case .variant: block.bands[model.deficit.variants.count + 1]
            case .layer(let index):
                try PreparedBands.layer(model.layers[index], from: prepared).value
            }
        let observed = ObservationBlock(
            block: block,
            response: values,
            layers: layers,
            regression: regression,
            model: model
        )
        contents[.response] = [0: observed.response]
        contents[.participation] = [
            0: CellBlock(window: observed.window, samples: observed.codes.map { Float($0) })
        ]
        for (index, predictor) in observed.predictors.enumerated() {
            contents[.predictor(index)] = [0: predictor]
        }
        return observed.partial(regression: regression, grid: model.grid)
    }

    private func bands(
        of contents: [BalanceBands.Content: [Int: CellBlock]],
        _ core: CellWindow
    ) throws(TileFailure) -> [TileBand] {
        var bands: [TileBand] = []
        for band in BalanceBands(model: model).bands {
            guard let block = contents[band.content]?[band.pair] else {
                throw TileFailure(.bug, "no content for band '\(band.name)'")
            }
            bands.append(TileBand(name: band.name, unit: band.unit, block: block))
        }
        return bands
    }

    /// Whether each cell is touched by a zone; nil when nothing is masked.
    private func insideMask(_ core: CellWindow, _ coverage: [ZoneCells]) -> [Bool]? {
        guard model.zones?.masksOutside == true else { return nil }
        var inside = [Bool](repeating: false, count: core.cellCount)
        for zone in coverage {
            for cell in zone.cells { inside[cell.index] = true }
        }
        return inside
    }

    private func denominatorBlocks(
        _ prepared: TileContents
    ) throws -> [DeficitVariant.Denominator: CellBlock] {
        var blocks: [DeficitVariant.Denominator: CellBlock] = [:]
        let layers: [(DeficitVariant.Denominator, Int?)] = [
            (.population, model.deficit.populationLayer),
            (.grossDomesticProduct, model.deficit.gdpLayer),
        ]
        for case (let denominator, let index?) in layers {
            blocks[denominator] = try PreparedBands.layer(
                model.layers[index],
                from: prepared
            ).value
        }
        return blocks
    }
}
