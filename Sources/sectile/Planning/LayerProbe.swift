import Analysis
import CarbonBalance
import Execution
import Lattice
import RasterIO
import Settings

/// Looks into a layer's samples before a run starts: a file that is cut off or empty costs a minute
/// now, not a night.
struct LayerProbe {
    /// The national grid.
    let grid: Grid
    /// The layer as configured.
    let layer: LayerSettings
    /// The layer's nodata values and codes.
    let model: LayerModel

    /// Blocks that are read across the window to find a truncation.
    private static let probedRows = 5
    /// Bands that are looked into.
    private static let probedBands = 12
    /// Samples of one read, at most.
    private static let samplesPerRead = 4_000_000
    /// Pixels up to which a layer that looks empty is read whole to be sure.
    private static let pixelsReadWhole = 400_000_000

    /// Reads a few rows spread over the part that the grid covers.
    ///
    /// Every band must have a value; of the bands of a mosaic, which lie over each other, one.
    ///
    /// - Throws: `RasterError` when a row cannot be read, `InputError` when no pixel has a value.
    func check(_ description: RasterDescription) throws {
        let bands = LayerPlanner.bands(of: layer, description).prefix(Self.probedBands)
        let found = try bands.map { try hasValue(description, band: $0) }
        let suffices = layer.combine == .mosaic ? found.contains(true) : !found.contains(false)
        guard suffices || found.isEmpty else {
            throw InputError(
                "\(description.path): all pixels within the grid are nodata; check the file, "
                    + "its nodata value, the layer's nodata and codes, or choose another band"
            )
        }
    }

    private func hasValue(_ description: RasterDescription, band: Int) throws -> Bool {
        let window = try Self.window(of: description, over: grid)
        let dataset = try RasterDataset(
            path: description.path,
            assumedReference: description.reference,
            assumedExtent: layer.sourceExtent
        )
        let height = max(1, min(16, Self.samplesPerRead / max(1, window.columnCount)))
        let width = min(window.columnCount, Self.samplesPerRead)
        var hasValue = false
        for step in 0..<Self.probedRows {
            let share = Double(step) / Double(Self.probedRows - 1)
            let first =
                window.rowStart + Int(share * Double(max(0, window.rowCount - height)))
            let strip = CellWindow(
                rows: first..<min(first + height, window.rowEnd),
                columns: window.columnStart..<(window.columnStart + width)
            )
            hasValue = try self.hasValue(strip, of: dataset, band: band) || hasValue
        }
        // One that is too large to be sure of has the benefit of the doubt.
        guard !hasValue, window.cellCount <= Self.pixelsReadWhole else { return true }
        return try self.hasValue(anywhereIn: window, of: dataset, band: band, height: height)
    }

    private func hasValue(
        anywhereIn window: CellWindow,
        of dataset: borrowing RasterDataset,
        band: Int,
        height: Int
    ) throws -> Bool {
        var row = window.rowStart
        while row < window.rowEnd {
            let strip = CellWindow(
                rows: row..<min(row + height, window.rowEnd),
                columns: window.columns
            )
            if try hasValue(strip, of: dataset, band: band) { return true }
            row += height
        }
        return false
    }

    /// True when some pixel has a value for the layer, or is water: what the file and the configuration call
    /// missing is missing here as in the run.
    private func hasValue(
        _ strip: CellWindow,
        of dataset: borrowing RasterDataset,
        band: Int
    ) throws -> Bool {
        let keepsNoData = model.keepsNoData(of: try dataset.description.band(band))
        let block = try dataset.read(strip, band: band, keepsNoData: keepsNoData)
        let missing = Set(model.missingCodes)
        return model.withoutNodata(block.samples).contains { sample in
            !sample.isNaN && !missing.contains(sample)
        }
    }

    /// Column and row of a point; of a longitude the one on the raster, a turn of the Earth away or not.
    private static func position(
        x: Double,
        y: Double,
        in description: RasterDescription
    ) -> (column: Double, row: Double) {
        let here = description.affine.position(x: x, y: y)
        let range = 0...Double(description.columns)
        guard description.isGeographic, !range.contains(here.column) else { return here }
        let turn = 2 * Double.pi / description.unitSize
        let others = [x + turn, x - turn].map { description.affine.position(x: $0, y: y) }
        return others.first { range.contains($0.column) } ?? here
    }

    /// The pixels that the grid covers, from points along the grid's edges and inside it.
    static func window(
        of description: RasterDescription,
        over grid: Grid
    ) throws -> CellWindow {
        guard let reference = description.reference else {
            throw RasterError(.noReference, path: description.path)
        }
        let transform = try CoordinateTransform(from: grid.reference, to: reference)
        var xs: [Double] = []
        var ys: [Double] = []
        let steps = 64
        for row in 0...steps {
            for column in 0...steps {
                let point = grid.world(
                    column: Double(column) / Double(steps) * Double(grid.columns),
                    row: Double(row) / Double(steps) * Double(grid.rows)
                )
                xs.append(point.x)
                ys.append(point.y)
            }
        }
        transform.transform(xs: &xs, ys: &ys)
        var rows = (low: Double.infinity, high: -Double.infinity)
        var columns = rows
        for (x, y) in zip(xs, ys) where x.isFinite && y.isFinite {
            let position = Self.position(x: x, y: y, in: description)
            rows = (min(rows.low, position.row), max(rows.high, position.row))
            columns = (min(columns.low, position.column), max(columns.high, position.column))
        }
        func clamped(_ range: (low: Double, high: Double), _ count: Int) -> Range<Int>? {
            guard range.low <= range.high else { return nil }
            let low = Int(max(0, min(Double(count), (range.low - 2).rounded(.down))))
            let high = Int(max(0, min(Double(count), (range.high + 2).rounded(.up))))
            return low < high ? low..<high : nil
        }
        guard let rowRange = clamped(rows, description.rows),
            let columnRange = clamped(columns, description.columns)
        else {
            throw InputError("\(description.path): no pixel lies within the grid")
        }
        return CellWindow(rows: rowRange, columns: columnRange)
    }
}
