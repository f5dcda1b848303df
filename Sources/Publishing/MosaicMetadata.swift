import Analysis
import CarbonBalance
import Lattice
import RasterIO

/// The metadata that mosaics carry: formulas, parameters and provenance.
struct MosaicMetadata {
    let input: PublishingInput
    let statements: RunStatements

    /// Items of the dataset, in the domain `DEFICIT`, and the default domain's title.
    func dataset(title: String) -> [MetadataItem] {
        let model = input.model
        let facts = input.facts
        var items: [(String, String?)] = [
            ("RUN_ID", facts.runID),
            ("RUN_NAME", model.name),
            ("RUN_FINISHED", facts.finishedAt),
            ("PLAN_DIGEST", "sha256:\(facts.planDigest)"),
            ("STATE", statements.incomplete == nil ? "complete" : "incomplete"),
            ("MISSING_TILES", statements.incomplete),
            ("SOFTWARE", versions),
            ("FORMULA_IDS", model.deficit.variants.map(\.id).joined(separator: ",")),
            ("FORMULA_NOTE", statements.definitions),
            ("SYMBOLS", Self.symbols),
            ("EMISSION_FLOOR", "\(model.deficit.emissionFloor) \(FluxUnit.standardText)"),
            ("WATER_POLICY", waterPolicy),
            ("MINIMUM_VALID_FRACTION", "\(model.deficit.minimumValidFraction)"),
            ("MASS_RULE", "mass = sum of value * valid fraction * cell area"),
            ("CELL_AREA_KM2", "\(model.grid.cellAreaKm2)"),
            ("PROXY", statements.proxy),
            ("SINK_KIND", model.mainSink.rawValue),
            ("SINK_CAPTION", statements.sink),
        ]
        for variant in model.deficit.variants {
            items.append(("FORMULA_\(variant.id)", variant.formula))
        }
        for (index, pair) in model.deficit.pairs.enumerated() {
            let emission = model.layers[pair.emissionLayer].name
            let sink = model.layers[pair.sinkLayer].name
            let kind = model.sinkKind(ofPair: index)
            items.append(("PAIR_\(index + 1)", "\(emission) - \(sink) (\(kind.rawValue))"))
            let scale = input.prepare?.deficitScales[index]
            if let scale, model.deficit.variants.contains(.asinh) {
                items.append(("THETA_\(index + 1)", "\(scale) \(FluxUnit.standardText)"))
            }
        }
        for (index, layer) in model.layers.enumerated() {
            items.append(("LAYER_\(index + 1)", layer.factsText))
        }
        for (index, file) in input.inputs.enumerated() {
            items.append(("INPUT_\(index + 1)", "\(file.use): \(file.path) sha256:\(file.digest)"))
        }
        let caption = statements.sink.map { " (\($0))" } ?? ""
        return [MetadataItem(key: "TITLE", value: title + caption)]
            + items.compactMap { key, value in
                value.map {
                    MetadataItem(
                        domain: MetadataItem.deficitDomain,
                        key: key,
                        value: Self.singleLine($0)
                    )
                }
            }
    }

    /// Items of a quantity's band.
    func band(_ band: BalanceBands.Band) -> [MetadataItem] {
        // Of a band only the default domain survives the copy into a COG.
        var items = [MetadataItem(key: "LONG_NAME", value: band.description)]
        if case .variant(let variant) = band.content {
            items += [
                MetadataItem(key: "FORMULA_ID", value: variant.id),
                MetadataItem(key: "FORMULA", value: variant.formula),
            ]
        }
        let kind = input.model.sinkKind(ofPair: band.pair)
        switch band.content {
        case .sink, .variant:
            items.append(MetadataItem(key: "SINK_KIND", value: kind.rawValue))
            if let caption = kind.caption {
                items.append(MetadataItem(key: "SINK_CAPTION", value: caption))
            }
        case .emission, .emissionValid, .sinkValid, .status, .response, .participation,
            .predictor:
            break
        }
        return items
    }

    /// Items of a band of codes: what each code means.
    func codes(_ description: String, _ meanings: [(code: UInt8, title: String)]) -> [MetadataItem]
    {
        [MetadataItem(key: "LONG_NAME", value: description)]
            + meanings.map { MetadataItem(key: "CODE_\($0.code)", value: $0.title) }
    }

    /// The symbols of the formulas.
    static let symbols =
        "E emission, S sink, both \(FluxUnit.standardText); epsilon the emission floor; theta the "
        + "national median of |E - S|"

    /// What is done with water.
    var waterPolicy: String {
        let deficit = input.model.deficit
        let mapped =
            deficit.waterLayer.map { "; water is also what '\(input.model.layers[$0].name)' fills" }
            ?? ""
        return
            (deficit.masksWater
            ? "mask: water has no deficit" : "zeroSink: water takes up nothing, emission counts")
            + mapped
    }

    private var versions: String {
        input.facts.versions.map { "\($0.name) \($0.version)" }.joined(separator: "; ")
    }

    private static func singleLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}
