import Analysis
import Lattice
import Tiling

/// Whether a tile's sums of zones fit into one message: a plan that cannot be carried out is refused
/// before it begins.
struct PartialSize {
    /// What is computed.
    let model: RunModel
    /// The zones; nil when there are none.
    let zones: ResolvedZones?
    /// How the grid is cut.
    let layout: TileLayout

    /// Bytes of the sums of one layer over one zone, about.
    private static let bytesEach = 260

    /// What is wrong; nil when every tile's sums fit.
    var problem: PlanProblem? {
        guard let zones else { return nil }
        let largest =
            layout.tileIDs.compactMap { layout.core(of: $0) }.map { core in
                zones.features.indices.count { index in
                    zones.atlas.box(ofZone: index).flatMap { $0.intersection(core) } != nil
                }
            }.max() ?? 0
        let bytes = largest * model.layers.count * Self.bytesEach
        guard bytes > TileResult.maximumPartialBytes else { return nil }
        return PlanProblem(
            key: "tiling.tileSizePixels",
            message: "\(layout.tileSizePixels) gives a tile sums of \(largest) zones and "
                + "\(model.layers.count) layers, about \(bytes >> 20) MiB; a tile may report "
                + "\(TileResult.maximumPartialBytes >> 20) MiB; choose smaller tiles"
        )
    }
}
