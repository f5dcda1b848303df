import Analysis
import CarbonBalance
import Execution
import Lattice
import RasterIO
import Testing

/// Sheets of one map, cut through the cells of the grid.
struct SheetTests {
    private let directory: TemporaryDirectory
    private let grid: Grid

    init() throws {
        directory = try TemporaryDirectory()
        grid = Grid(
            reference: try ReferenceParser.parse("china-albers"),
            originX: 0,
            originY: 3_980_000,
            cellSizeMetres: 10_000,
            columns: 6,
            rows: 3
        )
    }

    /// A sheet over the whole height of the grid, between two distances from its western edge.
    private func sheet(
        _ name: String,
        kilometres: ClosedRange<Double>,
        pixelMetres: Double = 1000,
        noDataValue: Double? = nil,
        isMasked: ((_ column: Int) -> Bool)? = nil,
        value: (_ column: Int) -> Double
    ) throws -> String {
        let columns = Int((kilometres.upperBound - kilometres.lowerBound) * 1000 / pixelMetres)
        let rows = Int(30_000 / pixelMetres)
        var options = RasterWriter.Options()
        options.noDataValue = noDataValue
        options.mask = isMasked.map { isMasked in
            (0..<(rows * columns)).map { isMasked($0 % columns) ? 0 : 255 }
        }
        let path = "\(directory.path)/\(name).tif"
        try RasterWriter.write(
            to: path,
            columns: columns,
            affine: try #require(
                GeoTransform(
                    coefficients: [
                        kilometres.lowerBound * 1000, pixelMetres, 0, 3_980_000, 0, -pixelMetres,
                    ]
                )
            ),
            reference: grid.reference,
            bands: [(0..<(rows * columns)).map { value($0 % columns) }],
            options: options
        )
        return path
    }

    private func layer(_ paths: [String], quantity: QuantityKind = .density) -> LayerModel {
        .fixture(paths: paths, combination: .mosaic, quantity: quantity)
    }

    private func read(_ layer: LayerModel) throws -> RegriddedLayer {
        try SourceLayerReader(grid: grid, samplesPerRead: 1 << 16).read(layer, over: grid.window)
    }

    /// The middle row of a band; whole cells are exact, the others are of a few hundred sub-points.
    private func row(_ block: CellBlock?) -> [Float] {
        block.map { Array($0.samples[6..<12]) } ?? []
    }

    private func expect(_ found: [Float], _ expected: [Float]) {
        #expect(found.count == expected.count)
        for (one, other) in zip(found, expected) {
            let isEqual = one.isNaN ? other.isNaN : abs(one - other) < 1e-5
            #expect(isEqual, "\(found), not \(expected)")
        }
    }

    /// A second sheet of 500 m lies on another lattice: then the cell is combined, not its pixels.
    @Test(arguments: [1000.0, 500], [true, false])
    func `a seam through a cell with water on one side leaves the other side its value`(
        pixelMetres: Double,
        isZero: Bool
    ) throws {
        let sea = try sheet("sea", kilometres: 0...25) { _ in 32_766 }
        let land = try sheet("land", kilometres: 25...60, pixelMetres: pixelMetres) { _ in 8 }
        for paths in [[sea, land], [land, sea]] {
            var layer = layer(paths)
            layer.codes = [LayerCode(code: 32_766, value: nil, isWater: true)]
            layer.waterIsZero = isZero
            let found = try read(layer)
            expect(row(found.waterFraction), [1, 1, 0.5, 0, 0, 0])
            expect(row(found.value), isZero ? [0, 0, 4, 8, 8, 8] : [.nan, .nan, 8, 8, 8, 8])
            expect(row(found.validFraction), isZero ? [1, 1, 1, 1, 1, 1] : [0, 0, 0.5, 1, 1, 1])
        }
    }

    @Test(arguments: [1000.0, 500])
    func `of sheets that overlap the later one counts where it has a value`(
        pixelMetres: Double
    ) throws {
        let west = try sheet("west", kilometres: 0...28) { _ in 5 }
        // Its first two kilometres, 25 to 27, are empty.
        let east = try sheet(
            "east",
            kilometres: 25...60,
            pixelMetres: pixelMetres,
            noDataValue: -9999
        ) { Double($0) * pixelMetres < 2000 ? .nan : 8 }
        let later = try read(layer([west, east]))
        expect(row(later.value), [5, 5, 0.7 * 5 + 0.3 * 8, 8, 8, 8])
        expect(row(later.validFraction), [1, 1, 1, 1, 1, 1])
        let earlier = try read(layer([east, west]))
        expect(row(earlier.value), [5, 5, 0.8 * 5 + 0.2 * 8, 8, 8, 8])
        expect(row(earlier.validFraction), [1, 1, 1, 1, 1, 1])
    }

    @Test
    func `what a mask or a nodata value hides of a sheet shows the one below, pixel by pixel`()
        throws
    {
        let west = try sheet("west", kilometres: 0...40) { Double($0 % 10) }
        let masked = try sheet("masked", kilometres: 20...60, isMasked: { $0 % 10 < 3 }) { _ in 8 }
        let empty = try sheet("empty", kilometres: 20...60, noDataValue: -9999) {
            $0 % 10 < 3 ? .nan : 8
        }
        for east in [masked, empty] {
            let found = try read(layer([west, east]))
            // 0, 1 and 2 of the sheet below, and seven times 8.
            expect(row(found.value), [4.5, 4.5, 5.9, 5.9, 8, 8])
            expect(row(found.validFraction), [1, 1, 1, 1, 0.7, 0.7])
        }
    }

    @Test func `values that the configuration calls missing hide no other sheet`() throws {
        let west = try sheet("west", kilometres: 0...40) { _ in 5 }
        let east = try sheet("east", kilometres: 20...60) { [-1.0, -2, 8, 8, 8][$0 % 5] }
        var layer = layer([west, east])
        // One value: what lies below shows through. Of ten pixels two are missing, two are -2, six are 8.
        layer.nodata = [-1]
        let one = try read(layer)
        expect(row(one.value), [5, 5, 5.4, 5.4, 5.5, 5.5])
        expect(row(one.validFraction), [1, 1, 1, 1, 0.8, 0.8])
        // Two, one of them a code: the cells are combined, and the later sheet's six tenths come first.
        layer.codes = [LayerCode(code: -2, value: nil, isWater: false)]
        let two = try read(layer)
        expect(row(two.value), [5, 5, 6.8, 6.8, 8, 8])
        expect(row(two.validFraction), [1, 1, 1, 1, 0.6, 0.6])
    }

    @Test func `the file's own nodata value stays missing beside a code for it`() throws {
        let samples = [.nan, -2, 8, 8, 8, 8, 8, 8, 8, 8]
        let paths = try [("west", 0...30), ("east", 30...60)].map { name, kilometres in
            try sheet(name, kilometres: kilometres, noDataValue: -9999) { samples[$0 % 10] }
        }
        var layer = layer(paths)
        layer.codes = [LayerCode(code: -2, value: nil, isWater: false)]
        let found = try read(layer)
        expect(row(found.value), [8, 8, 8, 8, 8, 8])
        expect(row(found.validFraction), [0.8, 0.8, 0.8, 0.8, 0.8, 0.8])
    }

    @Test func `the most frequent class of a cell across a seam is one of its classes`() throws {
        let west = try sheet("west", kilometres: 0...24) { _ in 1 }
        let east = try sheet("east", kilometres: 24...60) { _ in 9 }
        var layer = layer([west, east], quantity: .category)
        layer.reading.isMode = true
        expect(row(try read(layer).value), [1, 1, 9, 9, 9, 9])
    }

    @Test func `every pixel of a source 200 times finer than the grid counts alike`() throws {
        func isMarked(_ row: Int, _ column: Int) -> Bool { (row * 3 + column) % 7 == 0 }
        let path = "\(directory.path)/fine.tif"
        try RasterWriter.write(
            to: path,
            columns: 1200,
            affine: try #require(GeoTransform(coefficients: [0, 50, 0, 3_980_000, 0, -50])),
            reference: grid.reference,
            bands: [(0..<720_000).map { isMarked($0 / 1200, $0 % 1200) ? 40_000 : 0 }]
        )
        var layer = layer([path])
        layer.subpointsPerAxis = SubpointMap.perAxis(
            cellSizeMetres: grid.cellSizeMetres,
            sourcePixelMetres: 50
        )
        let found = try read(layer)
        for row in 0..<3 {
            for column in 0..<6 {
                let count = (0..<40_000).count { pixel in
                    isMarked(row * 200 + pixel / 200, column * 200 + pixel % 200)
                }
                #expect(found.value[row, column] == Float(count), "\(row), \(column)")
                #expect(found.validFraction[row, column] == 1)
            }
        }
        // In parts of a cell and a half, each read by itself, nothing changes.
        let parts = try SourceLayerReader(grid: grid, samplesPerRead: 60_000)
            .read(layer, over: grid.window)
        #expect(parts == found)
    }

    @Test func `bands of one file are sheets one above the other`() throws {
        let path = "\(directory.path)/bands.tif"
        var options = RasterWriter.Options()
        options.noDataValue = -9999
        try RasterWriter.write(
            to: path,
            columns: 60,
            affine: try #require(
                GeoTransform(coefficients: [0, 1000, 0, 3_980_000, 0, -1000])
            ),
            reference: grid.reference,
            bands: [
                (0..<1800).map { _ in 2 },
                (0..<1800).map { $0 % 60 < 26 ? .nan : 4 },
            ],
            options: options
        )
        var layer = layer([path])
        layer.reading.furtherBands = [2]
        expect(row(try read(layer).value), [2, 2, 0.6 * 2 + 0.4 * 4, 4, 4, 4])
    }
}
