import Lattice
import RasterIO
import Testing

struct ReferenceTests {
    private let china = Extent(
        minimumX: -2_760_000,
        minimumY: 1_620_000,
        maximumX: 2_360_000,
        maximumY: 6_228_000
    )

    @Test func `the alias and its PROJ string are the same projection on one line of WKT2`() throws
    {
        let alias = try ReferenceParser.parse("china-albers")
        let text = try ReferenceParser.parse(ReferenceParser.chinaAlbersDefinition)
        #expect(alias.name == "China Albers 105E 25N 47N (WGS 84)")
        #expect(alias.wkt.hasPrefix("PROJCRS["))
        #expect(!alias.wkt.contains("\n"))
        #expect(text.name == "custom Albers Equal Area")
        #expect(try ReferenceParser.areEquivalent(alias, text))
        #expect(try !ReferenceParser.areEquivalent(alias, ReferenceParser.parse("EPSG:3857")))
        #expect(try ReferenceParser.parse(alias.wkt) == alias)
        #expect(try ReferenceParser.isProjectedInMetres(alias))
        #expect(try !ReferenceParser.isProjectedInMetres(ReferenceParser.parse("EPSG:4326")))
        #expect(try !ReferenceParser.isProjectedInMetres(ReferenceParser.parse("EPSG:2263")))
        #expect(try ReferenceParser.epsgCode(of: ReferenceParser.parse("EPSG:4490")) == 4490)
        #expect(try ReferenceParser.epsgCode(of: alias) == nil)
    }

    @Test(arguments: ["", "EPSG:999999", "+proj=nonsense", "china_albers", "PROJCRS[\"x\"]"])
    func `a text that is no reference is refused with the legal forms`(text: String) {
        let error = rasterError { _ = try ReferenceParser.parse(text) }
        #expect(error?.code == .badReference)
        #expect(error?.description.contains("EPSG:n") == true)
    }

    @Test(arguments: [
        ReferenceParser.chinaAlbersDefinition,
        "EPSG:6933",
        "+proj=laea +lat_0=35 +lon_0=105 +datum=WGS84 +units=m",
        "+proj=sinu +lon_0=105 +datum=WGS84 +units=m",
        "+proj=sinu +lon_0=0 +R=6371007.181 +units=m",
        "+proj=aea +lat_1=25 +lat_2=47 +lat_0=0 +lon_0=105 +ellps=krass +units=m",
        "+proj=moll +lon_0=105 +R=6371000 +units=m",
        "+proj=eck4 +lon_0=105 +R=6371000 +units=m",
        "+proj=eck6 +lon_0=105 +R=6371000 +units=m",
        "+proj=igh +lon_0=0 +R=6371000 +units=m",
        "+proj=eqearth +lon_0=105 +datum=WGS84 +units=m",
        "+proj=bonne +lat_1=35 +lon_0=105 +R=6371000 +units=m",
    ])
    func `equal-area projections pass`(definition: String) throws {
        let reference = try ReferenceParser.parse(definition)
        let extent = try projected(to: reference)
        let check = try EqualAreaCheck(reference, over: extent)
        #expect(check.passes, "\(check)")
    }

    @Test(arguments: [
        "EPSG:32649", "EPSG:3857", "EPSG:4479",
        "+proj=lcc +lat_1=25 +lat_2=47 +lon_0=105 +datum=WGS84 +units=m",
        "+proj=eqc +lon_0=105 +datum=WGS84 +units=m",
        "+proj=moll +lon_0=105 +datum=WGS84 +units=m",
        "+proj=tmerc +lat_0=0 +lon_0=105 +k=1 +datum=WGS84 +units=m",
    ])
    func `other projections do not pass`(definition: String) throws {
        let passes: Bool
        do {
            let reference = try ReferenceParser.parse(definition)
            let extent = try projected(to: reference)
            passes = try EqualAreaCheck(reference, over: extent).passes
        } catch let error as RasterError where error.code == .badReference {
            passes = false
        }
        #expect(!passes)
    }

    @Test func `a conformal projection does not pass even where it is almost equal-area`() throws {
        let reference = try ReferenceParser.parse(
            "+proj=tmerc +lat_0=0 +lon_0=105 +k=1 +datum=WGS84 +units=m"
        )
        let tiny = Extent(minimumX: -2000, minimumY: 3e6, maximumX: 2000, maximumY: 3.004e6)
        let check = try EqualAreaCheck(reference, over: tiny)
        #expect(check.areaScale.upperBound - 1 < 1e-6)
        #expect(!check.passes)
    }

