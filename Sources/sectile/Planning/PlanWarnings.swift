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
            + coarseCovariates + shiftedBoundaries + layers.flatMap(\.warnings)
            + (zones?.warnings ?? [])
    }

    /// Boundaries that fit the edges of data better on another datum than the one declared.
    private var shiftedBoundaries: [String] {
        guard let zones, let declared = settings.zones?.datum else { return [] }
        return BoundaryShift(
            features: zones.features,
            grid: model.grid,
            isDeclaredShifted: declared == .gcj02
        ).warning(layers: model.layers).map { [$0] } ?? []
    }

    /// Names the layers whose support is more than twice a cell, with how little they can say.
    private var oversampling: [String] {
        let cell = model.grid.cellSizeMetres
        let cells = Int((area.areaKm2 / model.grid.cellAreaKm2).rounded())
        let layers = model.layers.filter { $0.facts.supportMetres > 2 * cell }
        guard !layers.isEmpty else { return [] }
        let texts = layers.map { layer in
            let support = layer.facts.supportMetres
            let independent = Int(Double(cells) * cell * cell / (support * support))
            return "\(layer.name) (\(Int(support / 1000)) km) about \(independent)"
        }
        return [
            "cells of \(Int(cell)) m are smaller than half the true resolution of some layers; "
                + "behind the study's \(cells) cells lie at most so many independent values: "
                + texts.joined(separator: "; ")
        ]
    }

    private var coarseCovariates: [String] {
        guard let regression = settings.regression, model.regression?.fitsCells == true else {
            return []
        }
        let diameter = smallestDiameterMetres
        // Within one source cell every interpolated covariate is a + bx + cy + dxy: more than three
        // of them are collinear.
        let coarse = regression.covariates.filter { name in
            guard let index = model.layerIndex(named: name) else { return false }
            return model.layers[index].facts.supportMetres > diameter
        }
        guard coarse.count > 3 else { return [] }
        return [
            "\(coarse.count) covariates (\(coarse.joined(separator: ", "))) are coarser than the smallest "
                + "neighbourhood, \(Int(diameter / 1000)) km across: within it they are collinear"
        ]
    }

    /// Diameter of the smallest neighbourhood that the bandwidth allows, metres; of one that follows from
    /// the data four cells.
    private var smallestDiameterMetres: Double {
        let cell = model.grid.cellSizeMetres
        guard let regression = model.regression else { return 4 * cell }
        func diameter(neighbours: Double) -> Double {
            2 * (neighbours / .pi).squareRoot() * Double(regression.spacingCells) * cell
        }
        switch regression.bandwidth {
        case .neighbours(let count): return diameter(neighbours: Double(count))
        case .metres(let metres): return 2 * metres
        case .search(isAdaptive: true, _, let minimum, _):
            // The least that a search begins with.
            return diameter(
                neighbours: minimum ?? Double(40 + 2 * (regression.covariates.count + 1))
            )
        case .search(isAdaptive: false, _, let minimum, _):
            return minimum.map { 2 * $0 } ?? 4 * cell
        }
    }
}
