package import Lattice

/// A ring of a polygon: coordinates in order, the last equal to the first.
package struct PolygonRing: Hashable, Sendable {
    /// Eastings or longitudes.
    package var xs: [Double]
    /// Northings or latitudes; as many as `xs`.
    package var ys: [Double]

    /// A ring from its coordinates.
    package init(xs: [Double], ys: [Double]) {
        precondition(xs.count == ys.count, "as many x as y")
        self.xs = xs
        self.ys = ys
    }

    /// Number of coordinates, the closing one included.
    package var count: Int { xs.count }

    /// The enclosed area, positive when the ring runs counter-clockwise.
    ///
    /// The shoelace formula, relative to the first vertex: national coordinates squared would cost
    /// half of the digits.
    package var signedArea: Double {
        var sum = 0.0
        for index in 1..<max(1, count) {
            let ax = xs[index - 1] - xs[0]
            let ay = ys[index - 1] - ys[0]
            sum += ax * (ys[index] - ys[0]) - (xs[index] - xs[0]) * ay
        }
        return sum / 2
    }

    /// The ring in the other direction.
    package var reversed: PolygonRing {
        PolygonRing(xs: xs.reversed(), ys: ys.reversed())
    }
}

/// One polygon: an outer ring, counter-clockwise, and holes, clockwise.
package struct PolygonPart: Hashable, Sendable {
    /// The outer ring, then the holes.
    package var rings: [PolygonRing]

    /// A polygon from its rings.
    package init(rings: [PolygonRing]) {
        self.rings = rings
    }

    /// The area without the holes.
    package var area: Double { rings.reduce(0) { $0 + $1.signedArea } }
}

/// A zone: a named feature of one or more polygons.
package struct PolygonFeature: Hashable, Sendable {
    /// The identifier as text; codes such as `110100` keep their form.
    package var id: String
    /// The name for people.
    package var name: String
    /// The polygons, in the file's order.
    package var parts: [PolygonPart]
    /// The attributes as text, in the order of the layer's fields; nil is null.
    package var attributes: [String?]

    /// A feature from its parts.
    package init(id: String, name: String, parts: [PolygonPart], attributes: [String?]) {
        self.id = id
        self.name = name
        self.parts = parts
        self.attributes = attributes
    }

    /// The area of all parts, in squared units of the coordinates.
    package var area: Double { parts.reduce(0) { $0 + $1.area } }

    /// The box that holds all rings.
    package var extent: Extent {
        var box = Extent(
            minimumX: .infinity,
            minimumY: .infinity,
            maximumX: -.infinity,
            maximumY: -.infinity
        )
        for ring in parts.lazy.flatMap(\.rings) {
            box.minimumX = ring.xs.reduce(box.minimumX, min)
            box.maximumX = ring.xs.reduce(box.maximumX, max)
            box.minimumY = ring.ys.reduce(box.minimumY, min)
            box.maximumY = ring.ys.reduce(box.maximumY, max)
        }
        return box
    }
}

/// The zones of a layer, in the target's coordinates.
package struct PolygonLayer: Sendable {
    /// The features, in the file's order.
    package let features: [PolygonFeature]
    /// The names of the attributes.
    package let fieldNames: [String]
    /// The reference system of the coordinates.
    package let reference: CoordinateReference
    /// One line for each feature whose geometry was invalid and has been repaired: its id, its name
    /// and what was wrong.
    package let repairs: [String]
}
