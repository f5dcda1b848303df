package import CarbonBalance

/// The bands of a balance tile, in the order in which they are stored: the one place that knows it.
///
/// For each pair: emission, sink, their valid fractions, then one band for each variant. At the end,
/// for each pair, the status (0…255 as a number). Names of further pairs carry the pair's suffix. With a
/// regression of cells: response, participation and the transformed predictors, which neighbouring
/// tiles read.
package struct BalanceBands: Hashable, Sendable {
    /// What a band holds.
    package enum Content: Hashable, Sendable {
        /// E, tCO2 km⁻² yr⁻¹.
        case emission
        /// S after the water policy, tCO2 km⁻² yr⁻¹.
        case sink
        /// Valid fraction of the emission's cell, 0…1.
        case emissionValid
        /// Valid fraction of the sink's cell, 0…1.
        case sinkValid
        /// A form of the deficit.
        case variant(DeficitVariant)
        /// ``BalanceStatus`` as a number.
        case status
        /// The response of the regression.
        case response
        /// Who takes part in the regression: a code of ``ObservationBlock``.
        case participation
        /// A transformed predictor, by its position in the regression.
        case predictor(Int)
    }

    /// One band.
    package struct Band: Hashable, Sendable {
        /// Position of the pair in the model.
        package let pair: Int
        /// What the band holds.
        package let content: Content
        /// The band's name in files.
        package let name: String
        /// The unit, `1` when dimensionless, empty for codes.
        package let unit: String
        /// One sentence for people: what it is, of which layers, by which formula.
        package let description: String
    }

    /// All bands, first to last.
    package let bands: [Band]

    /// The bands that a model's balance tiles have.
    package init(model: RunModel) {
        var bands: [Band] = []
        let contents: [Content] =
            [.emission, .sink, .emissionValid, .sinkValid]
            + model.deficit.variants.map { .variant($0) }
        for pair in model.deficit.pairs.indices {
            bands += contents.map { Self.band($0, pair: pair, model: model) }
        }
        for pair in model.deficit.pairs.indices {
            bands.append(Self.band(.status, pair: pair, model: model))
        }
        if let regression = model.cellRegression {
            let predictors = regression.covariates.indices.map { Content.predictor($0) }
            bands += ([.response, .participation] + predictors).map {
                Self.band($0, pair: 0, model: model)
            }
        }
        self.bands = bands
    }

    /// The bands' names in order.
    package var names: [String] { bands.map(\.name) }
    /// The bands' units in order.
    package var units: [String] { bands.map(\.unit) }
    /// The bands' descriptions in order.
    package var descriptions: [String] { bands.map(\.description) }

    /// The bands of the deficit mosaic: all but the statuses and what the regression reads.
    package var quantities: [Band] {
        bands.filter { band in
            switch band.content {
            case .emission, .sink, .emissionValid, .sinkValid, .variant: true
            case .status, .response, .participation, .predictor: false
            }
        }
    }

    /// Position of a band, from 0; nil when the model has none such.
    package func index(of content: Content, pair: Int = 0) -> Int? {
        bands.firstIndex { $0.pair == pair && $0.content == content }
    }

    /// Position of a band by its name, from 0; nil when there is none.
    package func index(named name: String) -> Int? {
        bands.firstIndex { $0.name == name }
    }

    private static func band(_ content: Content, pair: Int, model: RunModel) -> Band {
        let layers = model.deficit.pairs[pair]
        let emission = model.layers[layers.emissionLayer].name
        let sinkLayer = model.layers[layers.sinkLayer]
        let sink = sinkLayer.name
        let caption = sinkLayer.sink?.caption.map { " (\($0))" } ?? ""
        let density = FluxUnit.standardText
        let described: (name: String, unit: String, description: String) =
            switch content {
            case .emission:
                ("emission", density, "Emission E of layer '\(emission)'")
            case .sink:
                ("sink", density, "Sink S of layer '\(sink)' after the water policy\(caption)")
            case .emissionValid:
                ("emission_valid", "1", "Fraction of the cell with a value of '\(emission)'")
            case .sinkValid:
                ("sink_valid", "1", "Fraction of the cell with a value of '\(sink)'")
            case .variant(let variant):
                (
                    variant.id, variant.unit,
                    "\(variant.title) of '\(emission)' and '\(sink)': \(variant.formula)\(caption)"
                )
            case .status:
                ("status", "", "Why the cell has the deficit it has: code of the balance")
            case .response:
                ("response", model.regression?.responseUnit(model) ?? "", "Response")
            case .participation: ("participation", "", "Who takes part in the regression")
            case .predictor(let index):
                predictorText(index, model)
            }
        return Band(
            pair: pair,
            content: content,
            name: described.name + layers.suffix,
            unit: described.unit,
            description: described.description
        )
    }

    private static func predictorText(
        _ index: Int,
        _ model: RunModel
    ) -> (name: String, unit: String, description: String) {
        guard let covariate = model.regression?.covariates[index] else { return ("", "", "") }
        return ("x_\(covariate.name)", covariate.unit, "Predictor \(covariate.name)")
    }
}
