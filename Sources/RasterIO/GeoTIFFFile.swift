internal import CGDAL
internal import Lattice

/// The shape and storage of a GeoTIFF to be made.
struct GeoTIFFLayout {
    let columns: Int
    let rows: Int
    let bandCount: Int
    let format: SampleFormat
    let creationOptions: [String]
}

/// A GeoTIFF that is being written; belongs to one thread.
///
/// It is complete only after ``close()``: the library keeps blocks in memory, and reports what went
/// wrong with them when it closes.
@safe struct GeoTIFFFile: ~Copyable {
    /// Nil once closed.
    private var handle: GDALDatasetH?
    private let layout: GeoTIFFLayout
    /// The path for errors: what the user knows, not a temporary name.
    private let path: String

    /// Creates a file; an existing one is replaced.
    init(creating file: String, layout: GeoTIFFLayout, nominalPath: String) throws(RasterError) {
        let result = unsafe withGDALMessages { log -> (GDALDatasetH?, RasterError?) in
            let options = GDALStringList(layout.creationOptions)
            let driver = unsafe GDALGetDriverByName("GTiff")
            let made = unsafe GDALCreate(
                driver,
                file,
                Int32(layout.columns),
                Int32(layout.rows),
                Int32(layout.bandCount),
                layout.format.libraryType,
                options.pointer
            )
            let error = unsafe made == nil ? log.writeError(path: nominalPath) : nil
            return unsafe (made, error)
        }
        guard let made = unsafe result.0 else {
            throw unsafe result.1 ?? RasterError(.writeFailed, path: nominalPath)
        }
        unsafe handle = made
        self.layout = layout
        path = nominalPath
    }

    deinit {
        guard let handle = unsafe handle else { return }
        withGDALMessages { _ in unsafe GDALClose(handle) }
    }

    /// Sets position and reference system to those of a window of the grid.
    func place(grid: Grid, window: CellWindow) throws(RasterError) {
        let system = try SpatialReference(grid.reference)
        let systemHandle = unsafe system.handle
        var coefficients = grid.affineCoefficients(of: window)
        let error = withGDALMessages { log -> RasterError? in
            let placed = unsafe GDALSetGeoTransform(handle, &coefficients)
            let referenced = unsafe GDALSetSpatialRef(handle, systemHandle)
            return placed == CE_None && referenced == CE_None ? nil : log.writeError(path: path)
        }
        if let error { throw error }
    }

    /// Sets items on the dataset.
    func setMetadata(_ items: [MetadataItem]) {
        withGDALMessages { _ in unsafe RasterIO.setMetadata(items, on: handle) }
    }

    /// Sets name, unit, nodata and items of a band; nodata is 255 for bytes, else NaN.
    func describeBand(_ number: Int, name: String, unit: String, metadata: [MetadataItem]) {
        withGDALMessages { _ in
            let band = unsafe GDALGetRasterBand(handle, Int32(number))
            unsafe GDALSetDescription(band, name)
            if !unit.isEmpty { unsafe _ = GDALSetRasterUnitType(band, unit) }
            let noData = layout.format == .byte ? 255 : Double.nan
            unsafe _ = GDALSetRasterNoDataValue(band, noData)
            unsafe RasterIO.setMetadata(metadata, on: band)
        }
    }

    /// Sets items of a band.
    func setBandMetadata(_ number: Int, _ items: [MetadataItem]) {
        withGDALMessages { _ in
            unsafe RasterIO.setMetadata(items, on: GDALGetRasterBand(handle, Int32(number)))
        }
    }

    /// Writes all columns of some rows.
    ///
    /// - Parameters:
    ///   - block: as wide as the file.
    ///   - band: the band's number, from 1.
    ///   - firstRow: the file's row of the block's first.
    /// - Throws: ``RasterError`` when the library cannot write, or a byte file gets a fraction.
    func write(_ block: CellBlock, band: Int, firstRow: Int) throws(RasterError) {
        precondition(block.window.columnCount == layout.columns, "a block as wide as the file")
        switch layout.format {
        case .float32, .float64:
            var samples = block.samples
            try transfer(&samples, GDT_Float32, block.window, band: band, firstRow: firstRow)
        case .byte:
            var samples = try bytes(of: block)
            try transfer(&samples, GDT_Byte, block.window, band: band, firstRow: firstRow)
        }
    }

    /// Writes all columns of some rows in double precision; the file is of that format.
    func write(_ block: DoubleBlock, band: Int, firstRow: Int) throws(RasterError) {
        precondition(block.window.columnCount == layout.columns, "a block as wide as the file")
        precondition(layout.format == .float64, "a file in double precision")
        var samples = block.samples
        try transfer(&samples, GDT_Float64, block.window, band: band, firstRow: firstRow)
    }

    /// Writes what is still in memory and closes; what fails here is an error like any other.
    consuming func close() throws(RasterError) {
        let closing = unsafe handle
        unsafe handle = nil
        // Closing returns nothing before GDAL 3.7, so the messages of both calls decide.
        let error = withGDALMessages { log -> RasterError? in
            unsafe GDALFlushCache(closing)
            unsafe GDALClose(closing)
            return log.failures.isEmpty ? nil : log.writeError(path: path)
        }
        if let error { throw error }
    }

    private func transfer<Sample>(
        _ samples: inout [Sample],
        _ type: GDALDataType,
        _ window: CellWindow,
        band: Int,
        firstRow: Int
    ) throws(RasterError) {
        let error = withGDALMessages { log -> RasterError? in
            let status = unsafe samples.withUnsafeMutableBytes { buffer in
                unsafe GDALRasterIOEx(
                    GDALGetRasterBand(handle, Int32(band)),
                    GF_Write,
                    0,
                    Int32(firstRow),
                    Int32(window.columnCount),
                    Int32(window.rowCount),
                    buffer.baseAddress,
                    Int32(window.columnCount),
                    Int32(window.rowCount),
                    type,
                    0,
                    0,
                    nil
                )
            }
            return status == CE_None && log.failures.isEmpty ? nil : log.writeError(path: path)
        }
        if let error { throw error }
    }

    private func bytes(of block: CellBlock) throws(RasterError) -> [UInt8] {
        var bytes = [UInt8](repeating: 255, count: block.samples.count)
        for (index, sample) in block.samples.enumerated() where !sample.isNaN {
            guard let byte = UInt8(exactly: sample) else {
                throw RasterError(
                    .wrongType,
                    path: path,
                    window: block.window,
                    detail: "the sample \(sample) is no whole number from 0 to 255"
                )
            }
            bytes[index] = byte
        }
        return bytes
    }
}

extension GDALMessageLog {
    /// The error of a failed writing call.
    func writeError(path: String) -> RasterError {
        RasterError(
            reportsFullDisk ? .outOfSpace : .writeFailed,
            path: path,
            underlying: failures
        )
    }
}

extension SampleFormat {
    /// The library's type of the samples.
    var libraryType: GDALDataType {
        switch self {
        case .float32: GDT_Float32
        case .float64: GDT_Float64
        case .byte: GDT_Byte
        }
    }
}
