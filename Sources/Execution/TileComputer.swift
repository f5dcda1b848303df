package import Lattice
package import Tiling

/// What computes tiles: the stages' pipelines behind one door.
///
/// It is called on a slot's own thread, several calls at a time, and may block.
package protocol TileComputer: Sendable {
    /// Computes a unit, writes its object and returns what is to be reported.
    ///
    /// The same request gives the same samples on every worker, in every attempt. A computation looks
    /// at `cancellation` now and then and ends early when it is set: nobody waits for its outcome.
    ///
    /// - Throws: ``TileFailure``, whose class decides what happens to the tile.
    func compute(
        _ request: TileRequest,
        cancellation: CancellationFlag
    ) throws(TileFailure) -> TileResult
}

/// One unit to compute, with all that its samples depend on.
package struct TileRequest: Hashable, Sendable {
    /// The unit and its fence.
    package let lease: LeaseID
    /// The cells to compute.
    package let core: CellWindow
    /// Committed objects of earlier stages of the same tile, in stage order.
    package let inputs: [TileObject]
    /// The plan's specification.
    package let specification: [UInt8]
    /// Constants of earlier stages, and of earlier rounds of this one under its own name.
    package let constants: [Stage: [UInt8]]
    /// The run directory, absolute; objects lie in its `tiles/`.
    package let runDirectory: String
    /// Committed objects of all tiles of the stages that this one reads beyond its own tile.
    package let halo: HaloIndex
    /// True when nothing else runs beside it, so that it may have the memory of all slots.
    package let runsAlone: Bool

    /// A unit to compute.
    package init(
        lease: LeaseID,
        core: CellWindow,
        inputs: [TileObject],
        specification: [UInt8],
        constants: [Stage: [UInt8]],
        runDirectory: String,
        halo: HaloIndex = .none,
        runsAlone: Bool = false
    ) {
        self.lease = lease
        self.core = core
        self.inputs = inputs
        self.specification = specification
        self.constants = constants
        self.runDirectory = runDirectory
        self.halo = halo
        self.runsAlone = runsAlone
    }
}
