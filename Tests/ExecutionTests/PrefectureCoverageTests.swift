import Analysis
import Execution
import Foundation
import Lattice
import RasterIO
import Testing

/// The exact coverage of the real boundaries, cut by many windows.
struct PrefectureCoverageTests {
    /// The prefectures beside the repository; nil when they are absent.
    private static let boundaries: String? = {
        let place = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
            .appendingPathComponent("shared/data/china/vector/prefectures.geojson").path
        return FileManager.default.fileExists(atPath: place) ? place : nil
    }()

    @Test(
        .enabled(if: boundaries != nil, "../shared with the boundaries is absent"),
        arguments: [10_000.0, 1000]
    )
    func `the cells of all windows add up to the area of each prefecture`(
        cellSizeMetres: Double
    ) throws {
        let path = try #require(Self.boundaries)
        let reference = try ReferenceParser.parse("china-albers")
        let features = try VectorSource(path: path)
            .polygons(idField: "adcode", in: reference).features
        #expect(features.count > 300)
        let grid = Grid(
            reference: reference,
            originX: -3_000_000,
            originY: 6_400_000,
            cellSizeMetres: cellSizeMetres,
            columns: Int(6_000_000 / cellSizeMetres),
            rows: Int(6_800_000 / cellSizeMetres)
        )
        let atlas = try ZoneAtlas(grid: grid, zones: ZoneSet(features).polygons)
        var sums = [ExactSum](repeating: ExactSum(), count: features.count)
        for row in stride(from: 0, to: grid.rows, by: 64) {
            for column in stride(from: 0, to: grid.columns, by: 64) {
                let window = CellWindow(
                    rows: row..<min(grid.rows, row + 64),
                    columns: column..<min(grid.columns, column + 64)
                )
                for zone in atlas.coverage(of: window) {
                    for cell in zone.cells { sums[zone.zoneIndex].add(cell.fraction) }
                }
            }
        }
        let cellArea = cellSizeMetres * cellSizeMetres
        for (feature, sum) in zip(features, sums) {
            let area = feature.parts.reduce(0) { $0 + $1.area }
            let difference = sum.value * cellArea / area - 1
            #expect(abs(difference) < 1e-12, "\(feature.id): \(difference)")
        }
    }
}
