import Foundation
import Lattice
import RasterIO
import Testing

struct InputPathTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test func `a pattern stands for the files of its form in the order of their names`() throws {
        for name in ["m_02.tif", "m_10.tif", "m_01.tif", "m_01.txt", ".m_03.tif", "n_01.tif"] {
            try directory.write("", as: name)
        }
        #expect(
            try FilePattern.files(directory.file("m_*.tif"))
                == ["m_01.tif", "m_02.tif", "m_10.tif"].map { directory.file($0) }
        )
        #expect(try FilePattern.files(directory.file("?_01.t*")).count == 3)
        #expect(
            try FilePattern.files("\(directory.path.dropLast(3))*/m_10.tif")
                == [directory.file("m_10.tif")]
        )
        let error = rasterError { _ = try FilePattern.files(directory.file("x*.tif")) }
        #expect(error?.code == .cannotOpen)
    }

    @Test func `a shifted point comes back to a hundredth of a millimetre`() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SampleSequence(seed: seed)
        for _ in 0..<2000 {
            let longitude = 75 + 60 * random.next()
            let latitude = 18 + 35 * random.next()
            let shifted = ShiftedDatum.forward(longitude: longitude, latitude: latitude)
            var xs = [shifted.longitude]
            var ys = [shifted.latitude]
            ShiftedDatum.invert(longitudes: &xs, latitudes: &ys)
            #expect(abs(xs[0] - longitude) < 1e-9, "seed \(seed)")
            #expect(abs(ys[0] - latitude) < 1e-9, "seed \(seed)")
            let metres = hypot(
                (shifted.longitude - longitude) * 111_320 * cos(latitude * .pi / 180),
                (shifted.latitude - latitude) * 110_574
            )
            #expect((1...1100).contains(metres), "seed \(seed): \(metres)")
        }
    }

    @Test func `a known point is shifted as by other programs, and points abroad are not`() {
        // The pair in the tests of eviltransform (googollee, MIT), which other converters repeat.
        let shifted = ShiftedDatum.forward(longitude: 121.5272106, latitude: 31.1774276)
        #expect(abs(shifted.longitude - 121.531541859215) < 1e-10)
        #expect(abs(shifted.latitude - 31.17530398364597) < 1e-10)
        let abroad = ShiftedDatum.forward(longitude: 2.35, latitude: 48.86)
        #expect(abroad.longitude == 2.35 && abroad.latitude == 48.86)
    }

    @Test func `fields of web maps raise suspicion and others do not`() {
        let web = ["adcode", "name", "childrenNum", "subFeatureIndex"]
        #expect(ShiftedDatum.suspicion(path: "/a/b.geojson", fieldNames: web) != nil)
        #expect(ShiftedDatum.suspicion(path: "/a/GCJ02_city.shp", fieldNames: ["id"]) != nil)
        #expect(ShiftedDatum.suspicion(path: "/amap/b.shp", fieldNames: ["adcode"]) == nil)
    }

    @Test func `points of a table in another encoding are read with their weights`() throws {
        // "名称" in GBK.
        let header: [UInt8] = [0xC3, 0xFB, 0xB3, 0xC6] + Array(",x,y,mw\n".utf8)
        let rows: [UInt8] =
            [0xCE, 0xE4, 0xBA, 0xBA] + Array(",114.3,30.6,100\n".utf8)
            + Array("b,115,31,\nc,,30,5\n".utf8)
        let path = directory.file("plants.csv")
        try Data(header + rows).write(to: URL(fileURLWithPath: path))
        let grid = try nationalGrid(columns: 512, rows: 461)
        let layer = try FeatureReader.read(
            path,
            columns: (x: "x", y: "y"),
            weightField: "mw",
            encoding: "GBK",
            in: grid.reference
        )
        #expect(layer.kind == .points)
        #expect(layer.weights == [100])
        #expect(layer.omittedCount == 2)
        let table = try TableReader.read(path, encoding: "GBK")
        #expect(table.columnNames[0] == "名称")
        #expect(try table.texts("名称")[0] == "武汉")
    }

    @Test func `what a server does not give is transport, what it refuses is not`() {
        func error(_ path: String, _ message: String) -> RasterError {
            RasterError(.cannotOpen, path: path, underlying: [message])
        }
        let remote = "/vsicurl/http://example.org/a.tif"
        #expect(error(remote, "HTTP response code: 503").isOfTransport)
        #expect(error(remote, "Timeout was reached").isOfTransport)
        #expect(!error(remote, "HTTP response code: 404").isOfTransport)
        #expect(!error("/data/a.tif", "Timeout was reached").isOfTransport)
        #expect(error("/vsizip//vsis3/bucket/a.zip/a.tif", "Read error").isOfTransport)
    }
}
