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
    ///   - samplesPerRead: most source samples decoded at a time for a layer, 8 bytes each, three times
    ///     over, and most sub-points, 16 bytes each; a window that needs more is taken in parts, its raw
    ///     samples held, with at most 48 bytes for each of these.
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
        let bandDescription = try description.band(band)
        let bytesPerSample = HeldWindow.bytesPerSample(bandDescription)
        var result = RegriddedLayer(emptyOver: window, hasWater: layer.hasWaterCode)
        var pending = [window]
        while let section = pending.popLast() {
            let pixels = Self.likelyWindow(of: section, layer, nodes, projection)
            let count = pixels?.cellCount ?? 0
            if count * bytesPerSample > heldBytes, section.cellCount > 1 {
                pending += Self.halves(of: section)
                continue
            }
            let held: HeldWindow? =
                if let pixels, count > samplesPerRead {
                    try HeldWindow(
                        pixels,
                        of: dataset,
                        band: band,
                        keepsNoData: layer.keepsNoData(of: bandDescription)
                    )
                } else {
                    nil
                }
            try regrid(
                section,
                SourceOfSamples(band: band, held: held),
                dataset,
                of: layer,
                nodes: nodes,
                projection: projection,
                maps: &maps,
                into: &result
            )
        }
        return result
    }

    /// Most bytes of raw samples held for a layer.
    private var heldBytes: Int { samplesPerRead * 48 }

    /// Where samples come from.
    private struct SourceOfSamples {
        let band: Int
        let held: HeldWindow?

        func samples(
            of pixels: CellWindow,
            _ dataset: borrowing RasterDataset,
            _ layer: LayerModel
        ) throws -> [Double] {
            if let held, held.window.contains(pixels) { return held.samples(of: pixels) }
            return try dataset.read(
                pixels,
                band: band,
                keepsNoData: layer.keepsNoData(of: try dataset.description.band(band))
            ).samples
        }
    }

    /// Regrids the cells of a section in parts whose sub-points and pixels fit the budget.
    private func regrid(
        _ section: CellWindow,
        _ source: SourceOfSamples,
        _ dataset: borrowing RasterDataset,
        of layer: LayerModel,
        nodes: ProjectionNodes,
        projection: borrowing SourceProjection,
        maps: inout SubpointMaps,
        into result: inout RegriddedLayer
    ) throws {
        let description = dataset.description
        let areas: SourceCellArea? =
            layer.quantity == .total ? try SourceCellArea(description) : nil
        let perCell = layer.subpointsPerAxis * layer.subpointsPerAxis
        let margin = layer.rule.sourceMargin + layer.reading.derivation.haloPixels
        var pending = [section]
        while let part = pending.popLast() {
            if part.cellCount > 1 {
                let pixels = Self.likelyWindow(of: part, layer, nodes, projection)
                if part.cellCount * perCell > samplesPerRead
                    || pixels.map({ $0.cellCount > samplesPerRead }) == true
                {
                    pending += Self.halves(of: part)
                    continue
                }
            }
            let map = maps.map(of: part, for: description, layer.subpointsPerAxis) {
                nodes.subpoints(of: part, subpointsPerAxis: layer.subpointsPerAxis) {
                    projection.project($0)
                }
            }
            guard
                let pixels = map.sourceWindow(
                    rasterColumns: description.columns,
                    rasterRows: description.rows,
                    margin: margin
                )
            else { continue }
            let block = CarbonBalance.SourceBlock(
                window: pixels,
                rasterColumns: description.columns,
                rasterRows: description.rows,
                samples: layer.withoutNodata(try source.samples(of: pixels, dataset, layer))
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
                decoding: try layer.decoding(of: description, band: source.band),
                pixelAreasKm2: pixelAreas
            )
            let values = try Self.derived(decoded, layer.reading.derivation, description)
            result.paste(Regridding.layer(map, from: values, rule: layer.rule))
        }
    }

    /// The pixels that the sub-points of some cells will need, from two sub-points along each edge of the
    /// cells in every 16th row; nil when those miss the raster.
    ///
    /// It steers how much is read at a time, never what a cell is made of.
    private static func likelyWindow(
        of cells: CellWindow,
        _ layer: LayerModel,
        _ nodes: ProjectionNodes,
        _ projection: borrowing SourceProjection
    ) -> CellWindow? {
        let description = projection.description
        let margin = layer.rule.sourceMargin + layer.reading.derivation.haloPixels
        var box: CellWindow?
        for row in Array(stride(from: cells.rowStart, to: cells.rowEnd, by: 16))
            + [cells.rowEnd - 1]
        {
            let line = CellWindow(rows: row..<(row + 1), columns: cells.columns)
            let map = nodes.subpoints(of: line, subpointsPerAxis: 2) { projection.project($0) }
            // Two sub-points are half a cell apart; those of the layer reach a quarter further out, and
            // the rows between bend a little.
            var step = 0.0
            for first in stride(from: 0, to: map.columns.count, by: 4) {
                let across = (map.columns[first + 3] - map.columns[first]).magnitude
                let down = (map.rows[first + 3] - map.rows[first]).magnitude
                if across.isFinite, down.isFinite { step = max(step, across, down) }
            }
            let reach = min(step, Double(max(description.columns, description.rows)))
            let found = map.sourceWindow(
                rasterColumns: description.columns,
                rasterRows: description.rows,
                margin: margin + Int(reach) + 2
            )
            guard let found else { continue }
            box = CellWindow(
                rows: min(
                    box?.rowStart ?? found.rowStart,
                    found.rowStart
                )..<max(box?.rowEnd ?? found.rowEnd, found.rowEnd),
                columns: min(
                    box?.columnStart ?? found.columnStart,
                    found.columnStart
                )..<max(box?.columnEnd ?? found.columnEnd, found.columnEnd)
            )
        }
        return box
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
