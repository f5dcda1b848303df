import Analysis
import CarbonBalance
import Lattice
import Regression
import Settings

/// Resolves the configured regression against the layers.
struct RegressionPlanner {
    /// The effective configuration.
    let settings: RunSettings
    /// The resolved layers.
    let layers: [LayerModel]
    /// The national grid.
    let grid: Grid

    /// The regression; nil when the run has none.
    var model: RegressionModel? {
        guard let regression = settings.regression else { return nil }
        let covariates = self.covariates(regression)
        return RegressionModel(
            response: response(regression),
            covariates: covariates,
            masks: layers.indices.filter { layers[$0].facts.role == LayerRole.mask.rawValue },
            kernel: SpatialKernel(rawValue: regression.kernel.rawValue) ?? .bisquare,
            minimumEmission: regression.minimumEmission,
            spacingCells: spacingCells(regression),
            bandwidth: bandwidth(regression),
            bufferMetres: bufferMetres(regression),
            capMetres: regression.neighbourhood.capMetres,
            fitsCells: regression.units.contains(.cell),
            fitsZones: regression.units.contains(.zone)
        )
    }

    private func response(_ regression: RegressionSettings) -> RegressionModel.Response {
        if let index = settings.layerIndex(named: regression.response) { return .layer(index) }
        return .variant(DeficitVariant(rawValue: regression.response) ?? .logRatio)
    }

    private func covariates(_ regression: RegressionSettings) -> [RegressionModel.Covariate] {
        let configured = regression.covariates.compactMap { name -> RegressionModel.Covariate? in
            guard let index = settings.layerIndex(named: name) else { return nil }
            let transform = settings.layers[index].transform
            return RegressionModel.Covariate(
                name: name,
                layer: index,
                transform: transform,
                unit: transform.text(of: layers[index].internalUnit)
            )
        }
        return configured
            + (0..<regression.nullCovariates).map { number in
                RegressionModel.Covariate(
                    name: "null_\(number + 1)",
                    layer: nil,
                    transform: .none,
                    unit: "1"
                )
            }
    }

    /// The largest support of what the response is made of, metres: finer, one of its parts is a copy.
    private var responseSupportMetres: Double {
        settings.responseLayers.compactMap { layer in
            settings.layerIndex(named: layer.name).map { layers[$0].facts.supportMetres }
        }.max() ?? grid.cellSizeMetres
    }

    private func spacingCells(_ regression: RegressionSettings) -> Int {
        let metres: Double =
            switch regression.observations.spacing {
            case .everyCell: grid.cellSizeMetres
            case .automatic: responseSupportMetres
            case .metres(let metres): metres
            }
        return max(1, Int((metres / grid.cellSizeMetres).rounded()))
    }

    private func bufferMetres(_ regression: RegressionSettings) -> Double {
        if case .search(let search) = regression.bandwidth, let given = search.bufferMetres.given {
            return given
        }
        let supports = regression.covariates.compactMap { name in
            settings.layerIndex(named: name).map { layers[$0].facts.supportMetres }
        }
        return max(responseSupportMetres, supports.max() ?? 0)
    }

    private func bandwidth(_ regression: RegressionSettings) -> RegressionModel.BandwidthRequest {
        switch regression.bandwidth {
        case .neighbours(let count): return .neighbours(count)
        case .metres(let metres): return .metres(metres)
        case .search(let search):
            let criterion = BandwidthCriterion(rawValue: search.criterion.rawValue) ?? .bcv
            switch search.range {
            case .adaptive(let minimum, let maximum):
                return .search(
                    isAdaptive: true,
                    criterion,
                    minimum: minimum.given.map(Double.init),
                    maximum: maximum.given.map(Double.init)
                )
            case .fixed(let minimum, let maximum):
                return .search(
                    isAdaptive: false,
                    criterion,
                    minimum: minimum.given,
                    maximum: maximum.given
                )
            }
        }
    }
}
