/// A zone as polygons: one or more parts, each an exterior ring and its holes.
///
/// Parts must not overlap and rings must not cross themselves, as in a valid simple feature; which way
/// a ring runs, and whether it repeats its first vertex, does not matter.
package struct ZonePolygon: Hashable, Sendable {
    /// A vertex in the grid's reference system, metres.
    package struct Vertex: Hashable, Sendable {
        /// Easting, metres.
        package var x: Double
        /// Northing, metres.
        package var y: Double

        /// A vertex from its coordinates.
        package init(x: Double, y: Double) {
            self.x = x
            self.y = y
        }
    }

    /// The parts; of each, the first ring is the exterior, the others are holes.
    package var parts: [[[Vertex]]]

    /// A zone from its parts.
    package init(parts: [[[Vertex]]]) {
        self.parts = parts
    }
}

/// A cell that a zone covers, wholly or in part.
package struct CellFraction: Hashable, Sendable {
    /// Row-major index within the window asked for.
    package let index: Int
    /// Share of the cell inside the zone, above 0 and at most 1.
    package let fraction: Double

    /// A covered cell.
    package init(index: Int, fraction: Double) {
        self.index = index
        self.fraction = fraction
    }
}

/// The cells of a window that a zone covers.
package struct ZoneCells: Hashable, Sendable {
    /// The zone's position in the list the atlas was made from.
    package let zoneIndex: Int
    /// The covered cells by ascending index; never empty.
    package let cells: [CellFraction]

    /// The cells of a zone.
    package init(zoneIndex: Int, cells: [CellFraction]) {
        self.zoneIndex = zoneIndex
        self.cells = cells
    }
}
