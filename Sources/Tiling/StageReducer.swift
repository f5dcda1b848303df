/// What follows from the partials of a stage's tiles.
package enum StageReduction: Hashable, Sendable {
    /// The stage is over; the bytes are constants for later stages and for publishing.
    case finished(constants: [UInt8])
    /// The stage needs another round, for which the bytes are the constants.
    case anotherRound(constants: [UInt8])
}

/// The analysis' side of a stage's end, handed to the coordinator, which knows no numerics.
package protocol StageReducer: Sendable {
    /// Reduces the partials of a round of a stage.
    ///
    /// The outcome must not depend on the order of `partials`. Called off the cooperative pool's
    /// critical path but on the coordinator's executor: cost must stay small.
    ///
    /// - Parameters:
    ///   - stage: the stage whose units are all settled.
    ///   - round: its round, from 0.
    ///   - partials: one for each committed unit, in tile order; quarantined tiles are missing.
    ///   - constants: the constants of each earlier stage.
    /// - Returns: the constants of the finished stage, or of its next round.
    /// - Throws: when a partial cannot be decoded or the reduction is impossible; the run stops with
    ///   that message.
    func reduce(
        stage: Stage,
        round: Int,
        partials: [(tile: TileID, partial: [UInt8])],
        constants: [Stage: [UInt8]]
    ) throws -> StageReduction

    /// What is wrong with a partial, looked at before it is committed; nil when it can be reduced.
    ///
    /// One worker's nonsense must cost its attempt and not the run. Called as `reduce` is, for each
    /// result: cost must be of the order of decoding.
    ///
    /// - Parameters:
    ///   - partial: what a worker reported.
    ///   - stage: the stage of its unit.
    /// - Returns: one sentence about what is wrong; nil for a partial that can be reduced.
    func fault(in partial: [UInt8], of stage: Stage) -> String?
}

extension StageReducer {
    /// Takes any partial: for reducers that can reduce every sequence of bytes.
    package func fault(in partial: [UInt8], of stage: Stage) -> String? { nil }
}
