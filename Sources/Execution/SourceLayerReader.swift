package import Analysis
package import CarbonBalance
package import Lattice
package import RasterIO
import Tiling

/// Reads the files of layers over windows of the national grid; belongs to one thread.
///
/// Layers on the same source grid share the projection of sub-points, which costs more than reading.
package struct SourceLayerReader: ~Copyable {
    private let grid: Grid
    private let lattice: ProjectionLattice
    private let areaOfInterest: Extent
    private let samplesPerRead: Int
    private let onRead: (_ path: String, _ pixels: CellWindow) -> Void

    /// A reader for a grid.
    ///
    /// - Parameters:
    ///   - grid: the national grid.
    ///   - samplesPerRead: most source samples decoded at a time for a layer, 8 bytes each, three times
    ///     over; a window that needs more is taken in parts, its raw samples held, with at most 48 bytes
    ///     for each of these.
    ///   - onRead: told of each window that is taken from a file.
    /// - Throws: `RasterError` when the grid's projection cannot be used.
    package init(
        grid: Grid,
        samplesPerRead: Int,
        onRead: @escaping (_ path: String, _ pixels: CellWindow) -> Void = { _, _ in }
    ) throws(RasterError) {
        self.grid = grid
        self.onRead = onRead
        self.samplesPerRead = samplesPerRead
        lattice = ProjectionLattice(grid: grid)
        // The same operation for every tile: that of the whole grid's area.
        areaOfInterest = try CoordinateTransform.geographicExtent(
            of: grid.extent(of: grid.window),
            in: grid.reference
        )
    }

    /// A layer over a window by itself, its files combined.
    ///
    /// - Parameters:
    ///   - layer: what is read.
    ///   - window: cells of the grid.
    /// - Returns: the layer in internal units.
    /// - Throws: `RasterError` naming a file that cannot be read.
    package func read(_ layer: LayerModel, over window: CellWindow) throws -> RegriddedLayer {
        var maps = SubpointMaps(budgetBytes: samplesPerRead * 8)
        return try read(layer, over: window, maps: &maps, cancellation: CancellationFlag())
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
        if let whole = try mosaic(of: layer) {
            try cancellation.check()
            let dataset = try RasterDataset(path: whole.definition, name: whole.name)
            return try read(dataset, band: 1, of: layer, over: window, maps: &maps)
        }
        var combiner: LayerCombiner?
        let isSingle = layer.paths.count * layer.bands.count == 1
        // The later sheet counts, and is added first.
        let isMosaic = layer.combination == .mosaic
        for file in isMosaic ? layer.paths.indices.reversed() : Array(layer.paths.indices) {
            let dataset = try layer.open(file: file)
            for band in isMosaic ? layer.bands.reversed() : layer.bands {
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

    /// The sheets of a map as one raster, where they lie on one lattice; nil otherwise.
    private func mosaic(of layer: LayerModel) throws(RasterError) -> SheetMosaic? {
        guard layer.combination == .mosaic, layer.paths.count * layer.bands.count > 1 else {
            return nil
        }
        var sheets: [RasterDescription] = []
        for file in layer.paths.indices {
            let dataset = try layer.open(file: file)
            sheets.append(dataset.description)
        }
        return layer.sheetMosaic(of: sheets)
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
                    try held(
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
                SourceOfSamples(band: band, held: held, onRead: onRead),
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

    private func held(
        _ pixels: CellWindow,
        of dataset: borrowing RasterDataset,
        band: Int,
        keepsNoData: Bool
    ) throws(RasterError) -> HeldWindow {
        onRead(dataset.description.path, pixels)
        return try HeldWindow(pixels, of: dataset, band: band, keepsNoData: keepsNoData)
    }

    /// Most sub-points along an edge of a cell by which the pixels of cells are looked up.
    private static let edgeSubpointsPerAxis = 64

    /// Most bytes of raw samples held for a layer.
    private var heldBytes: Int { samplesPerRead * 48 }

    /// Where samples come from.
    private struct SourceOfSamples {
        let band: Int
        let held: HeldWindow?
        let onRead: (_ path: String, _ pixels: CellWindow) -> Void

        func samples(
            of pixels: CellWindow,
            _ dataset: borrowing RasterDataset,
            _ layer: LayerModel
        ) throws -> [Double] {
            if let held, held.window.contains(pixels) { return held.samples(of: pixels) }
            onRead(dataset.description.path, pixels)
            return try dataset.read(
                pixels,
                band: band,
                keepsNoData: layer.keepsNoData(of: try dataset.description.band(band))
            ).samples
        }
    }

    /// Regrids the cells of a section in parts whose pixels fit the budget; each part's pixels are read
    /// once, its sub-points taken in strips that stay in the processor's cache.
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
        let margin = layer.rule.sourceMargin + layer.reading.derivation.haloPixels
        var pending = [section]
        while let part = pending.popLast() {
            let pixels = Self.likelyWindow(of: part, layer, nodes, projection)
            if part.cellCount > 1, (pixels?.cellCount ?? 0) > samplesPerRead {
                pending += Self.halves(of: part)
                continue
            }
            let likely = try pixels.map { try decoded($0, source, dataset, layer, areas) }
            for strip in SubpointMap.strips(of: part, subpointsPerAxis: layer.subpointsPerAxis) {
                let map = maps.map(of: strip, for: description, layer.subpointsPerAxis) {
                    nodes.subpoints(of: strip, subpointsPerAxis: layer.subpointsPerAxis) {
                        projection.project($0)
                    }
                }
                guard
                    let needed = map.sourceWindow(
                        rasterColumns: description.columns,
                        rasterRows: description.rows,
                        margin: margin
                    )
                else { continue }
                // What the edge of the part did not tell of is read for itself.
                let block: DecodedSource =
                    if let likely, likely.window.contains(needed) {
                        likely
                    } else {
                        try decoded(needed, source, dataset, layer, areas)
                    }
                result.paste(Regridding.layer(map, from: block, rule: layer.rule))
            }
        }
    }

    /// Pixels in internal units, with what is derived from their neighbourhood.
    private func decoded(
        _ pixels: CellWindow,
        _ source: SourceOfSamples,
        _ dataset: borrowing RasterDataset,
        _ layer: LayerModel,
        _ areas: borrowing SourceCellArea?
    ) throws -> DecodedSource {
        let description = dataset.description
        let pixelAreas: [Double]?
        switch areas {
        case .some(let areas):
            pixelAreas =
                areas.dependsOnRowOnly
                ? pixels.rows.map { areas.areaKm2(row: $0) } : areas.areasKm2(window: pixels)
        case .none: pixelAreas = nil
        }
        let decoded = DecodedSource(
            CarbonBalance.SourceBlock(
                window: pixels,
                rasterColumns: description.columns,
                rasterRows: description.rows,
                samples: layer.withoutNodata(try source.samples(of: pixels, dataset, layer))
            ),
            decoding: try layer.decoding(of: description, band: source.band),
            pixelAreasKm2: pixelAreas
        )
        return try Self.derived(decoded, layer.reading.derivation, description)
    }

    /// The pixels that the sub-points of some cells will need, from those of the cells along their edge;
    /// nil when these miss the raster.
    ///
    /// A map projection takes the edge of an area to the edge of its image, so that hardly anything lies
    /// beyond. It steers how much is read at a time, never what a cell is made of.
    private static func likelyWindow(
        of cells: CellWindow,
        _ layer: LayerModel,
        _ nodes: ProjectionNodes,
        _ projection: borrowing SourceProjection
    ) -> CellWindow? {
        let description = projection.description
        // Few sub-points tell where the edge of a cell lies; of the others half a distance between these
        // is missing, in pixels, of which there are two sub-points each unless their number is capped: what
        // is missing beyond that is read for itself.
        let perAxis = min(Self.edgeSubpointsPerAxis, layer.subpointsPerAxis)
        let missing = perAxis < layer.subpointsPerAxis ? layer.subpointsPerAxis / perAxis + 1 : 0
        let margin = layer.rule.sourceMargin + layer.reading.derivation.haloPixels + missing
        let edges = [
            CellWindow(rows: cells.rowStart..<(cells.rowStart + 1), columns: cells.columns),
            CellWindow(rows: (cells.rowEnd - 1)..<cells.rowEnd, columns: cells.columns),
            CellWindow(rows: cells.rows, columns: cells.columnStart..<(cells.columnStart + 1)),
            CellWindow(rows: cells.rows, columns: (cells.columnEnd - 1)..<cells.columnEnd),
        ]
        var box: CellWindow?
        for strip in edges.flatMap({ SubpointMap.strips(of: $0, subpointsPerAxis: perAxis) }) {
            let map = nodes.subpoints(of: strip, subpointsPerAxis: perAxis) {
                projection.project($0)
            }
            let found = map.sourceWindow(
                rasterColumns: description.columns,
                rasterRows: description.rows,
                margin: margin
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
            return source.terrain(measure, spacing: try spacing(of: source.window, description))
        }
    }

    private static func spacing(
        of pixels: CellWindow,
        _ description: RasterDescription
    ) throws(RasterError) -> PixelSpacing {
        switch try SourcePixelSpacing(description, pixels: pixels) {
        case .rows(let eastwardMetres, let northwardMetres):
            return .rows(eastwardMetres: eastwardMetres, northwardMetres: northwardMetres)
        case .nodes(let nodes):
            return .nodes(
                PixelStepNodes(
                    window: nodes.window,
                    spacingPixels: nodes.spacingPixels,
                    steps: nodes.steps
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
