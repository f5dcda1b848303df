import Analysis
import CarbonBalance
import Lattice
import RasterIO

extension PreviewSet {
    /// One-sidedness above which a neighbourhood says little of its middle.
    static let tolerableOneSidedness: Float = 0.5

    /// Draws the bands of a mosaic of the regression that are worth a look; all have a style.
    func drawRegression(
        _ kind: MosaicKind,
        _ regression: CellRegression,
        published: [PublishedBand]
    ) throws -> [Preview] {
        let told = RegressionStatements(input, regression)
        let bands = RegressionBands(input.model, regression)
        let mosaic = try dataset(kind)
        let doubts = kind == .model ? try Doubts(self, bands) : nil
        var previews: [Preview] = []
        for (index, band) in (kind == .model ? bands.model : bands.neighbourhood).enumerated() {
            // An empty map would look like a result.
            let hasPicture = told.refusal == nil && Self.hasPicture(band.source)
            var raster = try picture(
                of: mosaic,
                band: index + 1,
                resampling: band.isCode ? .nearest : .average
            )
            let muted = try doubts.flatMap { try $0.muted(band, raster, in: mosaic) }
            let isSigned = input.model.hasSignedResponse(regression.model)
            func style(of raster: CellBlock, _ band: RegressionBands.Band) -> PreviewMap.Style {
                let samples = raster.samples.enumerated().map { place, sample in
                    muted?.cells[place] == true ? .nan : sample
                }
                return MapStyles.style(
                    of: band,
                    isSigned: isSigned,
                    spread: MapStyles.Spread(samples)
                )
            }
            let name = "\(kind.rawValue)_\(band.name)"
            let fileStyle = style(of: raster, band)
            var png: [UInt8] = []
            if hasPicture {
                var shown = band
                if band.unit == "m" {
                    // People read hundreds of kilometres, not hundreds of thousands of metres.
                    raster = CellBlock(
                        window: raster.window,
                        samples: raster.samples.map { $0 / 1000 }
                    )
                    shown = RegressionBands.Band(
                        source: band.source,
                        name: band.name,
                        unit: "km",
                        description: band.description,
                        term: band.term
                    )
                }
                png = try map(
                    title(of: band, regression),
                    statement: sinkCaption(regression),
                    style: style(of: raster, shown),
                    raster: raster,
                    captions: captions(of: band, told, regression),
                    note: note(published[index].statistics, muted),
                    warnings: warnings(of: band, told),
                    muted: muted
                ).png()
            }
            previews.append(
                Preview(
                    name: name,
                    title: title(of: band, regression),
                    path: hasPicture ? "preview/\(name).png" : nil,
                    style: fileStyle,
                    band: index + 1,
                    caption: caption(of: band, told, regression),
                    png: png
                )
            )
        }
        return previews
    }

    private static func hasPicture(_ source: RegressionBands.Source) -> Bool {
        switch source {
        case .localRSquared: true
        case .fit(let content):
            switch content {
            case .coefficient, .fitted, .residual, .bandwidth, .neighboursEffective,
                .oneSidedness, .conditionNumber:
                true
            default: false
            }
        }
    }

    private func sinkCaption(_ regression: CellRegression) -> String? {
        guard case .variant = regression.model.response else { return nil }
        return input.model.mainSink.caption
    }

    /// What a legend must say of a band: what the sink is not, and that its term is circular.
    private func caption(
        of band: RegressionBands.Band,
        _ told: RegressionStatements,
        _ regression: CellRegression
    ) -> String? {
        let circular = told.circular.first { term in
            band.term.map { regression.model.termNames[$0] == term.term } ?? false
        }
        let texts = [sinkCaption(regression), circular?.flag(response: told.response)]
            .compactMap(\.self)
        return texts.isEmpty ? nil : texts.joined(separator: "; ")
    }

    private func title(of band: RegressionBands.Band, _ regression: CellRegression) -> String {
        switch band.source {
        case .localRSquared: return "Local R²"
        case .fit(.coefficient(let term)):
            return "Local coefficient: \(regression.model.termNames[term])"
        case .fit(.fitted): return "Fitted response"
        case .fit(.residual): return "Residual of the local models"
        case .fit(.bandwidth): return "Bandwidth of the local models"
        case .fit(.neighboursEffective): return "Effective neighbours of the local models"
        case .fit(.oneSidedness): return "One-sidedness of the neighbourhoods"
        case .fit(.conditionNumber): return "Condition number of the local models"
        case .fit: return band.description
        }
    }

