import Analysis
import CarbonBalance
import Lattice
import RasterIO
import Tiling

/// Reads the files of layers over windows of the national grid; belongs to one thread.
///
/// Layers on the same source grid share the projection of sub-points, which costs more than reading.
struct SourceLayerReader: ~Copyable {
    private let grid: Grid
    private let lattice: ProjectionLattice
    private let areaOfInterest: Extent
    private let samplesPerRead: Int

    /// A reader for a grid.
    ///
    /// - Parameters:
    ///   - grid: the national grid.
    ///   - samplesPerRead: most source samples held at a time for a layer, 8 bytes each, three times
    ///     over; a window that needs more is taken in parts.
    /// - Throws: `RasterError` when the grid's projection cannot be used.
    init(grid: Grid, samplesPerRead: Int) throws(RasterError) {
        self.grid = grid
        self.samplesPerRead = samplesPerRead
        lattice = ProjectionLattice(grid: grid)
        // The same operation for every tile: that of the whole grid's area.
        areaOfInterest = try CoordinateTransform.geographicExtent(
            of: grid.extent(of: grid.window),
            in: grid.reference
        )
    }

    /// A layer over a window, its files combined.
    ///
    /// - Parameters:
    ///   - layer: what is read.
    ///   - window: cells of the grid.
    ///   - maps: sub-points of this window found so far, by source grid; extended.
    ///   - cancellation: looked at between parts.
    /// - Returns: the layer in internal units.
    /// - Throws: `RasterError` naming a file that cannot be read, or `TileFailure` when cancelled.
    func read(
        _ layer: LayerModel,
        over window: CellWindow,
        maps: inout SubpointMaps,
        cancellation: CancellationFlag
    ) throws -> RegriddedLayer {
        var combiner: LayerCombiner?
        let isSingle = layer.paths.count * layer.bands.count == 1
        for path in layer.paths {
            let dataset = try RasterDataset(
                path: path,
                assumedReference: layer.reading.reference,
                assumedExtent: layer.reading.extent
            )
            for band in layer.bands {
                try cancellation.check()
                let part = try read(dataset, band: band, of: layer, over: window, maps: &maps)
                if isSingle { return part }
                var combined =
                    combiner
                    ?? LayerCombiner(
                        over: window,
                        rule: layer.combination,
                        hasWater: layer.hasWaterCode
                    )
                // One file at a time: the sums are handed over, not copied.
                combiner = nil
                combined.add(part)
                combiner = combined
            }
        }
        guard let combiner else { throw TileFailure(.bug, "layer '\(layer.name)' has no file") }
        return combiner.layer
    }

    private func read(
        _ dataset: borrowing RasterDataset,
        band: Int,
        of layer: LayerModel,
        over window: CellWindow,
        maps: inout SubpointMaps
    ) throws -> RegriddedLayer {
        let description = dataset.description
        guard let reference = description.reference else {
            throw RasterError(.noReference, path: description.path)
        }
        let projection = SourceProjection(
            description: description,
            transform: try CoordinateTransform(
                from: grid.reference,
                to: reference,
                areaOfInterest: areaOfInterest
            )
        )
        let nodes = maps.nodes(for: description) {
            lattice.nodes(for: window) { projection.project($0) }
        }
        var result = RegriddedLayer(emptyOver: window, hasWater: layer.hasWaterCode)
        let areas: SourceCellArea? =
            layer.quantity == .total ? try SourceCellArea(description) : nil
        var pending = [window]
        while let part = pending.popLast() {
            let map = maps.map(of: part, for: description, layer.subpointsPerAxis) {
                nodes.subpoints(of: part, subpointsPerAxis: layer.subpointsPerAxis) {
                    projection.project($0)
                }
            }
            guard
                let pixels = map.sourceWindow(
                    rasterColumns: description.columns,
                    rasterRows: description.rows,
                    margin: layer.rule.sourceMargin + layer.reading.derivation.haloPixels
                )
            else { continue }
            if pixels.cellCount > samplesPerRead, part.cellCount > 1 {
                pending += Self.halves(of: part)
                continue
            }
            let raw = try dataset.read(
                pixels,
                band: band,
                keepsNoData: layer.keepsNoData(of: try description.band(band))
            )
            let block = CarbonBalance.SourceBlock(
                window: pixels,
                rasterColumns: description.columns,
                rasterRows: description.rows,
                samples: layer.withoutNodata(raw.samples)
            )
            let pixelAreas: [Double]?
            switch areas {
            case .some(let areas):
                pixelAreas =
                    areas.dependsOnRowOnly
                    ? pixels.rows.map { areas.areaKm2(row: $0) } : areas.areasKm2(window: pixels)
            case .none: pixelAreas = nil
            }
            let decoded = DecodedSource(
                block,
                decoding: try layer.decoding(of: description, band: band),
                pixelAreasKm2: pixelAreas
            )
            let source = try Self.derived(decoded, layer.reading.derivation, description)
            result.paste(Regridding.layer(map, from: source, rule: layer.rule))
        }
        return result
    }

