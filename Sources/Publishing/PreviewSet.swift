import Analysis
import CarbonBalance
import Lattice
import RasterIO

/// One picture of the run.
struct Preview: Sendable {
    /// File name without ending.
    let name: String
    /// What it shows.
    let title: String
    /// The picture's file within the run directory; nil for a band without a picture.
    let path: String?
    /// The colours, for the style file.
    let style: PreviewMap.Style
    /// The band's number in its mosaic, from 1.
    let band: Int
    /// What must be said of it in a legend; nil when nothing.
    let caption: String?
    /// The picture as PNG; empty for a band without a picture.
    let png: [UInt8]
}

/// Draws the pictures of a run from its mosaics.
struct PreviewSet {
    let input: PublishingInput
    let statements: RunStatements
    let bands: BalanceBands
    let outlines: ZoneOutlines

    /// Widest picture of a raster, cells; wider mosaics are averaged down to it.
    private static let maximumColumns = 1000

    /// Draws the bands of a mosaic.
    ///
    /// - Returns: a preview for each band in order; some have a style but no picture.
    func draw(_ mosaic: MosaicKind, published: [PublishedBand]) throws -> [Preview] {
        switch mosaic {
        case .deficit: return try drawQuantities(published: published)
        case .status: return try drawStatus(published: published)
        case .model, .neighbourhood:
            guard let regression = input.cellRegression else { return [] }
            return try drawRegression(mosaic, regression, published: published)
        }
    }

    func dataset(_ mosaic: MosaicKind) throws -> RasterDataset {
        try RasterDataset(path: "\(input.directory)/\(mosaic.path)")
    }

    /// Draws every band of the deficit mosaic; valid fractions have no picture.
    private func drawQuantities(published: [PublishedBand]) throws -> [Preview] {
        let mosaic = try dataset(.deficit)
        var previews: [Preview] = []
        for (index, band) in bands.quantities.enumerated() {
            let raster = try picture(of: mosaic, band: index + 1, resampling: .average)
            let style = MapStyles.style(of: band, spread: MapStyles.Spread(raster.samples))
            let kind = input.model.sinkKind(ofPair: band.pair)
            let name = Self.fileName(of: band)
            let isFraction = band.content == .emissionValid || band.content == .sinkValid
            let statistics = published[index].statistics
            let map = map(
                title(of: band),
                statement: Self.involvesSink(band.content) ? kind.caption : nil,
                style: style,
                raster: raster,
                captions: captions(of: band),
                note: "\(NumberText.grouped(statistics.validCount)) of "
                    + "\(NumberText.grouped(statistics.sampleCount)) cells have a value"
            )
            previews.append(
                Preview(
                    name: name,
                    title: map.title,
                    path: isFraction ? nil : "preview/\(name).png",
                    style: style,
                    band: index + 1,
                    caption: Self.involvesSink(band.content) ? kind.caption : nil,
                    png: isFraction ? [] : try map.png()
                )
            )
        }
        return previews
    }

    /// Draws the statuses of the balance, and that of the regression where there is one.
    private func drawStatus(published: [PublishedBand]) throws -> [Preview] {
        let mosaic = try dataset(.status)
        var previews: [Preview] = []
        for (index, band) in published.enumerated() {
            let isRegression = band.name == "regression"
            let hasPicture = !isRegression || input.cellRegression != nil
            let categories =
                isRegression ? MapStyles.regressionCategories : MapStyles.balanceCategories
            let name = "status_\(band.name)"
            let raster = try picture(of: mosaic, band: index + 1, resampling: .mode)
            let pair = index == 0 ? 0 : index - 1
            let counts =
                isRegression
                ? input.regression?.fit?.statusCounts : balanceCounts(pair: pair)
            let map = map(
                band.description,
                statement: input.model.sinkKind(ofPair: pair).caption,
                style: .categories(Self.counted(categories, counts)),
                raster: raster,
                captions: [pairCaption(pair), parameterCaption],
                note: "\(NumberText.grouped(band.statistics.validCount)) of "
                    + "\(NumberText.grouped(band.statistics.sampleCount)) cells have a status"
            )
            previews.append(
                Preview(
                    name: name,
                    title: band.description,
                    path: hasPicture ? "preview/\(name).png" : nil,
                    style: .categories(categories),
                    band: index + 1,
                    caption: input.model.sinkKind(ofPair: pair).caption,
                    png: hasPicture ? try map.png() : []
                )
            )
        }
        return previews
    }

    /// The name of a band's picture and view.
    static func fileName(of band: BalanceBands.Band) -> String {
        if case .variant = band.content { return "deficit_\(band.name)" }
        return band.name
    }

    static func involvesSink(_ content: BalanceBands.Content) -> Bool {
        switch content {
        case .sink, .variant: true
        case .emission, .emissionValid, .sinkValid, .status, .response, .participation,
            .predictor:
            false
        }
    }

    private func balanceCounts(pair: Int) -> [StatusCount]? {
        guard let balance = input.balance, pair < balance.pairs.count else { return nil }
        return balance.pairs[pair].statusCounts
    }

