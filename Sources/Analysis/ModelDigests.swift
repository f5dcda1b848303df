import CarbonBalance
package import ContentDigest
import Lattice
package import Tiling

/// The identity of what each stage computes, from the grid, the inputs and the model alone.
///
/// Paths are left out: a file that moved is the same file, as its fingerprint tells.
package struct ModelDigests: Hashable, Sendable {
    /// What prepared layers depend on.
    package let prepare: ContentDigest
    /// What deficits and sums depend on; contains ``prepare``.
    package let balance: ContentDigest
    /// What the search for a bandwidth depends on; contains ``balance``.
    package let bandwidth: ContentDigest
    /// What local models depend on; contains ``bandwidth``.
    package let fit: ContentDigest
    /// What the second pass over residuals depends on; contains ``fit``.
    package let diagnose: ContentDigest

    /// What the samples of a stage depend on.
    package func digest(of stage: Stage) -> ContentDigest {
        switch stage {
        case .prepare: prepare
        case .balance: balance
        case .bandwidth: bandwidth
        case .fit: fit
        case .diagnose: diagnose
        }
    }

    private struct PrepareIdentity: Encodable {
        let version: Int
        let grid: Grid
        let layers: [LayerModel]
        let zones: ContentDigest?
        let withinLayer: Int?
    }

    private struct BalanceIdentity: Encodable {
        let version: Int
        let prepare: ContentDigest
        let zones: ContentDigest?
        let masksOutside: Bool?
        let deficit: DeficitModel
        let observations: ObservationIdentity?
    }

    /// What the balance stage needs of a regression: who takes part, not how wide neighbourhoods are.
    private struct ObservationIdentity: Encodable {
        let response: RegressionModel.Response
        let covariates: [RegressionModel.Covariate]
        let masks: [Int]
        let minimumEmission: Double?
        let spacingCells: Int
        /// Of fields of noise, where there are any: it follows from supports, which are facts of layers
        /// and have no other part in a sample.
        let noiseWavelengthMetres: Double?
        let fitsCells: Bool
        let fitsZones: Bool

        init(_ model: RegressionModel, layers: [LayerModel]) {
            response = model.response
            covariates = model.covariates
            masks = model.masks
            minimumEmission = model.minimumEmission
            spacingCells = model.spacingCells
            noiseWavelengthMetres =
                model.nullCovariateCount > 0 ? model.noiseWavelengthMetres(layers: layers) : nil
            fitsCells = model.fitsCells
            fitsZones = model.fitsZones
        }
    }

    private struct RegressionIdentity: Encodable {
        let version: Int
        let before: ContentDigest
        let regression: RegressionModel?
    }

    /// The digests of a model.
    ///
    /// - Throws: when a number of the model is not finite.
    package init(_ model: RunModel) throws {
        let layers = model.layers.map { layer in
            var identity = layer
            identity.paths = layer.paths.map { _ in "" }
            identity.reading.derivation = layer.reading.derivation.withoutPlaces
            identity.facts = LayerFacts(
                role: layer.facts.role,
                unit: "",
                year: nil,
                supportMetres: 0,
                derivedFrom: [],
                isProxy: false,
                source: nil,
                accounting: nil,
                sectors: []
            )
            return identity
        }
        // The sums of zones are made while layers are prepared.
        // Raise a version when the stage's algorithm changes: what older programs computed is then
        // another plan.
        prepare = ContentDigest(
            of: try ModelCoding.encode(
                PrepareIdentity(
                    version: 4,
                    grid: model.grid,
                    layers: layers,
                    zones: model.zones?.digest,
                    withinLayer: model.zones?.withinLayer
                )
            )
        )
        balance = ContentDigest(
            of: try ModelCoding.encode(
                BalanceIdentity(
                    version: 2,
                    prepare: prepare,
                    zones: model.zones?.digest,
                    masksOutside: model.zones?.masksOutside,
                    deficit: model.deficit,
                    observations: model.regression.map {
                        ObservationIdentity($0, layers: model.layers)
                    }
                )
            )
        )
        func digest(after before: ContentDigest, version: Int) throws -> ContentDigest {
            ContentDigest(
                of: try ModelCoding.encode(
                    RegressionIdentity(
                        version: version,
                        before: before,
                        regression: model.regression
                    )
                )
            )
        }
        bandwidth = try digest(after: balance, version: 2)
        fit = try digest(after: bandwidth, version: 2)
        diagnose = try digest(after: fit, version: 2)
    }
}
