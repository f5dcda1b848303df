package import CarbonBalance
import Lattice
package import Tiling

/// The statistics of every layer over every zone, merged from the partials of the `prepare` stage.
///
/// They are not part of a stage's constants, which travel with every lease: whoever needs them takes the
/// journaled partials.
package struct ZoneStatistics: Hashable, Sendable {
    /// One row for each zone, in it one entry for each layer of the model.
    package let zones: [[ZoneLayerFigures]]

    /// Merges the partials of tiles, in any order.
    ///
    /// - Throws: ``ReductionError`` naming a tile whose partial is of another model.
    package init(partials: [(tile: TileID, partial: [UInt8])], model: RunModel) throws {
        var sum = PreparePartial(
            layerCount: model.layers.count,
            pairCount: model.deficit.pairs.count
        )
        for (tile, bytes) in partials {
            let partial: PreparePartial
            do { partial = try PreparePartial(encoded: bytes) } catch {
                throw ReductionError(description: "tile \(tile): \(error)")
            }
            guard partial.isOf(model) else {
                throw ReductionError(description: "tile \(tile): a partial of another model")
            }
            sum.merge(partial)
        }
        let cellArea = model.grid.cellAreaKm2
        zones = (0..<(model.zones?.count ?? 0)).map { zone in
            zip(model.layers, sum.zone(zone)).map { layer, sums in
                let figures = sums.figures(cellAreaKm2: cellArea)
                guard case .zones(let values) = layer.reading.derivation,
                    values.indices.contains(zone)
                else { return figures }
                return figures.withAttribute(
                    values[zone],
                    coveredAreaKm2: figures.coverageCells * cellArea
                )
            }
        }
    }

    /// The means of a layer over the zones, weighted as the layer says; nil where a zone has none, and for
    /// most frequent classes, whose codes are names.
    ///
    /// They are what a regression of zones takes for the layer.
    package func means(ofLayer index: Int, model: RunModel) -> [Double?] {
        if model.layers[index].reading.isMode { return zones.map { _ in nil } }
        let isWeighted = model.layers[index].reading.isWeightedByPopulation
        return zones.map { isWeighted ? $0[index].populationMean : $0[index].mean }
    }
}
