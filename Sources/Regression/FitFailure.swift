/// Why a location has no local model at all.
package enum FitFailure: String, CaseIterable, Sendable {
    /// Something in the row is missing or infinite, so the row takes part in nothing.
    case incompleteRow = "incomplete_row"
    /// The bandwidth is zero: as many observations coincide here as it counts neighbours.
    case zeroBandwidth = "zero_bandwidth"
    /// No observation has weight here.
    case noNeighbours = "no_neighbours"
    /// The numbers overflow.
    case notFinite = "not_finite"

    /// The reason in words.
    package var explanation: String {
        switch self {
        case .incompleteRow: "a value in the row is missing or infinite"
        case .zeroBandwidth: "all neighbours that the bandwidth counts are at the same place"
        case .noNeighbours: "no observation lies within the bandwidth"
        case .notFinite: "the weighted sums overflow"
        }
    }
}
