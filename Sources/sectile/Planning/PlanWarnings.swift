import Analysis
import Lattice
import Settings

/// What an operator should know before the run starts, none of which stops it.
struct PlanWarnings {
    /// The effective configuration.
    let settings: RunSettings
    /// The resolved model.
    let model: RunModel
    /// The resolved zones.
    let zones: ResolvedZones?
    /// The layers with what was read of them.
    let layers: [LayerPlanner.Planned]
    /// What of the grid is studied.
    let area: StudyArea

    /// The warnings, a sentence each, in a fixed order.
    var all: [String] {
        settings.advisories.map(\.message) + plausibility + rates + codes + oversampling
            + coarseCovariates + layers.flatMap(\.warnings) + (zones?.warnings ?? [])
    }

    /// Names the layers whose support is more than twice a cell, with how little they can say.
    private var oversampling: [String] {
        let cell = model.grid.cellSizeMetres
        let cells = model.grid.window.cellCount
        let layers = model.layers.filter { $0.facts.supportMetres > 2 * cell }
        guard !layers.isEmpty else { return [] }
        let texts = layers.map { layer in
            let support = layer.facts.supportMetres
            let independent = Int(Double(cells) * cell * cell / (support * support))
            return "\(layer.name) (\(Int(support / 1000)) km) about \(independent)"
        }
        return [
            "cells of \(Int(cell)) m are smaller than half the true resolution of some layers; "
                + "behind the grid's \(cells) cells lie at most so many independent values: "
                + texts.joined(separator: "; ")
        ]
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
}
