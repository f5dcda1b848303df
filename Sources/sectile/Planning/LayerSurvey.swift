import Analysis
import CarbonBalance
import Execution
import Lattice
import RasterIO

/// What a layer amounts to over the study area, read from its files before the run.
///
/// Pixels are weighted with their ellipsoidal area and the share of the study at their place. A file of
/// at most ``LayerSurveyor/pixelsReadWhole`` pixels over the grid is read whole, a larger one in every
/// n-th of its blocks; then the figures are an estimate, and say so.
struct LayerSurvey {
    /// Σ value · area, in internal units times km².
    var integral = 0.0
    /// Area with a value, km².
    var validAreaKm2 = 0.0
    /// Smallest and largest value.
    var minimum = Double.infinity
    var maximum = -Double.infinity
    /// The largest share of pixels that one read pixel stands for; 1 when all were read.
    var pixelsForEach = 1
    /// Number of samples that look like the special codes of a MODIS product and are not declared.
    var suspiciousCodes = 0

    /// Mean by area; nil without a value.
    var mean: Double? { validAreaKm2 > 0 ? integral / validAreaKm2 : nil }
}

/// Reads surveys.
struct LayerSurveyor {
    /// The study area.
    let area: StudyArea
    /// The national grid.
    let grid: Grid

    /// Pixels over the grid up to which a file is read whole.
    static let pixelsReadWhole = 4_000_000
    /// What MODIS products store where they have classes instead of measurements.
    static let modisCodes = 32761.0...32767.0
    /// Points at which the share of the study is looked up, for each file.
    private static let pointsPerFile = 250_000

    /// Surveys a layer of rasters.
    ///
    /// - Parameters:
    ///   - model: the layer; its values are surveyed as samples, before slopes or components are formed.
    ///   - descriptions: of its files.
    /// - Returns: the figures of the layer as its files are combined.
    /// - Throws: `RasterError` when a file cannot be read.
    func survey(_ model: LayerModel, _ descriptions: [RasterDescription]) throws -> LayerSurvey {
        var result = LayerSurvey()
        // As one raster sheets that overlap count once; on different lattices the overlap counts twice.
        if let whole = model.sheetMosaic(of: descriptions) {
            let dataset = try RasterDataset(path: whole.definition, name: whole.name)
            try add(dataset, band: 1, of: model, to: &result)
            return result
        }
        var parts = 0
        for description in descriptions {
            let dataset = try RasterDataset(
                path: description.path,
                assumedReference: model.reading.reference,
                assumedExtent: model.reading.extent
            )
            for band in model.bands {
                try add(dataset, band: band, of: model, to: &result)
                parts += 1
            }
        }
        if parts > 1 {
            switch model.combination {
            case .sum: result.validAreaKm2 /= Double(parts)
            case .mean:
                result.validAreaKm2 /= Double(parts)
                result.integral /= Double(parts)
            case .mosaic: break
            }
        }
        return result
    }

    private func add(
        _ dataset: borrowing RasterDataset,
        band: Int,
        of model: LayerModel,
        to survey: inout LayerSurvey
    ) throws {
        let description = dataset.description
        guard let window = try? LayerProbe.window(of: description, over: grid),
            let reference = description.reference
        else { return }
        let toGrid = try CoordinateTransform(
            from: reference,
            to: grid.reference,
            areaOfInterest: area.geographicExtent
        )
        let bandDescription = try description.band(band)
        let blocks = Self.blocks(of: window, bandDescription)
        survey.pixelsForEach = max(survey.pixelsForEach, blocks.step * blocks.step)
        let areas = try SourceCellArea(description)
        let keepsNoData = model.keepsNoData(of: bandDescription)
        let decoding = try model.decoding(of: description, band: band)
        let lookupStep = Self.lookupStep(window.cellCount / (blocks.step * blocks.step))
        for block in blocks.windows {
            let raw = try dataset.read(block, band: band, keepsNoData: keepsNoData)
            let samples = model.withoutNodata(raw.samples)
            let pixelAreas =
                areas.dependsOnRowOnly
                ? block.rows.map { areas.areaKm2(row: $0) } : areas.areasKm2(window: block)
            let shares = shares(of: block, description, toGrid, step: lookupStep)
            for index in samples.indices {
                let share = shares[index]
                guard share > 0, !samples[index].isNaN else { continue }
                let sample = samples[index]
                if Self.modisCodes.contains(sample), sample == sample.rounded(),
                    decoding.codes[sample] == nil
                {
                    survey.suspiciousCodes += 1
                }
                let pixelArea =
                    areas.dependsOnRowOnly
                    ? pixelAreas[index / block.columnCount] : pixelAreas[index]
                let value = Self.value(of: samples[index], decoding, model, pixelArea: pixelArea)
                guard value.isFinite, pixelArea.isFinite else { continue }
                let weight = pixelArea * share * Double(blocks.step * blocks.step)
                survey.integral += value * weight
                survey.validAreaKm2 += weight
                survey.minimum = min(survey.minimum, value)
                survey.maximum = max(survey.maximum, value)
            }
        }
    }

