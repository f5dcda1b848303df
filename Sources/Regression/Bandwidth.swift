/// Size of the neighbourhood that a local model sees.
package enum Bandwidth: Equatable, Sendable, CustomStringConvertible {
    /// Distance to the k-th nearest observation, the location itself being number 1, times
    /// ``adaptiveFactor``.
    case adaptive(neighbours: Int)
    /// One distance everywhere, in the metric's unit: that of the coordinates, or metres on the
    /// sphere.
    case fixed(distance: Double)

    /// Factor on the k-th distance, as in mgwr: the k-th neighbour keeps a weight just above 0.
    ///
    /// It moves AICc by 1e-7 to 2e-5, so agreement to more digits needs it.
    package static let adaptiveFactor = 1.0000001

    /// The number by which candidates are ordered: the count or the distance.
    package var value: Double {
        switch self {
        case .adaptive(let neighbours): Double(neighbours)
        case .fixed(let distance): distance
        }
    }

    /// Whether the size follows the density of the observations.
    package var isAdaptive: Bool {
        if case .adaptive = self { true } else { false }
    }

    package var description: String {
        switch self {
        case .adaptive(let neighbours): "\(neighbours) nearest neighbours"
        case .fixed(let distance): "distance \(distance)"
        }
    }
}
