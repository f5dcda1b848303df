import Analysis
import Lattice
import Settings

/// What an operator should know before the run starts, none of which stops it.
struct PlanWarnings {
    /// The effective configuration.
    let settings: RunSettings
    /// The resolved model.
    let model: RunModel
    /// Pixel size of each layer, metres.
    let pixelMetres: [Double]
    /// The resolved zones.
    let zones: ResolvedZones?

    /// The warnings, a sentence each, in a fixed order.
    var all: [String] {
        proxies + years + oversampling + coarseCovariates + circularity + (zones?.warnings ?? [])
    }

    private var proxies: [String] {
        let names = model.layers.filter(\.facts.isProxy).map(\.name)
        guard !names.isEmpty else { return [] }
        return [
            "proxy data, not measurements: \(names.joined(separator: ", ")); "
                + "every output says so"
        ]
    }

    private var years: [String] {
        let dated = model.layers.compactMap { layer in
            layer.facts.year.map { (name: layer.name, year: $0) }
        }
        guard let first = dated.min(by: { $0.year < $1.year }),
            let last = dated.max(by: { $0.year < $1.year }), last.year - first.year > 5
        else { return [] }
        return [
            "years more than 5 apart: \(first.name) is of \(first.year), \(last.name) of "
                + "\(last.year)"
        ]
    }

    private var oversampling: [String] {
        let cell = model.grid.cellSizeMetres
        return model.layers.compactMap { layer in
            let support = layer.facts.supportMetres
            guard support > 2 * cell else { return nil }
            let perSide = support / cell
            let cells = model.grid.window.cellCount
            let independent = Int(Double(cells) / (perSide * perSide))
            return "\(layer.name): a cell of \(Int(cell)) m is smaller than half the support of "
                + "\(Int(support)) m: at most about \(independent) independent values behind the "
                + "grid's \(cells) cells"
        }
    }

    private var coarseCovariates: [String] {
        guard let regression = settings.regression else { return [] }
        // Within one source cell every interpolated covariate is a + bx + cy + dxy: more than three
        // of them are collinear.
        let coarse = regression.covariates.filter { name in
            guard let index = model.layerIndex(named: name) else { return false }
            return model.layers[index].facts.supportMetres > 4 * model.grid.cellSizeMetres
        }
        guard coarse.count > 3 else { return [] }
        return [
            "\(coarse.count) covariates are coarser than four cells "
                + "(\(coarse.joined(separator: ", "))): in small neighbourhoods they are collinear"
        ]
    }

    private var circularity: [String] {
        guard let regression = settings.regression, let pair = model.deficit.pairs.first else {
            return []
        }
        let response = [pair.emissionLayer, pair.sinkLayer].map { model.layers[$0] }
        var warnings: [String] = []
        for name in regression.covariates {
            guard let index = model.layerIndex(named: name) else { continue }
            let covariate = model.layers[index]
            let own = Set(covariate.facts.derivedFrom + [covariate.name])
            for layer in response {
                let shared = layer.facts.derivedFrom.filter { own.contains($0) }
                guard !shared.isEmpty else { continue }
                warnings.append(
                    "circular: \(layer.name) and covariate \(name) share "
                        + "\(shared.joined(separator: ", ")): the regression returns the recipe"
                )
            }
        }
        return warnings
    }
}
