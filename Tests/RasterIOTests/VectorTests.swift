import Foundation
import Lattice
import RasterIO
import Testing

struct VectorTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func feature(_ properties: String, _ geometry: String) -> String {
        "{\"type\":\"Feature\",\"properties\":{\(properties)},\"geometry\":\(geometry)}"
    }

    private func collection(_ features: [String]) -> String {
        "{\"type\":\"FeatureCollection\",\"features\":[\(features.joined(separator: ","))]}"
    }

    private let square =
        "{\"type\":\"Polygon\",\"coordinates\":[[[100,30],[101,30],[101,31],[100,31],[100,30]],"
        + "[[100.2,30.2],[100.2,30.4],[100.4,30.4],[100.4,30.2],[100.2,30.2]]]}"

    @Test func `features keep order, codes, names, parts and holes`() throws {
        let islands =
            "{\"type\":\"MultiPolygon\",\"coordinates\":[[[[110,20],[110,21],[111,21],[110,20]]],"
            + "[[[112,20],[113,20],[113,21],[112,20]]]]}"
        let path = try directory.write(
            collection([
                feature("\"adcode\":\"010100\",\"name\":\"北京市\",\"gdp\":1.5", square),
                feature("\"adcode\":\"020000\",\"name\":null,\"gdp\":null", islands),
            ]),
            as: "zones.geojson"
        )
        let source = try VectorSource(path: path)
        let (names, count) = (source.fieldNames, source.featureCount)
        #expect(names == ["adcode", "name", "gdp"])
        #expect(count == 2)
        let wgs84 = try ReferenceParser.parse("EPSG:4326")
        let layer = try source.polygons(idField: "adcode", nameField: "name", in: wgs84)
        #expect(layer.repairs.isEmpty)
        #expect(layer.features.map(\.id) == ["010100", "020000"])
        #expect(layer.features.map(\.name) == ["北京市", "020000"])
        #expect(layer.features[0].attributes == ["010100", "北京市", "1.5"])
        #expect(layer.features[1].attributes == ["020000", nil, nil])
        #expect(layer.features[0].parts[0].rings.count == 2)
        #expect(layer.features[1].parts.count == 2)
        #expect(abs(layer.features[0].area - 0.96) < 1e-12)
        for part in layer.features.flatMap(\.parts) {
            for (index, ring) in part.rings.enumerated() {
                #expect((ring.signedArea > 0) == (index == 0))
                #expect(ring.xs.first == ring.xs.last && ring.ys.first == ring.ys.last)
            }
        }
        #expect(layer.features[1].extent.maximumX == 113)
    }

    @Test func `vertices are transformed to the grid`() throws {
        let path = try directory.write(
            collection([feature("\"id\":1", square)]),
            as: "one.geojson"
        )
        let source = try VectorSource(path: path)
        let target = try ReferenceParser.parse("china-albers")
        let layer = try source.polygons(idField: "id", in: target)
        let transform = try CoordinateTransform(
            from: ReferenceParser.parse("EPSG:4326"),
            to: target
        )
        let corner = transform.transform(x: 101, y: 31)
        let expected = try #require(corner)
        let ring = layer.features[0].parts[0].rings[0]
        #expect(ring.xs.contains(expected.x))
        #expect(ring.ys.contains(expected.y))
        #expect(layer.features[0].id == "1")
        #expect(layer.reference == target)
        // The ellipsoid's own area, but for the edges along parallels, which stay straight.
        let outer = Ellipsoid.wgs84.areaKm2(latitudes: (30, 31), longitudeWidth: 1)
        let hole = Ellipsoid.wgs84.areaKm2(latitudes: (30.2, 30.4), longitudeWidth: 0.2)
        #expect(abs(layer.features[0].area / 1e6 / (outer - hole) - 1) < 2e-3)
    }

    @Test func `a bowtie is repaired and reported by name`() throws {
        let bowtie =
            "{\"type\":\"Polygon\",\"coordinates\":"
            + "[[[100,30],[102,32],[102,30],[100,32],[100,30]]]}"
        let path = try directory.write(
            collection([
                feature("\"id\":\"a\",\"name\":\"Whole\"", square),
                feature("\"id\":\"b\",\"name\":\"Bowtie\"", bowtie),
            ]),
            as: "bowtie.geojson"
        )
        let source = try VectorSource(path: path)
        let layer = try source.polygons(
            idField: "id",
            nameField: "name",
            in: ReferenceParser.parse("EPSG:4326")
        )
        #expect(layer.repairs.count == 1)
        #expect(layer.repairs[0].hasPrefix("'b' (Bowtie): "))
        #expect(layer.repairs[0].contains("Self-intersection"))
        #expect(layer.features[1].parts.count == 2)
        #expect(abs(layer.features[1].area - 2) < 1e-12)
    }

    @Test func `what cannot be a zone is refused by name`() throws {
        let wgs84 = try ReferenceParser.parse("EPSG:4326")
        func error(_ features: [String], id: String = "id") throws -> RasterError? {
            let path = try directory.write(collection(features), as: "bad.geojson")
            return rasterError {
                let source = try VectorSource(path: path)
                _ = try source.polygons(idField: id, in: wgs84)
            }
        }
        let line = "{\"type\":\"LineString\",\"coordinates\":[[1,1],[2,2]]}"
        let lineError = try error([feature("\"id\":\"x\"", line)])
        #expect(lineError?.code == .wrongType)
        #expect(lineError?.description.contains("'x' is a LINESTRING") == true)

        let empty = try error([
            feature("\"id\":\"a\"", square), feature("\"id\":\"b\"", "null"),
        ])
        #expect(empty?.description.contains("'b' has no geometry") == true)

        let twice = try error([feature("\"id\":\"a\"", square), feature("\"id\":\"a\"", square)])
        #expect(twice?.description.contains("features 1 and 2 have the same id 'a'") == true)

        let nameless = try error([feature("\"id\":null", square)])
        #expect(nameless?.description.contains("feature 1 has no 'id'") == true)

        let field = try error([feature("\"adcode\":\"a\",\"city\":\"b\"", square)])
        #expect(field?.code == .noSuchField)
        #expect(field?.description.contains("there is no field 'id'") == true)
        #expect(field?.description.contains("has adcode, city") == true)
    }

    @Test func `a GeoPackage comes back as it was written, and the same bytes each time`() throws {
        let reference = try ReferenceParser.parse("china-albers")
        let ring = PolygonRing(xs: [0, 1000, 1000, 0, 0], ys: [0, 0, 1000.125, 1000, 0])
        let island = PolygonRing(xs: [5000, 6000, 5000, 5000], ys: [0, 0, 1000, 0])
        let features = [
            VectorFeature(
                geometry: .polygons([PolygonPart(rings: [ring])]),
                values: [.text("010100"), .integer(1 << 40), .real(0.1)]
            ),
            VectorFeature(
                geometry: .polygons([PolygonPart(rings: [ring]), PolygonPart(rings: [island])]),
                values: [.text("北京"), .null, .real(.nan)]
            ),
        ]
        let columns = [
            AttributeColumn(name: "adcode", kind: .text),
            AttributeColumn(name: "rank", kind: .integer),
            AttributeColumn(name: "rd", kind: .real),
        ]
        func write(_ name: String) throws -> Data {
            try VectorWriter.write(
                to: directory.file(name),
                layer: "cities",
                reference: reference,
                columns: columns,
                features: features
            )
            return try Data(contentsOf: URL(fileURLWithPath: directory.file(name)))
        }
        let first = try write("a.gpkg")
        #expect(try write("a.gpkg") == first)
        let source = try VectorSource(path: directory.file("a.gpkg"), layer: "cities")
        let (names, stored) = (source.fieldNames, source.reference)
        #expect(names == ["adcode", "rank", "rd"])
        let found = try #require(stored)
        #expect(try ReferenceParser.areEquivalent(found, reference))
        let layer = try source.polygons(idField: "adcode", in: reference)
        #expect(layer.features.map(\.id) == ["010100", "北京"])
        #expect(layer.features[0].attributes == ["010100", "1099511627776", "0.1"])
        #expect(layer.features[1].attributes == ["北京", nil, nil])
        #expect(layer.features[1].parts.count == 2)
        #expect(layer.features[0].parts[0].rings[0].ys.contains(1000.125))
        #expect(try directory.names() == ["a.gpkg"])
        let error = rasterError {
            _ = try VectorSource(path: directory.file("a.gpkg"), layer: "towns")
        }
        #expect(error?.code == .noSuchLayer)
        #expect(error?.description.contains("it has cities") == true)
    }

    @Test func `points are written and read as a table with coordinates`() throws {
        let path = directory.file("points.gpkg")
        try VectorWriter.write(
            to: path,
            layer: "centres",
            reference: ReferenceParser.parse("EPSG:4326"),
            columns: [AttributeColumn(name: "y", kind: .real)],
            features: [
                VectorFeature(geometry: .point(x: 100.5, y: 30.25), values: [.real(0.1 + 0.2)]),
                VectorFeature(geometry: .point(x: 101, y: 31), values: [.null]),
            ]
        )
        let table = try TableReader.read(path)
        #expect(table.rowCount == 2)
        #expect(try table.numbers("y") == [0.1 + 0.2, nil])
        #expect(table.points?.map(\.x) == [100.5, 101])
        #expect(table.points?.map(\.y) == [30.25, 31])
    }

    @Test func `a Shapefile in GBK is read with its encoding`() throws {
        // A Shapefile by hand: dBASE with one field of GBK bytes, one square polygon.
        let gbk: [UInt8] = [0xB1, 0xB1, 0xBE, 0xA9]
        try HandMadeShapefile.write(to: directory.file("city"), name: gbk)
        let source = try VectorSource(path: directory.file("city.shp"), encoding: "GBK")
        let wgs84 = try ReferenceParser.parse("EPSG:4326")
        let missing = rasterError { _ = try source.polygons(idField: "NAME", in: wgs84) }
        #expect(missing?.code == .noReference)
        let layer = try source.polygons(idField: "NAME", in: wgs84, assumedReference: wgs84)
        #expect(layer.features.map(\.id) == ["北京"])
        #expect(layer.features[0].area == 1)
    }

    @Test func `a layer without features is refused`() throws {
        let path = try directory.write(collection([]), as: "none.geojson")
        let error = rasterError {
            let source = try VectorSource(path: path)
            _ = try source.polygons(idField: "id", in: ReferenceParser.parse("EPSG:4326"))
        }
        #expect(error != nil)
    }
}

