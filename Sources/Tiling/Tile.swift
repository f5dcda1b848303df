package import Lattice

/// One unit of work: the cells it owns, and an estimate of its cost.
///
/// What a tile *reads* is a matter of its stage: a stage that needs neighbours certifies its own
/// halo and grows it, so that the result never depends on the tile's size.
package struct Tile: Hashable, Sendable, Codable {
    /// The place in the layout.
    package let id: TileID
    /// The cells whose results this tile writes; cores of a layout cover the grid exactly once.
    package let core: CellWindow
    /// Estimated work relative to other tiles of the stage, at least 1; larger goes first.
    package let cost: Int

    /// A tile of a layout.
    package init(id: TileID, core: CellWindow, cost: Int) {
        self.id = id
        self.core = core
        self.cost = max(1, cost)
    }
}