    @Test func `degrees cannot carry a grid, and the message says so`() throws {
        let error = rasterError {
            _ = try EqualAreaCheck(ReferenceParser.parse("EPSG:4326"), over: china)
        }
        #expect(error?.description.contains("degrees") == true)
    }

    @Test func `a point's coordinates do not depend on the points around it`() throws {
        // From Beijing 1954 several operations to WGS 84 exist, each for a part of China.
        let source = try ReferenceParser.parse("EPSG:4214")
        let target = try ReferenceParser.parse("china-albers")
        let area = try CoordinateTransform.geographicExtent(of: china, in: target)
        let transform = try CoordinateTransform(from: source, to: target, areaOfInterest: area)
        var longitudes: [Double] = []
        var latitudes: [Double] = []
        for longitude in stride(from: 75.0, through: 130, by: 5) {
            for latitude in stride(from: 20.0, through: 50, by: 5) {
                longitudes.append(longitude)
                latitudes.append(latitude)
            }
        }
        var xs = longitudes
        var ys = latitudes
        transform.transform(xs: &xs, ys: &ys)
        for index in xs.indices {
            let single = transform.transform(x: longitudes[index], y: latitudes[index])
            let alone = try #require(single)
            #expect(alone.x.bitPattern == xs[index].bitPattern)
            #expect(alone.y.bitPattern == ys[index].bitPattern)
        }
    }

    @Test
    func `the national projection agrees with the formulas of Snyder (1987), eq. 14-1 to 14-6`()
        throws
    {
        let transform = try CoordinateTransform(
            from: ReferenceParser.parse("EPSG:4326"),
            to: ReferenceParser.parse("china-albers")
        )
        let origin = transform.transform(x: 105, y: 0)
        let right = transform.transform(x: 115, y: 36)
        let left = transform.transform(x: 95, y: 36)
        let centre = try #require(origin)
        #expect(abs(centre.x) < 1e-6)
        #expect(abs(centre.y) < 1e-6)
        let east = try #require(right)
        let west = try #require(left)
        #expect(abs(east.x + west.x) < 1e-6)
        #expect(abs(east.y - west.y) < 1e-6)
        #expect(abs(east.x - 883_728.373_800_221_5) < 1e-6)
        #expect(abs(east.y - 3_892_343.125_542_002) < 1e-6)
    }

    @Test func `points beyond a projection become NaN, their neighbours stay`() throws {
        let transform = try CoordinateTransform(
            from: ReferenceParser.parse("+proj=laea +lat_0=35 +lon_0=105 +datum=WGS84 +units=m"),
            to: ReferenceParser.parse("EPSG:4326")
        )
        var xs = [0.0, 1e9, 1000]
        var ys = [0.0, 1e9, 1000]
        transform.transform(xs: &xs, ys: &ys)
        #expect(abs(xs[0] - 105) < 1e-9 && abs(ys[0] - 35) < 1e-9)
        #expect(xs[1].isNaN && ys[1].isNaN)
        #expect(xs[2].isFinite && ys[2].isFinite)
    }

    /// The box of mainland China in a projection.
    private func projected(to reference: CoordinateReference) throws -> Extent {
        let transform = try CoordinateTransform(
            from: ReferenceParser.parse("EPSG:4326"),
            to: reference
        )
        var xs = [100.0, 110, 100, 110]
        var ys = [25.0, 25, 40, 40]
        transform.transform(xs: &xs, ys: &ys)
        return Extent(
            minimumX: xs.reduce(.infinity, min),
            minimumY: ys.reduce(.infinity, min),
            maximumX: xs.reduce(-.infinity, max),
            maximumY: ys.reduce(-.infinity, max)
        )
    }
}

struct CellAreaTests {
    private let sphere = Ellipsoid(semiMajorMetres: 6_371_007.181, inverseFlattening: 0)

    @Test func `the whole ellipsoid of WGS 84 has 510,065,621.724 square kilometres`() {
        let area = Ellipsoid.wgs84.areaKm2(latitudes: (-90, 90), longitudeWidth: 360)
        #expect(abs(area / 510_065_621.724 - 1) < 1e-11)
        let ball = sphere.areaKm2(latitudes: (90, -90), longitudeWidth: -360)
        #expect(abs(ball / (4 * .pi * 6371.007181 * 6371.007181) - 1) < 1e-14)
    }