    /// Categories that occur, with how often; all of them where nobody counted.
    private static func counted(
        _ categories: [PreviewMap.Category],
        _ counts: [StatusCount]?
    ) -> [PreviewMap.Category] {
        guard let counts else { return categories }
        return categories.compactMap { category in
            let cells = counts.first { Int($0.code) == category.code }?.cells ?? 0
            guard cells > 0 else { return nil }
            return PreviewMap.Category(
                code: category.code,
                title: "\(category.title) (\(NumberText.grouped(cells)))",
                colour: category.colour
            )
        }
    }

    private func title(of band: BalanceBands.Band) -> String {
        let kind = input.model.sinkKind(ofPair: band.pair)
        switch band.content {
        case .emission: return "Carbon emission"
        case .sink: return kind.title
        case .emissionValid: return "Fraction of the cell with a value of emission"
        case .sinkValid: return "Fraction of the cell with a value of the sink"
        case .variant(let variant): return variant.title
        case .status: return "Status"
        case .response, .participation, .predictor: return band.description
        }
    }

    private func captions(of band: BalanceBands.Band) -> [String] {
        var lines: [String] = []
        switch band.content {
        case .variant(let variant):
            lines.append("\(variant.id) = \(variant.formula)")
            lines += [pairCaption(band.pair), parameterCaption]
        case .emission:
            lines.append(layerCaption(input.model.deficit.pairs[band.pair].emissionLayer))
        case .response, .participation, .predictor: break
        case .sink, .emissionValid, .sinkValid, .status:
            lines.append(layerCaption(input.model.deficit.pairs[band.pair].sinkLayer))
        }
        return lines
    }

    private func layerCaption(_ index: Int) -> String {
        let layer = input.model.layers[index]
        let year = layer.facts.year.map { ", \($0)" } ?? ""
        let source = layer.facts.source.map { ", \($0)" } ?? ""
        return "layer '\(layer.name)'\(year)\(source)"
    }

    func pairCaption(_ pair: Int) -> String {
        let layers = input.model.deficit.pairs[pair]
        let kind = input.model.sinkKind(ofPair: pair)
        return "E: \(layerCaption(layers.emissionLayer)) · S (\(kind.rawValue)): "
            + layerCaption(layers.sinkLayer)
    }

    private var parameterCaption: String {
        let deficit = input.model.deficit
        return
            "epsilon = \(NumberText.compact(deficit.emissionFloor)) \(FluxUnit.standardText) · water: "
            + (deficit.masksWater ? "masked" : "takes up nothing")
    }

    func picture(
        of mosaic: borrowing RasterDataset,
        band: Int,
        resampling: OverviewResampling
    ) throws -> CellBlock {
        let grid = input.model.grid
        let columns = min(grid.columns, Self.maximumColumns)
        let rows = max(1, (grid.rows * columns + grid.columns / 2) / grid.columns)
        let samples = try mosaic.readDecimated(
            band: band,
            columns: columns,
            rows: rows,
            resampling: resampling
        )
        return CellBlock(
            window: CellWindow(rows: 0..<rows, columns: 0..<columns),
            samples: samples
        )
    }

    func map(
        _ title: String,
        statement: String?,
        style: PreviewMap.Style,
        raster: CellBlock,
        captions: [String],
        note: String,
        warnings: [String] = [],
        muted: PreviewMap.Muted? = nil
    ) -> PreviewMap {
        let grid = input.model.grid
        let columnScale = Double(raster.window.columnCount) / Double(grid.columns)
        let rowScale = Double(raster.window.rowCount) / Double(grid.rows)
        let warnings = [statements.incomplete, statements.proxy].compactMap(\.self) + warnings
        var map = PreviewMap(
            title: title,
            statement: statement,
            captions: captions,
            warnings: warnings,
            note: note,
            footer: "\(input.model.name) · \(input.facts.day) · run \(input.facts.runID) · "
                + "sectile \(input.facts.softwareVersion) · \(grid.reference.name), "
                + "\(NumberText.compact(grid.cellSizeMetres / 1000)) km cells",
            style: style,
            borders: outlines.borders(grid: grid, columnScale: columnScale, rowScale: rowScale),
            raster: raster,
            muted: muted,
            metresPerCell: grid.cellSizeMetres / columnScale
        )
        map.stamp = statements.stamp
        map.texts =
            [
                PictureText(key: "Title", value: title),
                PictureText(
                    key: "Description",
                    value: (captions + [statement ?? "", note]).filter { !$0.isEmpty }
                        .joined(separator: "\n")
                ),
                PictureText(key: "Source", value: statements.layers.joined(separator: "\n")),
                PictureText(key: "Comment", value: map.footer),
                PictureText(key: "Software", value: "sectile \(input.facts.softwareVersion)"),
                PictureText(key: "Creation Time", value: input.facts.finishedAt),
            ]
            + (warnings.isEmpty
                ? [] : [PictureText(key: "Warning", value: warnings.joined(separator: "\n"))])
        return map
    }
}