struct TableTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test func `texts stay text, numbers keep all digits, gaps are nil`() throws {
        let path = try directory.write(
            "\u{FEFF}code,value,\"a, quoted\"\n010203,0.1234567890123456789,x\n"
                + "020304, -1e-3 ,\n030405,NA,\"y\"\n",
            as: "t.csv"
        )
        let table = try TableReader.read(path)
        #expect(table.columnNames == ["code", "value", "a, quoted"])
        #expect(table.rowCount == 3)
        #expect(try table.texts("code") == ["010203", "020304", "030405"])
        #expect(try table.numbers("value") == [0.1234567890123456789, -0.001, nil])
        #expect(try table.texts("a, quoted") == ["x", nil, "y"])
        #expect(table.points == nil)
    }

    @Test func `mistakes name column and row`() throws {
        let path = try directory.write("id,y\n1,2\n2,three\n", as: "bad.csv")
        let table = try TableReader.read(path)
        let value = rasterError { _ = try table.numbers("y") }
        #expect(value?.description == "\(path): column 'y', row 2: 'three' is no number")
        let column = rasterError { _ = try table.numbers("z") }
        #expect(column?.code == .noSuchField)
        #expect(column?.description == "\(path): there is no column 'z'; the table has id, y")
        let absent = rasterError { _ = try TableReader.read(directory.file("none.csv")) }
        #expect(absent?.code == .cannotOpen)
    }
}
