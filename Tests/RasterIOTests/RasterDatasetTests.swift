import Foundation
import Lattice
import RasterIO
import Testing

struct RasterDatasetTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func wgs84() throws -> CoordinateReference { try ReferenceParser.parse("EPSG:4326") }

    @Test func `samples come back raw, with scale and offset described but not applied`() throws {
        let path = directory.file("packed.tif")
        var options = RasterWriter.Options()
        options.sampleType = "Int16"
        options.noDataValue = 32767
        options.scale = 0.0001
        options.offset = 2
        options.unit = "kgC/m2/yr"
        options.bandNames = ["npp"]
        try RasterWriter.write(
            to: path,
            columns: 3,
            affine: northUp(west: 100, north: 40, size: 0.5),
            reference: wgs84(),
            bands: [[1, 32762, 32767, -5, 0, 32766]],
            options: options
        )
        let dataset = try RasterDataset(path: path)
        let band = try dataset.description.band(1)
        #expect(band.scale == 0.0001)
        #expect(band.offset == 2)
        #expect(band.unit == "kgC/m2/yr")
        #expect(band.name == "npp")
        #expect(band.noDataValue == 32767)
        #expect(band.sampleType == "Int16")
        #expect(band.mask == .noDataValue)
        let block = try dataset.read(dataset.description.window, band: 1)
        #expect(block.samples[0] == 1)
        #expect(block.samples[1] == 32762)
        #expect(block.samples[2].isNaN)
        #expect(Array(block.samples[3...]) == [-5, 0, 32766])
    }

    @Test func `a window reads exactly its rows and columns`() throws {
        let path = directory.file("window.tif")
        let bands = [(0..<35).map(Double.init), (0..<35).map { Double($0) + 0.25 }]
        try RasterWriter.write(
            to: path,
            columns: 7,
            affine: northUp(west: 0, north: 0, size: 1),
            reference: wgs84(),
            bands: bands
        )
        let dataset = try RasterDataset(path: path)
        let block = try dataset.read(CellWindow(rows: 1..<3, columns: 4..<7), band: 2)
        #expect(block.samples == [11.25, 12.25, 13.25, 18.25, 19.25, 20.25])
        let sample = block[2, 5]
        #expect(sample == 19.25)
    }

    @Test func `the twin in memory answers as the file does`() throws {
        let path = directory.file("twin.tif")
        var numbers = SampleSequence(seed: 11)
        var samples = (0..<48).map { _ in Double(Float(numbers.next() * 100)) }
        samples[5] = .nan
        let affine = try northUp(west: 100, north: 40, size: 0.5)
        try RasterWriter.write(
            to: path,
            columns: 8,
            affine: affine,
            reference: wgs84(),
            bands: [samples]
        )
        let file = try RasterDataset(path: path)
        let memory = try MemoryRasterSource(
            name: "twin",
            columns: 8,
            affine: affine,
            reference: wgs84(),
            bands: [samples]
        )
        let window = CellWindow(rows: 0..<4, columns: 2..<8)
        let fromFile = try file.read(window, band: 1).samples
        let fromMemory = try memory.read(window, band: 1).samples
        #expect(fromFile.map(\.bitPattern) == fromMemory.map(\.bitPattern))
        #expect(fromFile[3].isNaN)
        #expect(memory.description.isGeographic)
        let outside = CellWindow(rows: 5..<7, columns: 0..<1)
        #expect(rasterError { _ = try memory.read(outside, band: 1) }?.code == .windowOutside)
        #expect(rasterError { _ = try file.read(outside, band: 1) }?.code == .windowOutside)
        #expect(rasterError { _ = try memory.read(window, band: 2) }?.code == .noSuchBand)
    }

    @Test func `a mask band hides samples, and nodata of float32 matches its decimal text`() throws
    {
        let masked = directory.file("masked.tif")
        var options = RasterWriter.Options()
        options.mask = [255, 0, 255, 255]
        try RasterWriter.write(
            to: masked,
            columns: 2,
            affine: northUp(west: 0, north: 0, size: 1),
            reference: wgs84(),
            bands: [[1, 2, 3, 4]],
            options: options
        )
        let dataset = try RasterDataset(path: masked)
        #expect(dataset.description.bands[0].mask == .maskBand)
        let samples = try dataset.read(dataset.description.window, band: 1).samples
        #expect(samples[1].isNaN)
        #expect([samples[0], samples[2], samples[3]] == [1, 3, 4])

        let extreme = directory.file("extreme.tif")
        var floatOptions = RasterWriter.Options()
        floatOptions.noDataValue = -3.40282e38
        let lowest = -Double(Float.greatestFiniteMagnitude)
        try RasterWriter.write(
            to: extreme,
            columns: 3,
            affine: northUp(west: 0, north: 0, size: 1),
            reference: wgs84(),
            bands: [[lowest, -9999, 7]],
            options: floatOptions
        )
        let extremeSet = try RasterDataset(path: extreme)
        let values = try extremeSet.read(extremeSet.description.window, band: 1).samples
        #expect(values[0].isNaN)
        #expect(Array(values[1...]) == [-9999, 7])
    }

    @Test func `each reading mistake has its own code and names the file`() throws {
        let missing = directory.file("missing.tif")
        let absent = rasterError { _ = try RasterDataset(path: missing) }
        #expect(absent?.code == .cannotOpen)
        #expect(absent?.description.contains("missing.tif") == true)
        #expect(absent?.description.contains("No such file") == true)

        let path = directory.file("one.tif")
        try RasterWriter.write(
            to: path,
            columns: 2,
            affine: northUp(west: 0, north: 0, size: 1),
            reference: wgs84(),
            bands: [[1, 2, 3, 4]]
        )
        let dataset = try RasterDataset(path: path)
        let band = rasterError { _ = try dataset.read(dataset.description.window, band: 2) }
        #expect(band?.code == .noSuchBand)
        #expect(band?.description == "\(path): there is no band 2; the file has 1 band")
        let outside = rasterError {
            _ = try dataset.read(CellWindow(rows: 1..<3, columns: 0..<2), band: 1)
        }
        #expect(outside?.code == .windowOutside)
        #expect(outside?.description.contains("rows 1..<3") == true)
        #expect(outside?.description.contains("2 rows and 2 columns") == true)

        let text = try directory.write("no raster", as: "text.tif")
        #expect(rasterError { _ = try RasterDataset(path: text) }?.code == .cannotOpen)
    }

    @Test(arguments: [["TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64"], [], ["COMPRESS=DEFLATE"]])
    func `a file cut in the middle is an error and never zeros`(layout: [String]) throws {
        let path = directory.file("cut.tif")
        var numbers = SampleSequence(seed: 3)
        var options = RasterWriter.Options()
        options.creationOptions = layout
        try RasterWriter.write(
            to: path,
            columns: 300,
            affine: northUp(west: 0, north: 0, size: 0.1),
            reference: wgs84(),
            bands: [(0..<90_000).map { _ in numbers.next() }],
            options: options
        )
        try directory.truncate("cut.tif", to: 0.5)
        let error = rasterError {
            let dataset = try RasterDataset(path: path)
            _ = try dataset.read(CellWindow(rows: 250..<300, columns: 0..<300), band: 1)
        }
        #expect(error?.code == .truncated || error?.code == .cannotOpen)
        #expect(error?.description.contains("cut.tif") == true)
    }

    @Test func `a raster without position is refused, one without reference says so`() throws {
        let bare = directory.file("bare.ppm")
        try Data("P6\n2 1\n255\nabcdef".utf8).write(to: URL(fileURLWithPath: bare))
        let positionless = rasterError { _ = try RasterDataset(path: bare) }
        #expect(positionless?.code == .invalidGeometry)
        #expect(positionless?.description.contains("no position") == true)
        let raw = directory.file("raw.asc")
        try directory.write(
            "ncols 2\nnrows 2\nxllcorner 10\nyllcorner 20\ncellsize 0.5\nNODATA_value -9999\n"
                + "1 2\n-9999 4\n",
            as: "raw.asc"
        )
        let dataset = try RasterDataset(path: raw)
        #expect(dataset.description.reference == nil)
        #expect(
            rasterError { _ = try SourceCellArea(dataset.description) }?.code == .noReference
        )
        let assumed = try RasterDataset(path: raw, assumedReference: wgs84())
        #expect(assumed.description.isGeographic)
        #expect(assumed.description.extent.maximumY == 21)
        #expect(try directory.names().allSatisfy { !$0.hasSuffix(".aux.xml") })
    }

    @Test func `sidecars that describe an input are honoured and none is written`() throws {
        let path = directory.file("side.tif")
        try RasterWriter.write(
            to: path,
            columns: 2,
            affine: northUp(west: 0, north: 0, size: 1),
            reference: wgs84(),
            bands: [[1, 2, 3, 4]]
        )
        try directory.write(
            "<PAMDataset><PAMRasterBand band=\"1\"><NoDataValue>3</NoDataValue>"
                + "<UnitType>K</UnitType></PAMRasterBand></PAMDataset>",
            as: "side.tif.aux.xml"
        )
        let before = try String(contentsOfFile: path + ".aux.xml", encoding: .utf8)
        let dataset = try RasterDataset(path: path)
        #expect(dataset.description.bands[0].noDataValue == 3)
        #expect(dataset.description.bands[0].unit == "K")
        let samples = try dataset.read(dataset.description.window, band: 1).samples
        #expect(samples[2].isNaN)
        #expect(try String(contentsOfFile: path + ".aux.xml", encoding: .utf8) == before)
        #expect(try directory.names() == ["side.tif", "side.tif.aux.xml"])
    }

    @Test func `positions invert, whichever way rows and columns run`() throws {
        for coefficients in [
            [100.0, 0.5, 0, 40, 0, -0.5],
            [100, 0.5, 0, 20, 0, 0.25],
            [500_000, 30, 4, 4_000_000, 5, -29],
        ] {
            let affine = try #require(GeoTransform(coefficients: coefficients))
            let world = affine.world(column: 3.25, row: 7.5)
            let position = affine.position(x: world.x, y: world.y)
            #expect(abs(position.column - 3.25) < 1e-9)
            #expect(abs(position.row - 7.5) < 1e-9)
        }
        #expect(GeoTransform(coefficients: [0, 1, 2, 0, 2, 4]) == nil)
        #expect(GeoTransform(coefficients: [0, .nan, 0, 0, 0, 1]) == nil)
    }

    @Test func `a NetCDF stored from south to north is read with its north where it is`() throws {
        let path = directory.file("south.nc")
        var options = RasterWriter.Options()
        options.driver = "netCDF"
        options.creationOptions = ["WRITE_BOTTOMUP=YES"]
        try RasterWriter.write(
            to: path,
            columns: 2,
            affine: northUp(west: 100, north: 40, size: 0.5),
            reference: wgs84(),
            bands: [[1, 2, 3, 4, 5, 6]],
            options: options
        )
        let dataset = try RasterDataset(path: path)
        let position = dataset.description.affine.position(x: 100.25, y: 39.75)
        let window = dataset.description.window
        let block = try dataset.read(window, band: 1)
        let sample = block[Int(position.row), Int(position.column)]
        #expect(sample == 1)
        #expect(dataset.description.driver == "netCDF")
    }

    @Test func `a file of several variables names them, and each opens by its name`() throws {
        let path = directory.file("several.nc")
        var options = RasterWriter.Options()
        options.driver = "netCDF"
        try RasterWriter.write(
            to: path,
            columns: 2,
            affine: northUp(west: 100, north: 40, size: 0.5),
            reference: wgs84(),
            bands: [[1, 2, 3, 4], [5, 6, 7, 8]],
            options: options
        )
        let error = rasterError { _ = try RasterDataset(path: path) }
        #expect(error?.code == .cannotOpen)
        #expect(error?.description.contains("NETCDF:\"\(path)\":Band2") == true)
        let second = try RasterDataset(path: "NETCDF:\"\(path)\":Band2")
        let samples = try second.read(second.description.window, band: 1).samples
        #expect(samples == [5, 6, 7, 8])
        let fingerprint = try InputFingerprint(path: "NETCDF:\"\(path)\":Band2")
        #expect(fingerprint.files.map(\.path) == [path])
    }

    @Test func `the sinusoidal sphere of MODIS is read and inverted as a sphere`() throws {
        let path = directory.file("modis.tif")
        let radius = 6_371_007.181
        let sinusoidal = try ReferenceParser.parse(
            "+proj=sinu +lon_0=0 +x_0=0 +y_0=0 +R=6371007.181 +units=m +no_defs"
        )
        var options = RasterWriter.Options()
        options.sampleType = "Int16"
        options.noDataValue = 32767
        try RasterWriter.write(
            to: path,
            columns: 4,
            affine: northUp(west: 8_895_604.157, north: 4_447_802.079, size: 463.312716528),
            reference: sinusoidal,
            bands: [[32761, 32762, 32763, 32764, 32765, 32766, 32767, 12]],
            options: options
        )
        let dataset = try RasterDataset(path: path)
        let reference = try #require(dataset.description.reference)
        #expect(try ReferenceParser.ellipsoid(of: reference).eccentricitySquared == 0)
        let samples = try dataset.read(dataset.description.window, band: 1).samples
        #expect(Array(samples[..<6]) == [32761, 32762, 32763, 32764, 32765, 32766])
        #expect(samples[6].isNaN)
        let transform = try CoordinateTransform(
            from: reference,
            to: ReferenceParser.parse("EPSG:4326")
        )
        let corner = transform.transform(x: 8_895_604.157, y: 4_447_802.079)
        let point = try #require(corner)
        let latitude = 4_447_802.079 / radius
        let longitude = 8_895_604.157 / (radius * cos(latitude))
        #expect(abs(point.y - latitude * 180 / .pi) < 1e-9)
        #expect(abs(point.x - longitude * 180 / .pi) < 1e-9)
    }

    @Test func `the preferred height is whole blocks within the memory`() throws {
        let path = directory.file("striped.tif")
        var options = RasterWriter.Options()
        options.creationOptions = ["BLOCKYSIZE=8"]
        try RasterWriter.write(
            to: path,
            columns: 100,
            affine: northUp(west: 0, north: 0, size: 0.1),
            reference: wgs84(),
            bands: [[Double](repeating: 1, count: 10_000)],
            options: options
        )
        let dataset = try RasterDataset(path: path)
        #expect(dataset.description.bands[0].blockRows == 8)
        func rows(_ bytes: Int) throws -> Int {
            try dataset.preferredReadRows(columns: 100, band: 1, memoryBytes: bytes)
        }
        #expect(try rows(800 * 20) == 16)
        #expect(try rows(800 * 5) == 5)
        #expect(try rows(1 << 30) == 100)
        #expect(try rows(1) == 1)
    }

    @Test func `descriptions survive encoding, NaN nodata included`() throws {
        let path = directory.file("nan.tif")
        var options = RasterWriter.Options()
        options.noDataValue = .nan
        try RasterWriter.write(
            to: path,
            columns: 2,
            affine: northUp(west: 0, north: 0, size: 1),
            reference: wgs84(),
            bands: [[1, .nan]],
            options: options
        )
        let description = try RasterDataset.describe(path: path)
        let data = try JSONEncoder().encode(description)
        let decoded = try JSONDecoder().decode(RasterDescription.self, from: data)
        #expect(decoded == description)
        #expect(decoded.bands[0].noDataValue?.isNaN == true)
    }

    @Test func `decimation averages the valid samples of each part`() throws {
        let path = directory.file("preview.tif")
        try RasterWriter.write(
            to: path,
            columns: 4,
            affine: northUp(west: 0, north: 0, size: 1),
            reference: wgs84(),
            bands: [[1, 3, .nan, .nan, 5, 7, .nan, .nan]],
            options: {
                var options = RasterWriter.Options()
                options.noDataValue = .nan
                return options
            }()
        )
        let dataset = try RasterDataset(path: path)
        let small = try dataset.readDecimated(band: 1, columns: 2, rows: 1)
        #expect(small[0] == 4)
        #expect(small[1].isNaN)
    }
}
