package import ContentDigest
import CarbonBalance
import Lattice

/// The identity of what each stage computes, from the grid, the inputs and the model alone.
///
/// Paths are left out: a file that moved is the same file, as its fingerprint tells.
package struct ModelDigests: Hashable, Sendable {
    /// What prepared layers depend on.
    package let prepare: ContentDigest
    /// What deficits and sums depend on; contains ``prepare``.
    package let balance: ContentDigest

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
                    version: 2,
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
                    version: 1,
                    prepare: prepare,
                    zones: model.zones?.digest,
                    masksOutside: model.zones?.masksOutside,
                    deficit: model.deficit
                )
            )
        )
    }
}
