package import Analysis
import CarbonBalance
import Lattice
import RasterIO

/// Compares a run's sums with sums over the source rasters themselves.
///
/// The sums over the source take every pixel with its area on the ellipsoid (or its projected area)
/// and the exact share of it inside the national grid or a zone; polygons are brought to the source's
/// projection vertex by vertex, long edges in pieces. No cell of the national grid is involved. Of several
/// files or bands the sums are combined as the layer combines them; where their missing pixels differ, the
/// run has a value only where all have one, and the difference shows it.
package struct ClosureCheck: Sendable {
    /// Sources with more pixels within the grid, of all files and bands, are left out: a minute or two.
    package static let maximumPixels = 1_000_000_000
    /// Most pixels held at a time.
    private static let pixelsPerBlock = 1_000_000

    private let model: RunModel
    private let zones: [ZoneSet.Identity]
    private let outlines: ZoneOutlines

    /// A check of a run whose resolved zones lie in its directory.
    ///
    /// - Throws: when the zones cannot be read.
    package init(directory: String, model: RunModel, zones: [ZoneSet.Identity]) throws {
        self.model = model
        self.zones = zones
        outlines = try ZoneOutlines(directory: directory, model: model, zones: zones)
    }

    /// The closure of every emission and sink layer of the pairs.
    ///
    /// Blocks while the sources are read once; belongs on a thread of its own. A layer that cannot be
    /// compared, for whatever reason, says so in ``ClosureReport/Layer/skipped``.
    ///
    /// - Parameters:
    ///   - prepare: the national sums of layers.
    ///   - balance: the sums of zones.
    ///   - isComplete: false when tiles are missing: then nothing can be compared.
    /// - Returns: one entry for each layer, in the model's order.
    package func report(
        prepare: PrepareConstants,
        balance: BalanceConstants,
        isComplete: Bool
    ) -> ClosureReport {
        var indices: [Int] = []
        for pair in model.deficit.pairs {
            for index in [pair.emissionLayer, pair.sinkLayer] where !indices.contains(index) {
                indices.append(index)
            }
        }
        return ClosureReport(
            layers: indices.sorted().map { index in
                let name = model.layers[index].name
                guard isComplete else {
                    return ClosureReport.Layer(name: name, skipped: "tiles are missing")
                }
                do {
                    return try layer(index, prepare: prepare, balance: balance)
                } catch {
                    return ClosureReport.Layer(name: name, skipped: "\(error)")
                }
            }
        )
    }

    private func layer(
        _ index: Int,
        prepare: PrepareConstants,
        balance: BalanceConstants
    ) throws -> ClosureReport.Layer {
        let layer = model.layers[index]
        let source: SourceTotals
        do {
            source = try sourceTotals(of: layer)
        } catch let refusal as Refusal {
            return ClosureReport.Layer(
                name: layer.name,
                skipped: refusal.reason,
                sourcePixels: refusal.pixels
            )
        }
        let run = runTotals(ofLayer: index, balance)
        var all: [(zone: String, difference: Double)] = []
        var large: [(zone: String, difference: Double)] = []
        // Zones that count a part of each cell have no counterpart in the source.
        let compared = model.zones?.withinLayer == nil ? zones.indices : zones.indices.prefix(0)
        for zone in compared where zone < run.count && outlines.sharesOutside[zone] == 0 {
            let total = source.zones[zone]
            guard total != 0 else { continue }
            let difference = (zone: zones[zone].id, difference: run[zone] / total - 1)
            all.append(difference)
            if outlines.areasKm2[zone] > ClosureReport.largeZoneKm2 { large.append(difference) }
        }
        return ClosureReport.Layer(
            name: layer.name,
            sourcePixels: source.pixels,
            sourceTotal: source.national,
            runTotal: prepare.layers[index].integral,
            zones: ClosureReport.Zones(all),
            largeZones: ClosureReport.Zones(large)
        )
    }

    private func runTotals(ofLayer index: Int, _ balance: BalanceConstants) -> [Double] {
        for (pair, figures) in zip(model.deficit.pairs, balance.pairs) {
            if pair.emissionLayer == index { return figures.zones.map(\.emission) }
            if pair.sinkLayer == index { return figures.zones.map(\.sink) }
        }
        return []
    }

    private struct SourceTotals {
        let pixels: Int
        let national: Double
        let zones: [Double]
    }

    private struct Refusal: Error {
        let reason: String
        var pixels = 0
    }

    /// The sums over all files and bands of a layer: added up for months, sectors and sheets, divided by
    /// their number for a mean.
    private func sourceTotals(of layer: LayerModel) throws -> SourceTotals {
        guard !layer.paths.isEmpty else { throw Refusal(reason: "no raster is read for the layer") }
        if layer.combination == .mosaic { try checkDisjoint(layer) }
        var sums = [ExactSum](repeating: ExactSum(), count: outlines.features.count + 1)
        var pixels = 0
        for path in layer.paths {
            let dataset = try RasterDataset(
                path: path,
                assumedReference: layer.reading.reference,
                assumedExtent: layer.reading.extent
            )
            try add(dataset, of: layer, pixels: &pixels, to: &sums)
        }
        guard pixels > 0 else { throw Refusal(reason: "the file lies outside the grid") }
        let parts = layer.paths.count * layer.bands.count
        let divisor = layer.combination == .mean ? Double(parts) : 1
        let values = sums.map { $0.value / divisor }
        return SourceTotals(
            pixels: pixels,
            national: values[values.count - 1],
            zones: values.dropLast()
        )
    }

    /// Adds what a file has within the grid and within each zone; nothing when it lies outside.
    private func add(
        _ dataset: borrowing RasterDataset,
        of layer: LayerModel,
        pixels: inout Int,
        to sums: inout [ExactSum]
    ) throws {
        let description = dataset.description
        guard let reference = description.reference else {
            throw Refusal(reason: "the file names no coordinate reference system")
        }
        let atlas = try SourceAtlas(
            grid: model.grid,
            features: outlines.features,
            description: description,
            reference: reference
        )
        guard let window = atlas.window else { return }
        pixels += window.cellCount * layer.bands.count
        guard pixels <= Self.maximumPixels else {
            throw Refusal(
                reason:
                    "its source has \(NumberText.grouped(pixels)) pixels or more within the grid, "
                    + "more than \(NumberText.grouped(Self.maximumPixels))",
                pixels: pixels
            )
        }
        let areas = try SourceCellArea(description)
        let decoders = try layer.bands.map { band in
            (band: band, decoder: try SampleDecoder(layer, band: description.band(band)))
        }
        let rowsPerBlock = max(1, Self.pixelsPerBlock / window.columnCount)
        for start in stride(from: window.rowStart, to: window.rowEnd, by: rowsPerBlock) {
            let block = CellWindow(
                rows: start..<min(window.rowEnd, start + rowsPerBlock),
                columns: window.columns
            )
            let pixelAreas = areas.areasKm2(window: block)
            let coverage = atlas.zones.coverage(of: block)
            let isTotal = layer.quantity == .total
            for (band, decoder) in decoders {
                let samples = try dataset.read(
                    block,
                    band: band,
                    keepsNoData: decoder.keepsNoData
                ).samples
                let masses = samples.indices.map { index in
                    decoder.value(of: samples[index]) * (isTotal ? 1 : pixelAreas[index])
                }
                for covered in coverage {
                    for cell in covered.cells where masses[cell.index].isFinite {
                        sums[covered.zoneIndex].add(product: masses[cell.index], cell.fraction)
                    }
                }
            }
        }
    }

    /// Sheets that overlap count a pixel twice in the source, and once in the run.
    private func checkDisjoint(_ layer: LayerModel) throws {
        guard layer.bands.count == 1 else {
            throw Refusal(reason: "its \(layer.bands.count) bands lie over each other")
        }
        let sheets = try layer.paths.map { path in
            try RasterDataset.describe(
                path: path,
                assumedReference: layer.reading.reference,
                assumedExtent: layer.reading.extent
            )
        }
        for (index, sheet) in sheets.enumerated() {
            for other in sheets[..<index] where sheet.reference == other.reference {
                let (a, b) = (sheet.extent, other.extent)
                let size = sheet.affine.coefficients
                let width = min(a.maximumX, b.maximumX) - max(a.minimumX, b.minimumX)
                let height = min(a.maximumY, b.maximumY) - max(a.minimumY, b.minimumY)
                if width > size[1].magnitude / 2, height > size[5].magnitude / 2 {
                    throw Refusal(reason: "sheets overlap: \(other.path) and \(sheet.path)")
                }
            }
        }
    }
}