    @Test func `small cells add up to the large one without loss of digits`() {
        let whole = Ellipsoid.wgs84.areaKm2(latitudes: (39, 40), longitudeWidth: 1)
        let steps = 3600
        let parts = (0..<steps).map { step in
            Ellipsoid.wgs84.areaKm2(
                latitudes: (39 + Double(step) / 3600, 39 + Double(step + 1) / 3600),
                longitudeWidth: 1
            )
        }
        #expect(abs(parts.reduce(0, +) / whole - 1) < 1e-13)
        // Simpson's rule on M·N·cos φ with 2000 intervals, computed independently in Python.
        #expect(abs(whole / 9549.520094031162 - 1) < 1e-12)
    }

    @Test func `cells beyond a pole stop at it`() {
        let clamped = Ellipsoid.wgs84.areaKm2(latitudes: (89.75, 90.25), longitudeWidth: 1)
        let exact = Ellipsoid.wgs84.areaKm2(latitudes: (89.75, 90), longitudeWidth: 1)
        #expect(clamped == exact)
        #expect(Ellipsoid.wgs84.areaKm2(latitudes: (91, 92), longitudeWidth: 1) == 0)
    }

    @Test func `the pixels of a global raster cover the Earth once`() throws {
        let source = try MemoryRasterSource(
            name: "world",
            columns: 36,
            affine: northUp(west: -180, north: 90, size: 10),
            reference: ReferenceParser.parse("EPSG:4326"),
            bands: [[Double](repeating: 0, count: 36 * 18)]
        )
        let areas = try SourceCellArea(source.description)
        let byRow = areas.dependsOnRowOnly
        #expect(byRow)
        let total = areas.areasKm2(window: source.description.window).reduce(0, +)
        #expect(abs(total / 510_065_621.724 - 1) < 1e-11)
        let (first, last) = (areas.areaKm2(row: 0), areas.areaKm2(row: 17))
        #expect(abs(first / last - 1) < 1e-14)
    }

    @Test func `a sinusoidal pixel of MODIS has the same area everywhere`() throws {
        let size = 463.312716528
        let affine = try northUp(west: 10_007_554.677, north: 4_447_802.079, size: size)
        let source = try MemoryRasterSource(
            name: "modis",
            columns: 4,
            affine: affine,
            reference: ReferenceParser.parse(
                "+proj=sinu +lon_0=0 +R=6371007.181 +units=m +no_defs"
            ),
            bands: [[Double](repeating: 0, count: 16)]
        )
        let areas = try SourceCellArea(source.description)
        let byRow = areas.dependsOnRowOnly
        #expect(byRow)
        let area = areas.areaKm2(row: 3)
        #expect(abs(area - size * size / 1e6) < 1e-15)
    }

    @Test func `pixels of a conformal projection have their true area`() throws {
        // A UTM pixel on the central meridian: the scale is 0.9996, so the truth is larger.
        let reference = try ReferenceParser.parse("EPSG:32649")
        let source = try MemoryRasterSource(
            name: "utm",
            columns: 3,
            affine: northUp(west: 500_000 - 1500, north: 4_000_000, size: 1000),
            reference: reference,
            bands: [[Double](repeating: 0, count: 9)]
        )
        let areas = try SourceCellArea(source.description)
        let byRow = areas.dependsOnRowOnly
        #expect(!byRow)
        let found = areas.areasKm2(window: source.description.window)
        for area in found {
            #expect(abs(area - 1 / (0.9996 * 0.9996)) < 1e-6)
        }
    }

    @Test func `rotated degrees agree with aligned ones when the rotation vanishes`() throws {
        let reference = try ReferenceParser.parse("EPSG:4326")
        let tilted = try #require(
            GeoTransform(coefficients: [100, 0.01, 1e-12, 40, 0, -0.01])
        )
        let aligned = try northUp(west: 100, north: 40, size: 0.01)
        func areas(_ affine: GeoTransform) throws -> [Double] {
            let source = try MemoryRasterSource(
                name: "tilt",
                columns: 2,
                affine: affine,
                reference: reference,
                bands: [[0, 0, 0, 0]]
            )
            let area = try SourceCellArea(source.description)
            return area.areasKm2(window: source.description.window)
        }
        for (first, second) in zip(try areas(tilted), try areas(aligned)) {
            #expect(abs(first / second - 1) < 1e-8)
        }
    }
}