    /// A sample in internal units, a total per km².
    private static func value(
        of sample: Double,
        _ decoding: LayerDecoding,
        _ model: LayerModel,
        pixelArea: Double
    ) -> Double {
        var value: Double
        switch decoding.codes[sample] {
        case nil: value = sample * decoding.scale + decoding.offset
        case .nodata: return .nan
        case .value(let replacement): value = replacement
        case .water: value = decoding.waterPolicy == .zeroSink ? 0 : .nan
        }
        if model.quantity == .category {
            if model.reading.isMode { return value }
            return model.classes.contains { Double($0) == value } ? 1 : 0
        }
        value *= decoding.unitFactor
        return model.quantity == .total ? value / pixelArea : value
    }

    /// Blocks of whole storage blocks, every n-th of them in both directions.
    private static func blocks(
        of window: CellWindow,
        _ band: BandDescription
    ) -> (windows: [CellWindow], step: Int) {
        let height = max(band.blockRows, min(window.rowCount, 64))
        let width = max(1, min(window.columnCount, max(band.blockColumns, 64)))
        // A strip across the whole file is taken in rows that hold a million pixels at most.
        let rows = max(1, min(height, 1_000_000 / width))
        func starts(_ range: Range<Int>, _ size: Int) -> [Int] {
            Array(stride(from: range.lowerBound / size * size, to: range.upperBound, by: size))
        }
        let rowStarts = starts(window.rows, rows)
        let columnStarts = starts(window.columns, width)
        var step = 1
        while window.cellCount / (step * step) > pixelsReadWhole, step < rowStarts.count {
            step += 1
        }
        var windows: [CellWindow] = []
        for (place, row) in rowStarts.enumerated() {
            // Each row of blocks begins elsewhere, so that every column of blocks is seen.
            let columnStep = columnStarts.count > 1 ? step : 1
            let isTaken = columnStarts.count > 1 ? place % step == 0 : place % (step * step) == 0
            guard isTaken else { continue }
            let first = (place / max(1, step)) % columnStep
            for column in columnStarts.dropFirst(first).enumerated()
            where column.offset % columnStep == 0 {
                let block = CellWindow(
                    rows: row..<(row + rows),
                    columns: column.element..<(column.element + width)
                )
                if let inside = block.intersection(window) { windows.append(inside) }
            }
        }
        return (windows, step)
    }

    private static func lookupStep(_ pixels: Int) -> Int {
        var step = 1
        while pixels / (step * step) > pointsPerFile { step += 1 }
        return step
    }

    /// The share of the study at each pixel of a block, looked up at every n-th pixel.
    private func shares(
        of block: CellWindow,
        _ description: RasterDescription,
        _ transform: borrowing CoordinateTransform,
        step: Int
    ) -> [Double] {
        let rows = (block.rowCount + step - 1) / step
        let columns = (block.columnCount + step - 1) / step
        var xs: [Double] = []
        var ys: [Double] = []
        xs.reserveCapacity(rows * columns)
        ys.reserveCapacity(rows * columns)
        for row in 0..<rows {
            for column in 0..<columns {
                let place = description.affine.world(
                    column: Double(block.columnStart) + (Double(column) + 0.5) * Double(step),
                    row: Double(block.rowStart) + (Double(row) + 0.5) * Double(step)
                )
                xs.append(place.x)
                ys.append(place.y)
            }
        }
        transform.transform(xs: &xs, ys: &ys)
        let found = zip(xs, ys).map { x, y in x.isFinite ? area.share(x: x, y: y) : 0 }
        guard step > 1 else { return found }
        return (0..<block.cellCount).map { index in
            let row = index / block.columnCount / step
            let column = index % block.columnCount / step
            return found[row * columns + column]
        }
    }
}