/// From a raw sample to internal units, as the layer and its file say.
private struct SampleDecoder {
    private let codes: SpecialCodes
    private let nodata: [Double]
    private let scale: Double
    private let offset: Double
    private let factor: Double
    private let waterIsZero: Bool
    /// True when the configuration, not the file, says what the file's nodata value means.
    let keepsNoData: Bool

    init(_ layer: LayerModel, band: BandDescription) throws {
        codes = try SpecialCodes(
            layer.codes.map { code in
                let meaning: CodeMeaning =
                    code.isWater ? .water : code.value.map { .value($0) } ?? .nodata
                return (Double(code.code), meaning)
            }
        )
        nodata = layer.nodata ?? []
        scale = layer.scale ?? band.scale
        offset = layer.offset ?? band.offset
        factor = layer.unitFactor
        waterIsZero = layer.waterIsZero
        keepsNoData =
            layer.nodata != nil || layer.codes.contains { Double($0.code) == band.noDataValue }
    }

    /// The value in internal units, per pixel for a total, else per km²; NaN is missing.
    func value(of raw: Double) -> Double {
        if nodata.contains(raw) { return .nan }
        switch codes[raw] {
        case nil: return (raw * scale + offset) * factor
        case .nodata: return .nan
        case .value(let value): return value * factor
        case .water: return waterIsZero ? 0 : .nan
        }
    }
}
