import Analysis
import Lattice
import Testing

@Suite struct ZoneSetTests {
    private let zones = ZoneSet(
        identities: [
            ZoneSet.Identity(id: "110000", name: "北京市"), ZoneSet.Identity(id: "x", name: ""),
        ],
        polygons: [
            ZonePolygon(parts: [
                [
                    [.init(x: 0, y: 0), .init(x: 1.0 / 3, y: 0), .init(x: 0, y: 1e-300)],
                    [.init(x: 0.1, y: 0.1), .init(x: 0.2, y: 0.1), .init(x: 0.1, y: 0.2)],
                ]
            ]),
            ZonePolygon(parts: []),
        ]
    )

    @Test func `zones come back with the bits of every vertex`() throws {
        let back = try #require(ZoneSet(encoded: zones.encoded))
        #expect(back.identities == zones.identities)
        #expect(back.polygons == zones.polygons)
        #expect(back.digest == zones.digest)
    }

    @Test func `cut, prolonged and altered bytes are refused or differ, and never trap`() {
        let bytes = zones.encoded
        for count in 0..<bytes.count {
            #expect(ZoneSet(encoded: Array(bytes.prefix(count))) == nil)
        }
        #expect(ZoneSet(encoded: bytes + [0]) == nil)
        for index in bytes.indices {
            var altered = bytes
            altered[index] ^= 0xff
            if let other = ZoneSet(encoded: altered) { #expect(other.digest != zones.digest) }
        }
    }
}
