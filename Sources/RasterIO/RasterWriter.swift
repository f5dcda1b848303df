internal import CGDAL
package import Lattice

/// Writes a raster held in memory in any format that GDAL can write.
///
/// For derived layers and small inputs; tiles and mosaics have writers of their own.
package enum RasterWriter {
    /// What to write besides the samples.
    package struct Options: Sendable {
        /// The driver's name, such as `GTiff` or `netCDF`.
        package var driver = "GTiff"
        /// The type of the samples as GDAL names it.
        package var sampleType = "Float32"
        /// The value that means "no data"; NaN samples are written as it.
        package var noDataValue: Double?
        /// The factor from a raw sample to its value.
        package var scale: Double?
        /// What is added after scaling.
        package var offset: Double?
        /// The unit's text.
        package var unit = ""
        /// The bands' names; empty for none.
        package var bandNames: [String] = []
        /// A mask for all bands, row-major: 0 is missing.
        package var mask: [UInt8]?
        /// The driver's creation options, such as `TILED=YES`.
        package var creationOptions: [String] = []

        /// The defaults: a GeoTIFF of float32.
        package init() {}
    }

    /// Writes a raster; an existing file is replaced.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - columns: number of columns.
    ///   - affine: columns and rows to world coordinates.
    ///   - reference: the coordinate reference system; none is recorded when nil.
    ///   - bands: the raw samples of each band, row-major, all of one length.
    ///   - options: format, type, nodata and the rest.
    /// - Throws: ``RasterError`` when the driver is missing or the file cannot be written.
    package static func write(
        to path: String,
        columns: Int,
        affine: GeoTransform,
        reference: CoordinateReference?,
        bands: [[Double]],
        options: Options = Options()
    ) throws(RasterError) {
        guard columns > 0, let count = bands.first?.count, count > 0,
            count.isMultiple(of: columns), bands.allSatisfy({ $0.count == count })
        else {
            throw RasterError(
                .invalidGeometry,
                path: path,
                detail: "the bands have no common number of rows of \(columns) samples"
            )
        }
        let shape = (columns: columns, rows: count / columns)
        let error = withGDALMessages { log -> RasterError? in
            guard let driver = unsafe GDALGetDriverByName(options.driver) else {
                return RasterError(
                    .noDriver,
                    path: path,
                    detail: "this GDAL has no driver '\(options.driver)'"
                )
            }
            guard let memory = unsafe memoryDataset(shape, bands: bands, options: options) else {
                return log.writeError(path: path)
            }
            defer { unsafe GDALClose(memory) }
            var coefficients = affine.coefficients
            unsafe _ = GDALSetGeoTransform(memory, &coefficients)
            if let reference { unsafe _ = GDALSetProjection(memory, reference.wkt) }
            let list = GDALStringList(options.creationOptions)
            let made = unsafe GDALCreateCopy(driver, path, memory, 0, list.pointer, nil, nil)
            guard let made = unsafe made else { return log.writeError(path: path) }
            unsafe GDALFlushCache(made)
            unsafe GDALClose(made)
            return log.failures.isEmpty ? nil : log.writeError(path: path)
        }
        if let error { throw error }
    }

    private static func memoryDataset(
        _ shape: (columns: Int, rows: Int),
        bands: [[Double]],
        options: Options
    ) -> GDALDatasetH? {
        let columns = Int32(shape.columns)
        let rows = Int32(shape.rows)
        let type = unsafe GDALGetDataTypeByName(options.sampleType)
        let driver = unsafe GDALGetDriverByName("MEM")
        guard
            let memory = unsafe GDALCreate(
                driver,
                "",
                columns,
                rows,
                Int32(bands.count),
                type,
                nil
            )
        else { return nil }
        for (index, samples) in bands.enumerated() {
            let band = unsafe GDALGetRasterBand(memory, Int32(index + 1))
            unsafe describe(band, index: index, options: options)
            var raw = samples.map { $0.isNaN ? options.noDataValue ?? $0 : $0 }
            unsafe _ = GDALRasterIO(
                band,
                GF_Write,
                0,
                0,
                columns,
                rows,
                &raw,
                columns,
                rows,
                GDT_Float64,
                0,
                0
            )
        }
        if var mask = options.mask {
            unsafe _ = GDALCreateDatasetMaskBand(memory, GMF_PER_DATASET)
            let band = unsafe GDALGetMaskBand(GDALGetRasterBand(memory, 1))
            unsafe _ = GDALRasterIO(
                band,
                GF_Write,
                0,
                0,
                columns,
                rows,
                &mask,
                columns,
                rows,
                GDT_Byte,
                0,
                0
            )
        }
        return unsafe memory
    }

    private static func describe(_ band: GDALRasterBandH?, index: Int, options: Options) {
        if let noData = options.noDataValue { unsafe _ = GDALSetRasterNoDataValue(band, noData) }
        if let scale = options.scale { unsafe _ = GDALSetRasterScale(band, scale) }
        if let offset = options.offset { unsafe _ = GDALSetRasterOffset(band, offset) }
        if !options.unit.isEmpty { unsafe _ = GDALSetRasterUnitType(band, options.unit) }
        if options.bandNames.indices.contains(index) {
            unsafe GDALSetDescription(band, options.bandNames[index])
        }
    }
}
