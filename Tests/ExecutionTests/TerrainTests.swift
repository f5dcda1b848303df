import Analysis
import CarbonBalance
import Execution
import Foundation
import Lattice
import RasterIO
import Testing

/// Slopes and aspects of heights on projections that are not true to scale or turned against north.
struct TerrainTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// A place in a projection.
    private func place(
        longitude: Double,
        latitude: Double,
        _ reference: CoordinateReference
    ) throws -> (x: Double, y: Double) {
        let transform = try CoordinateTransform(
            from: try ReferenceParser.parse("EPSG:4326"),
            to: reference
        )
        let found = transform.transform(x: longitude, y: latitude)
        return try #require(found)
    }

    /// A measure over 10 × 10 cells of 1 km around a place, of a height given by column and row, or by the
    /// place's latitude, in pixels of a projection around it.
    private func measure(
        _ measure: TerrainMeasure,
        longitude: Double,
        latitude: Double,
        in name: String,
        pixelMetres: Double,
        height: (_ column: Double, _ row: Double, _ latitude: Double) -> Double
    ) throws -> [Float] {
        let reference = try ReferenceParser.parse(name)
        let count = Int(30_000 / pixelMetres)
        let middle = try place(longitude: longitude, latitude: latitude, reference)
        let affine = try #require(
            GeoTransform(
                coefficients: [
                    middle.x - 15_000, pixelMetres, 0, middle.y + 15_000, 0, -pixelMetres,
                ]
            )
        )
        var xs: [Double] = []
        var ys: [Double] = []
        for pixel in 0..<(count * count) {
            let point = affine.world(
                column: Double(pixel % count) + 0.5,
                row: Double(pixel / count) + 0.5
            )
            xs.append(point.x)
            ys.append(point.y)
        }
        let inverse = try CoordinateTransform(
            from: reference,
            to: try ReferenceParser.parse("EPSG:4326")
        )
        inverse.transform(xs: &xs, ys: &ys)
        let path = "\(directory.path)/height.tif"
        var options = RasterWriter.Options()
        options.sampleType = "Float64"
        try RasterWriter.write(
            to: path,
            columns: count,
            affine: affine,
            reference: reference,
            bands: [
                (0..<(count * count)).map {
                    height(Double($0 % count), Double($0 / count), ys[$0])
                }
            ],
            options: options
        )
        let albers = try ReferenceParser.parse("china-albers")
        let centre = try place(longitude: longitude, latitude: latitude, albers)
        let grid = Grid(
            reference: albers,
            originX: centre.x.rounded() - 5000,
            originY: centre.y.rounded() + 5000,
            cellSizeMetres: 1000,
            columns: 10,
            rows: 10
        )
        var layer = LayerModel.fixture(
            paths: [path],
            quantity: .intensity,
            unit: "m",
            internalUnit: "degree"
        )
        layer.reading.derivation = .terrain(measure)
        let found = try SourceLayerReader(grid: grid, samplesPerRead: 1 << 20)
            .read(layer, over: grid.window)
        // The steps are those of the place: cut into parts it is the same.
        let parts = try SourceLayerReader(grid: grid, samplesPerRead: 1000)
            .read(layer, over: grid.window)
        #expect(parts == found)
        return found.value.samples
    }

    @Test func `Mercator's pixels are as small as they are on the ground`() throws {
        let sine = sin(40 * Double.pi / 180)
        let square = 0.00669437999014
        let factor = 1 - square * sine * sine
        // Pseudo-Mercator: x = a λ and dy = a dφ / cos φ; on the ground N cos φ dλ and M dφ.
        let cosine = cos(40 * Double.pi / 180)
        let eastward = 100 * cosine / factor.squareRoot()
        let northward = 100 * cosine * (1 - square) / (factor * factor.squareRoot())
        for (isEastward, step) in [(true, eastward), (false, northward)] {
            let slopes = try measure(
                .slope,
                longitude: 105,
                latitude: 40,
                in: "EPSG:3857",
                pixelMetres: 100
            ) { column, row, _ in 10 * (isEastward ? column : -row) }
            let expected = atan(10 / step) * 180 / .pi
            #expect(slopes.count == 100)
            // The scale changes by 0.07 % from the middle to the edge, 5 km away.
            #expect(slopes.allSatisfy { abs(Double($0) / expected - 1) < 1e-3 }, "\(slopes)")
            let mean = slopes.reduce(0) { $0 + Double($1) } / 100
            #expect(abs(mean / expected - 1) < 5e-5, "\(mean), not \(expected)")
        }
    }

    @Test func `Albers' pixels are stretched one way and pressed the other`() throws {
        // On the central meridian north is up: scale k along the parallel, 1/k along the meridian.
        let degrees = Double.pi / 180
        let slopes = try [true, false].map { isEastward in
            let found = try measure(
                .slope,
                longitude: 105,
                latitude: 36,
                in: "china-albers",
                pixelMetres: 100
            ) { column, row, _ in isEastward ? column : -row }
            return found.reduce(0) { $0 + Double($1) } / 100
        }
        // Equal areas: the two scales' product is 1, and k = 0.982 here, far from both true parallels.
        let scales = slopes.map { tan($0 * degrees) * 100 }
        #expect(abs(scales[0] * scales[1] - 1) < 1e-5, "\(scales)")
        #expect(abs(scales[0] - 0.982) < 5e-4, "\(scales)")
    }

    @Test func `an aspect is told against true north`() throws {
        // 25° west of the central meridian the projection's north leans by some 14°.
        for (component, expected) in [(DirectionComponent.sine, 0.0), (.cosine, -1)] {
            let aspects = try measure(
                .aspect(component),
                longitude: 80,
                latitude: 40,
                in: "china-albers",
                pixelMetres: 200
            ) { _, _, latitude in 100_000 * latitude }
            #expect(aspects.allSatisfy { abs(Double($0) - expected) < 1e-4 }, "\(aspects)")
        }
    }
}
