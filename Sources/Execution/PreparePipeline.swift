import Analysis
import CarbonBalance
import Lattice
import RasterIO
import Tiling

/// The `prepare` stage: source windows become aligned layers in internal units.
///
/// Bands of the tile file: for each layer of the model `<name>`, `<name>:valid`, and `<name>:water`
/// where some code means water, or a part of a difference of sinks has one. A layer with a minimum valid
/// fraction has no value below it.
struct PreparePipeline {
    /// What is computed.
    let model: RunModel
    /// The zones; nil when the run has none.
    let atlas: ZoneAtlas?
    /// Points and lines by the position of their layer.
    let features: [Int: FeatureField]
    /// Most source samples held at a time for a layer.
    let samplesPerRead: Int

    /// A computed tile.
    struct Output {
        var bands: [TileBand]
        var partial: PreparePartial
    }

    /// Prepares all layers over a tile's core.
    func compute(core: CellWindow, cancellation: CancellationFlag) throws -> Output {
        let reader = try SourceLayerReader(grid: model.grid, samplesPerRead: samplesPerRead)
        var maps = SubpointMaps(budgetBytes: samplesPerRead * 8)
        let coverage = atlas?.coverage(of: core) ?? []
        var layers: [RegriddedLayer] = []
        var partial = PreparePartial(
            layerCount: model.layers.count,
            pairCount: model.deficit.pairs.count
        )
        for (index, layer) in model.layers.enumerated() {
            try cancellation.check()
            var regridded: RegriddedLayer
            if layer.reading.derivation.readsRasters {
                regridded = try reader.read(
                    layer,
                    over: core,
                    maps: &maps,
                    cancellation: cancellation
                )
            } else {
                regridded = try DerivedLayer(model: model, atlas: atlas, features: features)
                    .layer(index, over: core, coverage: coverage, earlier: layers)
            }
            if layer.minimumValidFraction > 0 {
                regridded.value = regridded.value(
                    whereValidFractionAtLeast: layer.minimumValidFraction
                )
            }
            partial.add(regridded, index: index)
            layers.append(regridded)
        }
        for (index, pair) in model.deficit.pairs.enumerated() {
            partial.addDeficits(
                emission: layers[pair.emissionLayer].value,
                sink: layers[pair.sinkLayer].value,
                pair: index
            )
        }
        addZones(layers, coverage: coverage, to: &partial)
        let bands = zip(model.layers, layers).flatMap { layer, regridded in
            PreparedBands.bands(of: layer, regridded)
        }
        return Output(bands: bands, partial: partial)
    }

    private func addZones(
        _ layers: [RegriddedLayer],
        coverage: [ZoneCells],
        to partial: inout PreparePartial
    ) {
        let within = model.zones?.withinLayer.map { layers[$0].value }
        let counted = coverage.counted(within: within)
        let population = model.deficit.populationLayer.map { layers[$0] }
        for (index, layer) in model.layers.enumerated() {
            partial.addZones(
                layers[index],
                index: index,
                coverage: counted,
                population: layer.reading.isWeightedByPopulation ? population : nil
            )
        }
    }
}

extension [ZoneCells] {
    /// The zones with only that fraction of each cell that a layer gives; without it as they are.
    ///
    /// What is known of a cell is one value: it is taken to hold in each part of the cell alike.
    func counted(within layer: CellBlock?) -> [ZoneCells] {
        guard let layer else { return self }
        return compactMap { zone in
            let cells = zone.cells.compactMap { cell -> CellFraction? in
                let share = Double(layer.samples[cell.index])
                guard share > 0 else { return nil }
                return CellFraction(
                    index: cell.index,
                    fraction: cell.fraction * Swift.min(1, share)
                )
            }
            return cells.isEmpty ? nil : ZoneCells(zoneIndex: zone.zoneIndex, cells: cells)
        }
    }
}

/// The bands of a prepared tile, in the order in which they are stored: the one place that knows it.
enum PreparedBands {
    /// The bands of one layer.
    static func bands(of layer: LayerModel, _ regridded: RegriddedLayer) -> [TileBand] {
        var bands = [
            TileBand(name: layer.name, unit: layer.internalUnit, block: regridded.value),
            TileBand(name: "\(layer.name):valid", unit: "1", block: regridded.validFraction),
        ]
        if let water = regridded.waterFraction {
            bands.append(TileBand(name: "\(layer.name):water", unit: "1", block: water))
        }
        return bands
    }

    /// A layer of a prepared tile.
    ///
    /// - Throws: `TileFailure` of class `storage` when a band is missing: the file is not what the
    ///   plan says.
    static func layer(
        _ layer: LayerModel,
        from contents: TileContents
    ) throws(TileFailure) -> RegriddedLayer {
        guard let value = contents.block(named: layer.name),
            let valid = contents.block(named: "\(layer.name):valid")
        else {
            throw TileFailure(.storage, "the prepared tile has no band '\(layer.name)'")
        }
        return RegriddedLayer(
            value: value,
            validFraction: valid,
            waterFraction: contents.block(named: "\(layer.name):water")
        )
    }
}
