import RasterIO
import Testing

@testable import Publishing

@Suite struct ZoneCentroidTests {
    private func ring(_ points: [(Double, Double)]) -> PolygonRing {
        PolygonRing(xs: points.map(\.0), ys: points.map(\.1))
    }

    private func feature(_ parts: [PolygonPart]) -> PolygonFeature {
        PolygonFeature(id: "1", name: "one", parts: parts, attributes: [])
    }

    @Test func `a hole moves the centroid away, a second part towards itself`() {
        let (x, y) = (4_000_000.0, 3_000_000.0)
        let outer = ring([(x, y), (x + 4, y), (x + 4, y + 4), (x, y + 4), (x, y)])
        let hole = ring([
            (x + 2, y), (x + 2, y + 4), (x + 4, y + 4), (x + 4, y), (x + 2, y),
        ])
        let half = feature([PolygonPart(rings: [outer, hole])])
        #expect(abs(half.centroid.x - x - 1) < 1e-6)
        #expect(abs(half.centroid.y - y - 2) < 1e-6)
        let far = ring([
            (x + 8, y), (x + 12, y), (x + 12, y + 4), (x + 8, y + 4), (x + 8, y),
        ])
        let both = feature([PolygonPart(rings: [outer]), PolygonPart(rings: [far])])
        #expect(abs(both.centroid.x - x - 6) < 1e-6)
    }
}
