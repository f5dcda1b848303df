import Analysis
import Execution
import Foundation
import Lattice
import RasterIO

/// Looks whether boundaries lie where a layer's data end, as they stand and with the shift of Chinese web
/// maps undone.
///
/// A coast, or a border at which a product was cut, is an edge of data and an outer boundary of the zones.
/// Where pixels are small against the shift of 300 to 700 m, the right one of two positions has data on
/// one side of the boundary and none on the other. Coarser layers, and layers without missing pixels, say
/// nothing; then nothing is said.
struct BoundaryShift {
    /// The zones in the grid's projection.
    let features: [PolygonFeature]
    /// The national grid.
    let grid: Grid
    /// True when the shift was undone, as configured.
    let isDeclaredShifted: Bool

    /// Pixels above which a shift cannot be seen.
    private static let largestPixelMetres = 250.0
    /// Places looked at along the outer boundary.
    private static let placeCount = 600
    /// Distance of the two looks from the boundary, metres.
    private static let reachMetres = 250.0
    /// Share of places on an edge of data that is enough for a verdict.
    private static let telling = 0.25

    /// A place on the outer boundary and the direction across it, grid coordinates.
    private struct Place {
        let x: Double
        let y: Double
        let acrossX: Double
        let acrossY: Double
    }

    /// What speaks for the other datum; nil when nothing does.
    func warning(layers: [LayerModel]) -> String? {
        let fine = layers.filter { layer in
            layer.reading.derivation.readsRasters && layer.paths.count == 1
                && layer.facts.supportMetres <= Self.largestPixelMetres
                && !layer.paths.contains(where: RemoteSource.isRemote)
        }
        guard !fine.isEmpty else { return nil }
        let places = outerPlaces()
        guard places.count >= 30 else { return nil }
        for layer in fine {
            guard let shares = try? shares(of: places, in: layer) else { continue }
            guard shares.other >= Self.telling, shares.other > 1.5 * shares.declared else {
                continue
            }
            func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }
            let (fault, remedy) =
                isDeclaredShifted
                ? ("do not look shifted, though their shift is undone", "leave out 'datum: gcj02'")
                : ("look shifted by some 500 m", "write 'datum: gcj02'")
            return "zones: the boundaries \(fault): \(percent(shares.declared)) of \(places.count) "
                + "places along their outer edge lie where the data of \(layer.name) end, "
                + "\(percent(shares.other)) on the other datum; if so, \(remedy)"
        }
        return nil
    }

    /// Places spread over the sides that no other polygon shares.
    private func outerPlaces() -> [Place] {
        struct Side: Hashable {
            let a: SIMD2<Double>
            let b: SIMD2<Double>
        }
        var sides: [Side] = []
        for ring in features.lazy.flatMap(\.parts).flatMap(\.rings) {
            for index in 1..<max(1, ring.count) {
                sides.append(
                    Side(
                        a: SIMD2(ring.xs[index - 1], ring.ys[index - 1]),
                        b: SIMD2(ring.xs[index], ring.ys[index])
                    )
                )
            }
        }
        let all = Set(sides)
        let outer = sides.filter { $0.a != $0.b && !all.contains(Side(a: $0.b, b: $0.a)) }
        let lengths = outer.map { side -> Double in
            let step = side.b - side.a
            return (step.x * step.x + step.y * step.y).squareRoot()
        }
        let spacing = lengths.reduce(0, +) / Double(Self.placeCount)
        guard spacing > 0 else { return [] }
        var places: [Place] = []
        var next = spacing / 2
        for (side, length) in zip(outer, lengths) {
            while next < length {
                let step = (side.b - side.a) / length
                let point = side.a + step * next
                places.append(Place(x: point.x, y: point.y, acrossX: -step.y, acrossY: step.x))
                next += spacing
            }
            next -= length
        }
        return places
    }

    /// The share of places with data on exactly one side, as declared and on the other datum.
    private func shares(
        of places: [Place],
        in layer: LayerModel
    ) throws -> (declared: Double, other: Double) {
        let dataset = try RasterDataset(
            path: layer.paths[0],
            assumedReference: layer.reading.reference,
            assumedExtent: layer.reading.extent
        )
        guard let reference = dataset.description.reference else { return (0, 0) }
        let degrees = try ReferenceParser.parse("EPSG:4326")
        let toDegrees = try CoordinateTransform(from: grid.reference, to: degrees)
        let toSource = try CoordinateTransform(from: degrees, to: reference)
        var xs: [Double] = []
        var ys: [Double] = []
        for place in places {
            for reach in [Self.reachMetres, -Self.reachMetres] {
                xs.append(place.x + reach * place.acrossX)
                ys.append(place.y + reach * place.acrossY)
            }
        }
        toDegrees.transform(xs: &xs, ys: &ys)
        var (otherXs, otherYs) = (xs, ys)
        if isDeclaredShifted {
            for index in xs.indices {
                let point = ShiftedDatum.forward(longitude: xs[index], latitude: ys[index])
                (otherXs[index], otherYs[index]) = (point.longitude, point.latitude)
            }
        } else {
            ShiftedDatum.invert(longitudes: &otherXs, latitudes: &otherYs)
        }
        func share(_ xs: [Double], _ ys: [Double]) throws -> Double {
            var (xs, ys) = (xs, ys)
            toSource.transform(xs: &xs, ys: &ys)
            let isKnown = try xs.indices.map { index in
                try Self.hasData(dataset, layer, x: xs[index], y: ys[index])
            }
            let edges = stride(from: 0, to: isKnown.count, by: 2).filter { index in
                isKnown[index] != isKnown[index + 1]
            }
            return Double(edges.count) / Double(places.count)
        }
        return (try share(xs, ys), try share(otherXs, otherYs))
    }

    /// True when the pixel at a point of the source's coordinates has a value.
    private static func hasData(
        _ dataset: borrowing RasterDataset,
        _ layer: LayerModel,
        x: Double,
        y: Double
    ) throws -> Bool {
        let description = dataset.description
        let place = description.affine.position(x: x, y: y)
        guard place.column >= 0, place.row >= 0, place.column < Double(description.columns),
            place.row < Double(description.rows)
        else { return false }
        let pixel = CellWindow(
            rows: Int(place.row)..<(Int(place.row) + 1),
            columns: Int(place.column)..<(Int(place.column) + 1)
        )
        let samples = try dataset.read(pixel, band: layer.band).samples
        return layer.withoutNodata(samples).contains { !$0.isNaN }
    }
}