    /// Directions and slopes, on the source's own pixels.
    private static func derived(
        _ source: DecodedSource,
        _ derivation: LayerDerivation,
        _ description: RasterDescription
    ) throws -> DecodedSource {
        switch derivation {
        case .none, .layers, .distance, .density, .zones:
            return source
        case .direction(let component, let degreesPerUnit):
            return source.component(component, degreesPerUnit: degreesPerUnit)
        case .terrain(let measure):
            let spacing = try SourcePixelSpacing(description, rows: source.window.rows)
            return source.terrain(
                measure,
                spacing: PixelSpacing(
                    eastwardMetres: spacing.eastwardMetres,
                    northwardMetres: spacing.northwardMetres
                )
            )
        }
    }

    private static func halves(of window: CellWindow) -> [CellWindow] {
        if window.rowCount > 1 {
            let middle = window.rowStart + window.rowCount / 2
            return [
                CellWindow(rows: window.rowStart..<middle, columns: window.columns),
                CellWindow(rows: middle..<window.rowEnd, columns: window.columns),
            ]
        }
        let middle = window.columnStart + window.columnCount / 2
        return [
            CellWindow(rows: window.rows, columns: window.columnStart..<middle),
            CellWindow(rows: window.rows, columns: middle..<window.columnEnd),
        ]
    }
}

/// The projection from the national grid to the pixels of one source.
private struct SourceProjection: ~Copyable {
    let description: RasterDescription
    let transform: CoordinateTransform

    init(description: RasterDescription, transform: consuming CoordinateTransform) {
        self.description = description
        self.transform = transform
    }

    func project(_ points: [WorldPoint]) -> [SourcePoint] {
        var xs = points.map(\.x)
        var ys = points.map(\.y)
        transform.transform(xs: &xs, ys: &ys)
        return xs.indices.map { index in
            guard xs[index].isFinite else { return SourcePoint(column: .nan, row: .nan) }
            return position(x: xs[index], y: ys[index])
        }
    }

    /// Column and row of a point; for longitudes also a turn of the Earth away, because files run
    /// from −180 to 180 or from 0 to 360.
    private func position(x: Double, y: Double) -> SourcePoint {
        let place = description.affine.position(x: x, y: y)
        let here = SourcePoint(column: place.column, row: place.row)
        guard description.isGeographic, !Self.holds(here.column, description.columns) else {
            return here
        }
        let turn = 2 * Double.pi / description.unitSize
        for shifted in [x + turn, x - turn] {
            let other = description.affine.position(x: shifted, y: y)
            if Self.holds(other.column, description.columns) {
                return SourcePoint(column: other.column, row: other.row)
            }
        }
        return here
    }

    private static func holds(_ column: Double, _ count: Int) -> Bool {
        column >= 0 && column < Double(count)
    }
}

/// The sub-points of one window, shared by the layers that lie on the same source grid.
struct SubpointMaps {
    private struct SourceGrid: Hashable {
        let affine: GeoTransform
        let columns: Int
        let rows: Int
        let reference: CoordinateReference?

        init(_ description: RasterDescription) {
            affine = description.affine
            columns = description.columns
            rows = description.rows
            reference = description.reference
        }
    }

    private struct MapKey: Hashable {
        let source: SourceGrid
        let window: CellWindow
        let subpointsPerAxis: Int
    }

    private var nodesBySource: [SourceGrid: ProjectionNodes] = [:]
    private var mapsByKey: [MapKey: SubpointMap] = [:]
    private var heldSubpoints = 0

    /// Sub-points kept for further layers, 16 bytes each.
    private static let maximumHeldSubpoints = 2_000_000

    /// The projected nodes of a source grid, computed on first use.
    mutating func nodes(
        for description: RasterDescription,
        compute: () -> ProjectionNodes
    ) -> ProjectionNodes {
        let key = SourceGrid(description)
        if let known = nodesBySource[key] { return known }
        let computed = compute()
        nodesBySource[key] = computed
        return computed
    }

    /// The sub-points of a part of the window, computed on first use; kept while there is room.
    mutating func map(
        of window: CellWindow,
        for description: RasterDescription,
        _ subpointsPerAxis: Int,
        compute: () -> SubpointMap
    ) -> SubpointMap {
        let key = MapKey(
            source: SourceGrid(description),
            window: window,
            subpointsPerAxis: subpointsPerAxis
        )
        if let known = mapsByKey[key] { return known }
        let computed = compute()
        if heldSubpoints + computed.columns.count <= Self.maximumHeldSubpoints {
            heldSubpoints += computed.columns.count
            mapsByKey[key] = computed
        }
        return computed
    }
}
