import CarbonBalance
import Lattice
import RasterIO

/// How much of each place belongs to the study, for estimates before a run.
///
/// The zones where cells outside them are masked, else the whole grid; on cells coarse enough to be
/// looked up.
struct StudyArea {
    /// The grid of the shares: the national grid, or one of coarser cells over it.
    let grid: Grid
    /// Share of each cell within the study, 0…1, row-major.
    let shares: [Float]
    /// Longitudes and latitudes of the grid, degrees.
    let geographicExtent: Extent

    /// Most cells that are looked up.
    private static let maximumCells = 1_000_000

    /// The study area of a grid.
    ///
    /// - Parameters:
    ///   - grid: the national grid.
    ///   - zones: the polygons; nil when cells outside them count, too.
    ///   - geographicExtent: of the grid.
    /// - Throws: `LatticeError` for a vertex far from the grid.
    init(grid: Grid, zones: [ZonePolygon]?, geographicExtent: Extent) throws {
        var factor = 1
        while grid.window.cellCount / (factor * factor) > Self.maximumCells { factor += 1 }
        let coarse = Grid(
            reference: grid.reference,
            originX: grid.originX,
            originY: grid.originY,
            cellSizeMetres: grid.cellSizeMetres * Double(factor),
            columns: (grid.columns + factor - 1) / factor,
            rows: (grid.rows + factor - 1) / factor
        )
        self.grid = coarse
        self.geographicExtent = geographicExtent
        guard let zones else {
            shares = [Float](repeating: 1, count: coarse.window.cellCount)
            return
        }
        var shares = [Float](repeating: 0, count: coarse.window.cellCount)
        for zone in try ZoneAtlas(grid: coarse, zones: zones).coverage(of: coarse.window) {
            for cell in zone.cells {
                shares[cell.index] = min(1, shares[cell.index] + Float(cell.fraction))
            }
        }
        self.shares = shares
    }

    /// Area of the study, km².
    var areaKm2: Double { shares.reduce(0.0) { $0 + Double($1) } * grid.cellAreaKm2 }

    /// The share at a point in the grid's coordinates; 0 outside the grid.
    func share(x: Double, y: Double) -> Double {
        let place = grid.position(x: x, y: y)
        guard place.column >= 0, place.row >= 0, place.column < Double(grid.columns),
            place.row < Double(grid.rows)
        else { return 0 }
        return Double(shares[Int(place.row) * grid.columns + Int(place.column)])
    }

    /// True when the grid holds China and its zones say what of it is meant: national bounds apply.
    var isChina: Bool { Self.isChina(geographicExtent, areaKm2: areaKm2) }

    /// True when a box of longitudes and latitudes holds China and the area studied is about its own.
    static func isChina(_ box: Extent, areaKm2: Double) -> Bool {
        guard box.minimumX < 76, box.maximumX > 132, box.minimumY < 21, box.maximumY > 52 else {
            return false
        }
        return (7.5e6...11e6).contains(areaKm2)
    }
}
