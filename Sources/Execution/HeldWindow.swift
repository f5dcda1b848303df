import Lattice
import RasterIO

/// Raw samples of a source window that is larger than what is decoded at a time, read once.
///
/// Without it each part of a tile would have the file's strips decompressed again: the strips of a raster
/// 40,000 pixels wide do not fit the library's cache. Samples of at most 16 bits, and singles, take 4 bytes,
/// all others 8.
struct HeldWindow {
    /// The pixels held.
    let window: CellWindow
    private var singles: [Float] = []
    private var doubles: [Double] = []

    /// Bytes that a sample takes.
    static func bytesPerSample(_ band: BandDescription) -> Int {
        ["Byte", "Int8", "UInt16", "Int16", "Float32"].contains(band.sampleType) ? 4 : 8
    }

    /// Reads a window, some rows of storage blocks at a time.
    ///
    /// - Throws: `RasterError` when it cannot be read.
    init(
        _ window: CellWindow,
        of dataset: borrowing RasterDataset,
        band: Int,
        keepsNoData: Bool
    ) throws(RasterError) {
        self.window = window
        let description = try dataset.description.band(band)
        let isSingle = Self.bytesPerSample(description) == 4
        if isSingle {
            singles.reserveCapacity(window.cellCount)
        } else {
            doubles.reserveCapacity(window.cellCount)
        }
        let blockRows = max(1, description.blockRows)
        let count = max(1, (1 << 19) / window.columnCount)
        var row = window.rowStart
        while row < window.rowEnd {
            // Up to the end of a row of blocks, or fewer rows where blocks are high.
            let edge = (row / blockRows + max(1, count / blockRows)) * blockRows
            let end = min(window.rowEnd, edge > row ? min(edge, row + max(count, 1)) : row + count)
            let block = try dataset.read(
                CellWindow(rows: row..<end, columns: window.columns),
                band: band,
                keepsNoData: keepsNoData
            )
            if isSingle {
                singles.append(contentsOf: block.samples.lazy.map { Float($0) })
            } else {
                doubles.append(contentsOf: block.samples)
            }
            row = end
        }
    }

    /// The samples of a part, row-major.
    func samples(of part: CellWindow) -> [Double] {
        precondition(window.contains(part), "the part lies within what is held")
        var samples: [Double] = []
        samples.reserveCapacity(part.cellCount)
        for row in part.rows {
            let start = window.index(row: row, column: part.columnStart)
            let range = start..<(start + part.columnCount)
            if doubles.isEmpty {
                samples.append(contentsOf: singles[range].lazy.map { Double($0) })
            } else {
                samples.append(contentsOf: doubles[range])
            }
        }
        return samples
    }
}
