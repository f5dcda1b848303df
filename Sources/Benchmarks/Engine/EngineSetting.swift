import ContentDigest
import Coordination
import Lattice
import RunStore
import Tiling
import WireProtocol

/// What all measurements of the engine have in common.
enum EngineSetting {
    /// Coordinator and workers are one program here.
    static let build = BuildIdentity(version: "benchmark", gdal: "none", proj: "none")

    /// A plan of one stage whose tiles have one cell and equal cost.
    static func plan(tileCount: Int) -> RunPlan {
        let columns = 1000
        let tiles = (0..<tileCount).map { index in
            let (row, column) = (index / columns, index % columns)
            return Tile(
                id: TileID(row: row, column: column),
                core: CellWindow(rows: row..<row + 1, columns: column..<column + 1),
                cost: 1
            )
        }
        let stage = StagePlan(stage: .prepare, tiles: tiles, modelDigest: .init(of: "no-op"))
        return RunPlan(name: "no-op", stages: [stage], specification: [])
    }
}

/// A reducer that finds nothing in what is nothing.
struct EmptyReducer: StageReducer {
    func reduce(
        stage: Stage,
        round: Int,
        partials: [(tile: TileID, partial: [UInt8])],
        constants: [Stage: [UInt8]]
    ) -> StageReduction { .finished(constants: []) }
}

/// Takes results at their word, because there is no file to look at.
struct TrustingVerifier: ObjectVerifier {
    func discrepancy(of object: TileObject) -> String? { nil }
    func damage(of object: TileObject) -> String? { nil }
    func discard(_ key: TileObjectKey) {}
}
