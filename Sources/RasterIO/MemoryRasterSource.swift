package import Lattice

/// A raster in memory: the twin of a file for tests, and a source for derived layers.
package struct MemoryRasterSource: RasterSource, Sendable {
    /// What the raster says about itself.
    package let description: RasterDescription
    private let samples: [[Double]]

    /// A raster of float64 bands; NaN is missing.
    ///
    /// - Parameters:
    ///   - name: what errors call it.
    ///   - columns: number of columns.
    ///   - affine: columns and rows to world coordinates.
    ///   - reference: the coordinate reference system, which decides what areas and units are.
    ///   - bands: the samples of each band, row-major; all of one length, a multiple of `columns`.
    /// - Throws: ``RasterError`` when the sizes disagree or the reference cannot be understood.
    package init(
        name: String,
        columns: Int,
        affine: GeoTransform,
        reference: CoordinateReference?,
        bands: [[Double]]
    ) throws(RasterError) {
        guard columns > 0, let count = bands.first?.count, count > 0,
            count.isMultiple(of: columns), bands.allSatisfy({ $0.count == count })
        else {
            throw RasterError(
                .invalidGeometry,
                path: name,
                detail: "the bands have no common number of rows of \(columns) samples"
            )
        }
        var isGeographic = false
        var unitSize = 1.0
        if let reference {
            let system = try SpatialReference(reference)
            isGeographic = system.isGeographic
            unitSize = system.unitSize
        }
        samples = bands
        description = RasterDescription(
            path: name,
            driver: "memory",
            columns: columns,
            rows: count / columns,
            affine: affine,
            reference: reference,
            isGeographic: isGeographic,
            unitSize: unitSize,
            bands: bands.map { _ in
                BandDescription(sampleType: "Float64", blockRows: 1, blockColumns: columns)
            }
        )
    }

    /// Reads the raw samples of a window of one band; see ``RasterSource/read(_:band:)``.
    package func read(_ window: CellWindow, band: Int) throws(RasterError) -> SourceBlock {
        try description.checkReadable(window, band: band)
        var block: [Double] = []
        block.reserveCapacity(window.cellCount)
        for row in window.rows {
            let start = row * description.columns + window.columnStart
            block.append(contentsOf: samples[band - 1][start..<(start + window.columnCount)])
        }
        return SourceBlock(window: window, samples: block)
    }
}
