package import ContentDigest
package import Lattice

/// The zones of a run on the grid's projection, in the order of the configuration's file.
package struct ZoneSet: Sendable {
    /// Who a zone is.
    package struct Identity: Hashable, Sendable, Codable {
        /// The identifier, text.
        package let id: String
        /// The name.
        package let name: String

        /// An identity.
        package init(id: String, name: String) {
            self.id = id
            self.name = name
        }
    }

    /// The identities, in order.
    package let identities: [Identity]
    /// The polygons in the grid's coordinates, in the same order.
    package let polygons: [ZonePolygon]

    /// Zones and their polygons.
    package init(identities: [Identity], polygons: [ZonePolygon]) {
        precondition(identities.count == polygons.count, "one polygon for each zone")
        self.identities = identities
        self.polygons = polygons
    }

    /// SHA-256 of identifiers, names and the bits of every vertex.
    package var digest: ContentDigest {
        var hasher = ContentHasher()
        for (identity, polygon) in zip(identities, polygons) {
            hasher.update(Array("\(identity.id)\n\(identity.name)\n\(polygon.parts.count)\n".utf8))
            for part in polygon.parts {
                hasher.update(Array("\(part.count)\n".utf8))
                for ring in part { hasher.update(Self.bytes(of: ring)) }
            }
        }
        return hasher.finalize()
    }

    private static func bytes(of ring: [ZonePolygon.Vertex]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(16 * ring.count + 8)
        for vertex in ring {
            for pattern in [vertex.x.bitPattern, vertex.y.bitPattern] {
                for shift in stride(from: 0, to: 64, by: 8) {
                    bytes.append(UInt8(truncatingIfNeeded: pattern >> UInt64(shift)))
                }
            }
        }
        return bytes
    }
}
