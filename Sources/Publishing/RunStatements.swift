import Analysis
import CarbonBalance
import Tiling

/// What every output of a run has to say about itself, worded once.
package struct RunStatements: Hashable, Sendable {
    /// Layers that stand in for measurements; nil when there are none.
    package let proxy: String?
    /// What the sink is not; nil when the main sink needs no caption.
    package let sink: String?
    /// Which tiles are missing; nil when none is.
    package let incomplete: String?
    /// That formulas are definitions to choose from.
    package let definitions: String
    /// What is known of each layer beyond its numbers: year, resolution, origin, accounting, sectors.
    package let layers: [String]

    /// The statements of a run.
    package init(_ input: PublishingInput) {
        let proxies = input.model.layers.filter(\.facts.isProxy).map(\.name)
        proxy =
            proxies.isEmpty
            ? nil
            : "Proxy data: \(proxies.joined(separator: ", ")) "
                + (proxies.count == 1 ? "stands" : "stand")
                + " in for measured data; do not read the values as observations"
        layers = input.model.layers.map(\.factsText)
        var captions: [String] = []
        for pair in input.model.deficit.pairs {
            let caption = input.model.layers[pair.sinkLayer].sink?.caption
            if let caption, !captions.contains(caption) { captions.append(caption) }
        }
        sink = captions.isEmpty ? nil : captions.joined(separator: "; ")
        incomplete = Self.incompleteness(input)
        definitions =
            "The formulas are definitions to choose from, printed with every output; none is claimed "
            + "to be that of a published study"
    }

    /// What is stamped on maps; nil when nothing.
    package var stamp: String? { proxy == nil ? nil : "PROXY DATA" }

    /// The warnings in order of weight.
    package var warnings: [String] { [incomplete, proxy, sink].compactMap(\.self) }

    private static func incompleteness(_ input: PublishingInput) -> String? {
        let missing = input.missingTiles.map(\.id)
        guard !missing.isEmpty else {
            if let regression = input.regression, !regression.isComplete {
                let unfitted = regression.missingFitTiles.count
                let undiagnosed = regression.missingDiagnoseTiles.count
                return
                    "Incomplete: of \(input.tileCount) tiles \(unfitted) have no local models and "
                    + "\(undiagnosed) no local R²"
            }
            return input.facts.state == .incomplete ? "Incomplete run" : nil
        }
        let named = missing.prefix(12).map(\.description).joined(separator: ", ")
        let rest = missing.count > 12 ? " and \(missing.count - 12) more" : ""
        return "Incomplete: \(missing.count) of \(input.tileCount) tiles are missing "
            + "(\(named)\(rest)); their cells have no value and are in no sum"
    }
}

extension RunModel {
    /// The sink kind of a pair.
    func sinkKind(ofPair pair: Int) -> SinkKind {
        layers[deficit.pairs[pair].sinkLayer].sink ?? .custom
    }
}
