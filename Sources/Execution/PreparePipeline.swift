import Analysis
import CarbonBalance
import Lattice
import RasterIO
import Tiling

/// The `prepare` stage: source windows become aligned layers in internal units.
///
/// Bands of the tile file: for each layer of the model `<name>`, `<name>:valid`, and `<name>:water`
/// where some code means water. A layer with a minimum valid fraction has no value below it.
struct PreparePipeline {
    /// What is computed.
    let model: RunModel
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
        var maps = SubpointMaps()
        var layers: [RegriddedLayer] = []
        var partial = PreparePartial(
            layerCount: model.layers.count,
            pairCount: model.deficit.pairs.count
        )
        for (index, layer) in model.layers.enumerated() {
            var regridded = try reader.read(
                layer,
                over: core,
                maps: &maps,
                cancellation: cancellation
            )
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
        let bands = zip(model.layers, layers).flatMap { layer, regridded in
            PreparedBands.bands(of: layer, regridded)
        }
        return Output(bands: bands, partial: partial)
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
