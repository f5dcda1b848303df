import Lattice

extension ZoneSet {
    private static let magic = Array("sectile-zones 1\n".utf8)

    /// The zones as bytes: every vertex with its bits, which a detour through a vector format does not
    /// promise.
    package var encoded: [UInt8] {
        var bytes = Self.magic
        Self.append(identities.count, to: &bytes)
        for (identity, polygon) in zip(identities, polygons) {
            for text in [identity.id, identity.name] {
                Self.append(text.utf8.count, to: &bytes)
                bytes += text.utf8
            }
            Self.append(polygon.parts.count, to: &bytes)
            for part in polygon.parts {
                Self.append(part.count, to: &bytes)
                for ring in part {
                    Self.append(ring.count, to: &bytes)
                    for vertex in ring {
                        Self.append(Int(bitPattern: UInt(vertex.x.bitPattern)), to: &bytes)
                        Self.append(Int(bitPattern: UInt(vertex.y.bitPattern)), to: &bytes)
                    }
                }
            }
        }
        return bytes
    }

    /// The zones that ``encoded`` gave these bytes; nil for any others.
    package init?(encoded bytes: [UInt8]) {
        guard bytes.starts(with: Self.magic) else { return nil }
        var reader = WordReader(bytes: bytes, offset: Self.magic.count)
        guard let count = reader.count(bytesEach: 24) else { return nil }
        var identities: [Identity] = []
        var polygons: [ZonePolygon] = []
        for _ in 0..<count {
            guard let id = reader.text(), let name = reader.text(),
                let parts = reader.parts()
            else { return nil }
            identities.append(Identity(id: id, name: name))
            polygons.append(ZonePolygon(parts: parts))
        }
        guard reader.offset == bytes.count else { return nil }
        self.init(identities: identities, polygons: polygons)
    }

    private static func append(_ word: Int, to bytes: inout [UInt8]) {
        let pattern = UInt64(bitPattern: Int64(word))
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: pattern >> shift))
        }
    }
}

/// Takes 64-bit words off encoded zones; never past their end.
private struct WordReader {
    let bytes: [UInt8]
    var offset: Int

    mutating func word() -> UInt64? {
        guard offset + 8 <= bytes.count else { return nil }
        var word: UInt64 = 0
        for index in 0..<8 { word |= UInt64(bytes[offset + index]) << UInt64(8 * index) }
        offset += 8
        return word
    }

    /// A number of things of at least `bytesEach` bytes, all of which can still follow.
    mutating func count(bytesEach: Int) -> Int? {
        guard let word = word(), word <= UInt64((bytes.count - offset) / bytesEach) else {
            return nil
        }
        return Int(word)
    }

    mutating func text() -> String? {
        guard let count = count(bytesEach: 1) else { return nil }
        defer { offset += count }
        return String(decoding: bytes[offset..<(offset + count)], as: UTF8.self)
    }

    mutating func parts() -> [[[ZonePolygon.Vertex]]]? {
        guard let partCount = count(bytesEach: 8) else { return nil }
        var parts: [[[ZonePolygon.Vertex]]] = []
        for _ in 0..<partCount {
            guard let ringCount = count(bytesEach: 8) else { return nil }
            var rings: [[ZonePolygon.Vertex]] = []
            for _ in 0..<ringCount {
                guard let vertexCount = count(bytesEach: 16) else { return nil }
                var ring: [ZonePolygon.Vertex] = []
                ring.reserveCapacity(vertexCount)
                for _ in 0..<vertexCount {
                    guard let x = word(), let y = word() else { return nil }
                    ring.append(
                        ZonePolygon.Vertex(x: Double(bitPattern: x), y: Double(bitPattern: y))
                    )
                }
                rings.append(ring)
            }
            parts.append(rings)
        }
        return parts
    }
}
