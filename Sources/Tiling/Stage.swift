/// A step of a run: a bag of independent tiles with a reduction at its end.
///
/// Stages run in the order of their cases; a stage begins when the one before it is reduced.
package enum Stage: String, Hashable, Sendable, Codable, CaseIterable, Comparable {
    /// Source windows become aligned layers in internal units.
    case prepare
    /// Emission and sink become deficits, status, and the partial sums of cities and the nation.
    case balance
    /// Every candidate bandwidth is scored at every location of the tile.
    case bandwidth
    /// Local models at the chosen bandwidth.
    case fit
    /// What needs the residuals of neighbours: local R².
    case diagnose

    /// Position in the order of stages.
    package var ordinal: Int {
        switch self {
        case .prepare: 0
        case .balance: 1
        case .bandwidth: 2
        case .fit: 3
        case .diagnose: 4
        }
    }

    /// Earlier stages of which this one reads the objects of all tiles, in stage order.
    ///
    /// A local model has observations around its tile, as far as its neighbourhood reaches: it reads
    /// what the tiles there committed in the last round of these stages.
    package var haloStages: [Stage] {
        switch self {
        case .prepare, .balance: []
        case .bandwidth, .fit: [.balance]
        case .diagnose: [.balance, .fit]
        }
    }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.ordinal < rhs.ordinal }
}
