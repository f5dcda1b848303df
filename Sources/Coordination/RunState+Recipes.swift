package import Lattice
package import Tiling

/// All that the samples of a unit follow from, besides plan and inputs.
package struct UnitRecipe: Hashable, Sendable {
    /// The cells to compute.
    package var core: CellWindow
    /// Committed objects of earlier stages of the same tile, in stage order.
    package var inputs: [TileObject]
    /// Constants of earlier stages, and of earlier rounds of its own.
    package var constants: [Stage: [UInt8]]
    /// Committed objects of all tiles of the stages that it reads beyond its own tile.
    package var halo: HaloIndex
}

extension RunState {
    /// How units that were begun are computed, as their workers are told.
    ///
    /// - Parameter units: units of any rounds.
    /// - Returns: the recipes; none for units of rounds that the run has not come to.
    package func recipes(of units: [WorkUnit]) -> [WorkUnit: UnitRecipe] {
        var recipes: [WorkUnit: UnitRecipe] = [:]
        var halos: [Int: HaloIndex] = [:]
        for unit in units {
            guard
                let index = rounds.firstIndex(where: {
                    $0.stage == unit.stage && $0.round == unit.round
                }), let ordinal = rounds[index].ordinal(of: unit.tile)
            else { continue }
            let earlier = (0..<index).filter { position in
                rounds[position].stage < unit.stage
                    && rounds[position + 1].stage != rounds[position].stage
            }
            let halo =
                halos[index]
                ?? HaloIndex(
                    earlier.filter { unit.stage.haloStages.contains(rounds[$0].stage) }
                        .map { rounds[$0].objectList }
                )
            halos[index] = halo
            recipes[unit] = UnitRecipe(
                core: rounds[index].tiles[Int(ordinal)].core,
                inputs: earlier.compactMap { rounds[$0].object(of: unit.tile) },
                constants: constants(before: rounds[index]),
                halo: halo
            )
        }
        return recipes
    }
}
