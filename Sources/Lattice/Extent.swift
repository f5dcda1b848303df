/// A closed box in the coordinates of a reference system, in that system's unit.
package struct Extent: Hashable, Sendable, Codable {
    /// Western edge.
    package var minimumX: Double
    /// Southern edge.
    package var minimumY: Double
    /// Eastern edge.
    package var maximumX: Double
    /// Northern edge.
    package var maximumY: Double

    /// A box from its four edges.
    package init(minimumX: Double, minimumY: Double, maximumX: Double, maximumY: Double) {
        self.minimumX = minimumX
        self.minimumY = minimumY
        self.maximumX = maximumX
        self.maximumY = maximumY
    }

    /// True when the two boxes share at least a point.
    package func intersects(_ other: Extent) -> Bool {
        minimumX <= other.maximumX && other.minimumX <= maximumX
            && minimumY <= other.maximumY && other.minimumY <= maximumY
    }

    /// The smallest box that holds both.
    package func union(_ other: Extent) -> Extent {
        Extent(
            minimumX: min(minimumX, other.minimumX),
            minimumY: min(minimumY, other.minimumY),
            maximumX: max(maximumX, other.maximumX),
            maximumY: max(maximumY, other.maximumY)
        )
    }
}
