import Analysis
import CarbonBalance
import Execution
import Lattice
import RasterIO
import Testing

/// What is taken from files, and how often.
struct SourceReadingTests {
    private let directory: TemporaryDirectory
    private let grid: Grid

    /// A window taken from a file.
    private final class Reads {
        var windows: [CellWindow] = []
    }

    init() throws {
        directory = try TemporaryDirectory()
        grid = Grid(
            reference: try ReferenceParser.parse("china-albers"),
            originX: 0,
            originY: 3_980_000,
            cellSizeMetres: 10_000,
            columns: 64,
            rows: 48
        )
    }

    /// A raster of 0.02°, from 104° E, 38° N to the south-east, in blocks of a layout.
    private func source(_ name: String, _ options: [String]) throws -> RasterDescription {
        let columns = 450
        let rows = 400
        var raster = RasterWriter.Options()
        raster.creationOptions = options
        raster.noDataValue = -9999
        let path = "\(directory.path)/\(name).tif"
        try RasterWriter.write(
            to: path,
            columns: columns,
            affine: try #require(GeoTransform(coefficients: [104, 0.02, 0, 38, 0, -0.02])),
            reference: try ReferenceParser.parse("EPSG:4326"),
            bands: [(0..<(columns * rows)).map { $0 % 11 == 0 ? .nan : Double($0 * 7 % 1009) }],
            options: raster
        )
        return try RasterDataset.describe(path: path)
    }

    private func layer(_ description: RasterDescription) -> LayerModel {
        .fixture(paths: [description.path], subpointsPerAxis: 10)
    }

    @Test func `a raster that is not the one of the plan is refused with its name, not read`()
        throws
    {
        let description = try source("planned", [])
        var layer = layer(description)
        layer.reading.headers = [description.headerDigest]
        let reader = try SourceLayerReader(grid: grid, samplesPerRead: 1 << 16)
        let window = CellWindow(rows: 0..<4, columns: 0..<4)
        _ = try reader.read(layer, over: window)
        // The same samples, and another value that means "missing".
        var raster = RasterWriter.Options()
        raster.noDataValue = -1
        try RasterWriter.write(
            to: description.path,
            columns: description.columns,
            affine: description.affine,
            reference: try ReferenceParser.parse("EPSG:4326"),
            bands: [(0..<(description.columns * description.rows)).map { Double($0 * 7 % 1009) }],
            options: raster
        )
        let error = #expect(throws: RasterError.self) { try reader.read(layer, over: window) }
        #expect(error?.description.contains(description.path) ?? false)
        #expect(error?.description.contains("when the run was planned") ?? false)
    }

    private func tiles(_ size: Int) -> [CellWindow] {
        stride(from: 0, to: grid.rows, by: size).flatMap { row in
            stride(from: 0, to: grid.columns, by: size).map { column in
                CellWindow(
                    rows: row..<min(grid.rows, row + size),
                    columns: column..<min(grid.columns, column + size)
                )
            }
        }
    }

    /// The pixels that the sub-points of some cells lie in, projected one by one.
    private func needed(_ cells: CellWindow, _ description: RasterDescription) throws -> CellWindow?
    {
        let transform = try CoordinateTransform(
            from: grid.reference,
            to: try #require(description.reference)
        )
        var xs: [Double] = []
        var ys: [Double] = []
        for row in (cells.rowStart * 10)..<(cells.rowEnd * 10) {
            for column in (cells.columnStart * 10)..<(cells.columnEnd * 10) {
                let place = grid.world(
                    column: (Double(column) + 0.5) / 10,
                    row: (Double(row) + 0.5) / 10
                )
                xs.append(place.x)
                ys.append(place.y)
            }
        }
        transform.transform(xs: &xs, ys: &ys)
        var box: CellWindow?
        for (x, y) in zip(xs, ys) {
            let place = description.affine.position(x: x, y: y)
            let (row, column) = (Int(place.row.rounded(.down)), Int(place.column.rounded(.down)))
            guard description.window.contains(row: row, column: column) else { continue }
            let old = box ?? CellWindow(rows: row..<(row + 1), columns: column..<(column + 1))
            box = CellWindow(
                rows: min(old.rowStart, row)..<max(old.rowEnd, row + 1),
                columns: min(old.columnStart, column)..<max(old.columnEnd, column + 1)
            )
        }
        return box
    }

    @Test(arguments: [
        ("striped", ["COMPRESS=DEFLATE", "BLOCKYSIZE=16"]),
        ("tiled", ["COMPRESS=DEFLATE", "TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64"]),
    ])
    func `a tile takes its window from a file once, and no more`(
        name: String,
        options: [String]
    ) throws {
        let description = try source(name, options)
        let layer = layer(description)
        for window in tiles(16) {
            let reads = Reads()
            let reader = try SourceLayerReader(grid: grid, samplesPerRead: 1 << 16) { _, pixels in
                reads.windows.append(pixels)
            }
            _ = try reader.read(layer, over: window)
            // At most a pixel beside it: sub-points are interpolated to a thousandth of one.
            let expected = try needed(window, description)
            #expect(reads.windows.count == (expected == nil ? 0 : 1))
            guard let expected, let read = reads.windows.first else { continue }
            #expect(expected.outset(by: 1).contains(read), "\(expected), \(read)")
        }
    }

    @Test func `what is decoded in parts is read once where it fits raw, and nothing changes`()
        throws
    {
        let description = try source("striped", ["COMPRESS=DEFLATE", "BLOCKYSIZE=16"])
        let layer = layer(description)
        let whole = try SourceLayerReader(grid: grid, samplesPerRead: 1 << 20)
            .read(layer, over: grid.window)
        for (samples, isOnce) in [(100_000, true), (20_000, true), (2000, false)] {
            let reads = Reads()
            let reader = try SourceLayerReader(grid: grid, samplesPerRead: samples) { _, pixels in
                reads.windows.append(pixels)
            }
            let parts = try reader.read(layer, over: grid.window)
            #expect(parts == whole, "\(samples)")
            if isOnce { #expect(reads.windows.count == 1, "\(samples)") }
            // Parts overlap, because their rows run askew to the file's.
            let taken = reads.windows.reduce(0) { $0 + $1.cellCount }
            #expect(taken < 2 * description.window.cellCount, "\(samples): \(taken)")
        }
    }
}
