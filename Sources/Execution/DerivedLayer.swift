import Analysis
import CarbonBalance
private import Foundation
import Lattice
import Tiling

/// Layers that no raster is read for: combinations of others, features, attributes of zones.
struct DerivedLayer {
    /// What is computed.
    let model: RunModel
    /// The zones; nil when the run has none.
    let atlas: ZoneAtlas?
    /// Points and lines by the position of their layer.
    let features: [Int: FeatureField]

    /// A layer over a window.
    ///
    /// - Parameters:
    ///   - index: its position in the model.
    ///   - window: cells of the grid.
    ///   - coverage: the zones over the window.
    ///   - earlier: the prepared layers before it, over the same window.
    /// - Returns: the layer in internal units.
    /// - Throws: `TileFailure` when the model lacks what the layer needs.
    func layer(
        _ index: Int,
        over window: CellWindow,
        coverage: [ZoneCells],
        earlier: [RegriddedLayer]
    ) throws(TileFailure) -> RegriddedLayer {
        let kilometres = model.grid.cellSizeMetres / 1000
        switch model.layers[index].reading.derivation {
        case .layers(let operation, let operands):
            guard operands.allSatisfy({ earlier.indices.contains($0) }) else {
                throw TileFailure(.bug, "layer \(index) derives from layers after it")
            }
            var layer = operation.layer(of: operands.map { earlier[$0] })
            if model.layers[index].sink != nil {
                // A sink keeps what its parts know of water.
                for operand in operands {
                    layer.waterFraction = layer.waterFraction(with: earlier[operand].waterFraction)
                }
            }
            return layer
        case .distance:
            let field = try field(index)
            return Self.whole(field.distances(over: window).map { $0 * kilometres }, window)
        case .density(let source):
            let field = try field(index)
            if let radius = source.radiusMetres {
                return Self.whole(
                    Self.densities(field, source, radiusMetres: radius, model.grid, window),
                    window
                )
            }
            let sums =
                source.hasLength
                ? field.lengths(over: window).map { $0 * kilometres }
                : field.weightSums(over: window)
            return Self.whole(sums.map { $0 / model.grid.cellAreaKm2 }, window)
        case .zones(let values):
            return try zoneValues(values, ofLayer: index, over: window, coverage: coverage)
        case .none, .direction, .terrain:
            throw TileFailure(.bug, "layer \(index) is read, not derived")
        }
    }

    /// Densities in circles about the centres of cells, per km².
    private static func densities(
        _ field: FeatureField,
        _ source: FeatureSource,
        radiusMetres: Double,
        _ grid: Grid,
        _ window: CellWindow
    ) -> [Double] {
        let radius = radiusMetres / grid.cellSizeMetres
        let sums =
            source.hasLength
            ? field.lengths(within: radius, over: window).map { $0 * grid.cellSizeMetres / 1000 }
            : field.weightSums(within: radius, over: window)
        let areaKm2 = Double.pi * radiusMetres * radiusMetres / 1e6
        return sums.map { $0 / areaKm2 }
    }

    private func field(_ index: Int) throws(TileFailure) -> FeatureField {
        guard let field = features[index] else {
            throw TileFailure(.bug, "layer \(index) came without its features")
        }
        return field
    }

    /// A layer with a value in every cell.
    private static func whole(_ values: [Double], _ window: CellWindow) -> RegriddedLayer {
        RegriddedLayer(
            value: CellBlock(window: window, samples: values.map { Float($0) }),
            validFraction: CellBlock(window: window, filledWith: 1)
        )
    }

    /// The value of each zone over its area: in a cell of several zones their mean by area.
    private func zoneValues(
        _ values: [Double?],
        ofLayer index: Int,
        over window: CellWindow,
        coverage: [ZoneCells]
    ) throws(TileFailure) -> RegriddedLayer {
        guard atlas?.zoneCount == values.count else {
            throw TileFailure(.bug, "layer \(index) has values of other zones")
        }
        var sums = [Double](repeating: 0, count: window.cellCount)
        var fractions = sums
        for zone in coverage {
            guard let value = values[zone.zoneIndex] else { continue }
            for cell in zone.cells {
                sums[cell.index] += value * cell.fraction
                fractions[cell.index] += cell.fraction
            }
        }
        var result = RegriddedLayer(emptyOver: window, hasWater: false)
        for cell in sums.indices where fractions[cell] > 0 {
            result.value.samples[cell] = Float(sums[cell] / fractions[cell])
            result.validFraction.samples[cell] = Float(min(1, fractions[cell]))
        }
        return result
    }

    /// The points and lines of a model.
    ///
    /// - Parameters:
    ///   - model: the model.
    ///   - content: what a file has, by its path within the run directory.
    /// - Returns: the features by the position of their layer.
    /// - Throws: `TileFailure` of class `storage` when a file is not what the plan says.
    static func features(
        of model: RunModel,
        content: (_ relativePath: String) throws -> [UInt8]
    ) throws -> [Int: FeatureField] {
        var fields: [Int: FeatureField] = [:]
        for (index, layer) in model.layers.enumerated() {
            guard let source = layer.reading.derivation.features else { continue }
            let path = source.encodedPath
            guard let set = FeatureSet(encoded: try content(path)), set.digest == source.digest
            else {
                throw TileFailure(.storage, "\(path) does not hold the features of this plan")
            }
            fields[index] = FeatureField(
                grid: model.grid,
                segments: set.segments,
                weights: set.weights
            )
        }
        return fields
    }
}
