package import Analysis
import Lattice
package import RasterIO

extension ZoneSet {
    /// Zones from features in the grid's coordinates.
    package init(_ features: [PolygonFeature]) {
        self.init(
            identities: features.map { Identity(id: $0.id, name: $0.name) },
            polygons: features.map { feature in
                ZonePolygon(
                    parts: feature.parts.map { part in
                        part.rings.map { ring in
                            zip(ring.xs, ring.ys).map { ZonePolygon.Vertex(x: $0, y: $1) }
                        }
                    }
                )
            }
        )
    }
}
