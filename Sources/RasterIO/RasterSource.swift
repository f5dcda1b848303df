package import Lattice

/// Raw samples of one band over a window of source pixels, row-major.
///
/// Scale and offset are not applied, so that special codes can be looked up first. NaN is missing:
/// the file's nodata value, its mask, or a NaN sample. Infinite samples stay as they are.
package struct SourceBlock: Sendable {
    /// The source pixels covered: rows and columns of the file, not of the national grid.
    package let window: CellWindow
    /// `rowCount × columnCount` raw samples, row-major; NaN is missing.
    package var samples: [Double]

    /// A block from its samples; their number is the window's number of pixels.
    package init(window: CellWindow, samples: [Double]) {
        precondition(samples.count == window.cellCount, "one sample for each pixel of the window")
        self.window = window
        self.samples = samples
    }

    /// The sample of a pixel of the window, by its row and column in the file.
    package subscript(row: Int, column: Int) -> Double {
        samples[window.index(row: row, column: column)]
    }
}

/// A raster whose windows can be read: a file, or samples in memory.
///
/// The seam between the numerics and the library. A source belongs to one thread.
package protocol RasterSource: ~Copyable {
    /// What the raster says about itself.
    var description: RasterDescription { get }

    /// Reads the raw samples of a window of one band.
    ///
    /// - Parameters:
    ///   - window: rows and columns of the source, wholly inside it; the caller clamps.
    ///   - band: the band's number, from 1.
    /// - Returns: the samples, NaN where they are missing.
    /// - Throws: ``RasterError`` when the window reaches outside, the band does not exist, or the
    ///   samples cannot be read.
    func read(_ window: CellWindow, band: Int) throws(RasterError) -> SourceBlock
}

extension RasterSource where Self: ~Copyable {
    /// Number of rows that one read should take, so that storage blocks are read once.
    ///
    /// A whole number of block rows within the memory; at least one row of blocks, because the
    /// library holds a whole block in any case. A striped file gives its strips' height.
    ///
    /// - Parameters:
    ///   - columns: columns of the windows to be read.
    ///   - band: the band's number, from 1.
    ///   - memoryBytes: limit for the samples of one block, 8 bytes each.
    /// - Returns: at least 1, at most the raster's rows.
    /// - Throws: ``RasterError/Code/noSuchBand``.
    package func preferredReadRows(
        columns: Int,
        band: Int,
        memoryBytes: Int
    ) throws(RasterError) -> Int {
        let blockRows = max(1, try description.band(band).blockRows)
        let affordable = memoryBytes / max(1, 8 * columns)
        guard affordable >= blockRows else { return max(1, affordable) }
        return min(description.rows, affordable / blockRows * blockRows)
    }
}

extension RasterDescription {
    /// Checks a window and a band before they are read.
    func checkReadable(_ window: CellWindow, band: Int) throws(RasterError) {
        _ = try self.band(band)
        guard !window.isEmpty, self.window.contains(window) else {
            throw RasterError(
                .windowOutside,
                path: path,
                window: window,
                detail: "it has \(rows) rows and \(columns) columns"
            )
        }
    }
}
