package import Tiling
package import WireProtocol

/// What a worker says to the process of a slot.
package enum SlotOrder: Hashable, Sendable {
    /// What all units of a run are computed from, until another setting comes.
    case setting(specification: [UInt8], runDirectory: String)
    /// What the units of a round are computed with, or a part of it.
    case brief(StageBrief)
    /// Compute a unit of the round that was briefed last.
    case compute(LeaseGrant)
    /// The outcome of the computation is not wanted.
    case cancel
    /// The file that was wanted lies there, until it is returned.
    case lent(path: String)
    /// The file that was wanted cannot be had.
    case withheld(FailureClass, String)
    /// Look at the inputs of a specification.
    case inspect(specification: [UInt8])
}

/// What the process of a slot says to its worker.
package enum SlotReport: Hashable, Sendable {
    /// It takes orders.
    case ready
    /// The unit is computed and its file is in place.
    case completed(TileResult)
    /// The unit could not be computed.
    case failed(AttemptFailure)
    /// A file is wanted; the next ``SlotOrder/lent(path:)`` or ``SlotOrder/withheld(_:_:)`` answers.
    case wants(TransferFile)
    /// A lent file is needed no longer; it is of no use where it was not what it should be.
    case returned(TransferFile, isSound: Bool)
    /// Why the inputs cannot be read here; nil when they can.
    case inspected(problem: String?)
}