    private func captions(
        of band: RegressionBands.Band,
        _ told: RegressionStatements,
        _ regression: CellRegression
    ) -> [String] {
        let step = Double(regression.model.spacingCells) * input.model.grid.cellSizeMetres / 1000
        let n = regression.observations.map { NumberText.grouped($0.observationCount) } ?? "n/a"
        var lines = [
            "response \(told.response): \(told.responseFormula)",
            "\(told.kernel), \(told.bandwidth ?? "no bandwidth") (\(told.state)) · \(n) observations, "
                + "one every \(NumberText.compact(step)) km",
        ]
        if let term = band.term, term > 0, regression.model.covariates[term - 1].unit != "1" {
            lines.append("predictor in \(regression.model.covariates[term - 1].unit)")
        }
        if band.source == .fit(.oneSidedness) || band.source == .fit(.neighboursEffective) {
            lines.append(band.description)
        }
        return lines
    }

    private func warnings(
        of band: RegressionBands.Band,
        _ told: RegressionStatements
    ) -> [String] {
        let names = input.model.regression?.termNames ?? []
        let circular = told.circular.filter { term in
            band.term.map { names[$0] == term.term } ?? true
        }
        // The map of a coefficient flags its own term; a map of the whole model, every term.
        return [told.refusal, told.boundWarning].compactMap(\.self)
            + circular.map { $0.flag(response: told.response) }
    }

    private func note(_ statistics: BandStatistics, _ muted: PreviewMap.Muted?) -> String {
        let values =
            "\(NumberText.grouped(statistics.validCount)) of "
            + "\(NumberText.grouped(statistics.sampleCount)) cells have a value"
        guard let muted, statistics.validCount > 0 else { return values }
        let grey = muted.cells.count { $0 }
        return values + "; \(NumberText.grouped(grey)) cells of the picture are grey"
    }
}

/// Where coefficients must not be read: from the pictures of the bands that say so.
private struct Doubts {
    private let set: PreviewSet
    private let bands: RegressionBands
    private let isFitted: [Bool]
    private let isOneSided: [Bool]

    init(_ set: PreviewSet, _ bands: RegressionBands) throws {
        self.set = set
        self.bands = bands
        let model = try set.dataset(.model)
        let neighbourhood = try set.dataset(.neighbourhood)
        let fitted = bands.index(of: .fit(.fitted)).map { $0 + 1 } ?? 1
        isFitted = try set.picture(of: model, band: fitted, resampling: .average).samples
            .map(\.isFinite)
        let place = bands.neighbourhood.firstIndex { $0.source == .fit(.oneSidedness) } ?? 0
        isOneSided = try set.picture(of: neighbourhood, band: place + 1, resampling: .average)
            .samples.map { $0 > PreviewSet.tolerableOneSidedness }
    }

    /// The cells of a coefficient's picture that are unidentified, unstable, or seen from one side; nil
    /// for other bands.
    func muted(
        _ band: RegressionBands.Band,
        _ raster: CellBlock,
        in mosaic: borrowing RasterDataset
    ) throws -> PreviewMap.Muted? {
        guard case .fit(.coefficient(let term)) = band.source,
            let place = bands.index(of: .fit(.signStability(term)))
        else { return nil }
        let stability = try set.picture(of: mosaic, band: place + 1, resampling: .average)
        let cells = raster.samples.indices.map { index in
            guard isFitted[index] else { return false }
            return raster.samples[index].isNaN || stability.samples[index] < 0.5
                || isOneSided[index]
        }
        return PreviewMap.Muted(
            cells: cells,
            title: "not to be read: unidentified, sign changes with the bandwidth, or "
                + "one-sided neighbourhood (above 0.5)"
        )
    }
}

extension RunModel {
    /// Whether the response reads from its sign, as all forms of the deficit but two do.
    func hasSignedResponse(_ regression: RegressionModel) -> Bool {
        guard case .variant(let variant) = regression.response else { return false }
        return variant.isSigned
    }
}
