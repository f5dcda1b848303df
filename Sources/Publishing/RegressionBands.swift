import Analysis

/// The bands of `gwr.tif` and `neighbourhood.tif`, in the order in which they are published.
struct RegressionBands: Sendable {
    /// Where a band's samples come from.
    enum Source: Hashable, Sendable {
        /// A band of the fit tiles.
        case fit(FitBands.Content)
        /// Local R², the band of the diagnose tiles.
        case localRSquared
    }

    /// One band.
    struct Band: Hashable, Sendable {
        /// What it holds.
        let source: Source
        /// The band's name in the file.
        let name: String
        /// The unit, `1` when dimensionless, empty for codes.
        let unit: String
        /// One sentence for people.
        let description: String
        /// The coefficient that it belongs to, by its position; nil for bands of the whole model.
        let term: Int?

        /// Whether its values are codes, of which no mean can be taken.
        var isCode: Bool { unit.isEmpty }
    }

    /// The bands of `gwr.tif`.
    let model: [Band]
    /// The bands of `neighbourhood.tif`.
    let neighbourhood: [Band]
    /// The bands of the fit tiles.
    let fit: FitBands

    /// The bands of a run's regression of cells.
    ///
    /// Significance is called by its name only where residuals were found to be independent.
    init(_ run: RunModel, _ regression: CellRegression) {
        let fit = FitBands(model: run, regression: regression.model)
        self.fit = fit
        neighbourhood = fit.ofNeighbourhood.map { Self.band($0) }
        var bands: [Band] = []
        for band in fit.ofModel {
            bands.append(Self.band(band, isIndependent: regression.isIndependent))
            guard band.content == .residual else { continue }
            bands.append(
                Band(
                    source: .localRSquared,
                    name: "local_r2",
                    unit: "1",
                    description: "1 - sum w e^2 / sum w (y - mean)^2, e the residuals of the "
                        + "neighbours' own models",
                    term: nil
                )
            )
        }
        model = bands
    }

    /// Position of a band of `gwr.tif`, from 0; nil when there is none.
    func index(of source: Source) -> Int? { model.firstIndex { $0.source == source } }

    private static func band(_ band: FitBands.Band, isIndependent: Bool = true) -> Band {
        var name = band.name
        var description = band.description
        var term: Int?
        switch band.content {
        case .significance(let index):
            term = index
            guard !isIndependent else { break }
            name = "significant_if_independent_" + name.dropFirst("significant_".count)
            description += "; assumes independent residuals"
        case .coefficient(let index), .standardError(let index), .tValue(let index),
            .signStability(let index):
            term = index
        default: break
        }
        return Band(
            source: .fit(band.content),
            name: name,
            unit: band.unit,
            description: description,
            term: term
        )
    }
}
