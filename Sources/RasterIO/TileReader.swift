internal import CGDAL
package import Lattice

/// Reads tile files back, bit for bit.
package enum TileReader {
    /// Reads bands of a tile file.
    ///
    /// Samples come back with the bits that were written. A file of bytes gives its codes as
    /// numbers, 255 included.
    ///
    /// - Parameters:
    ///   - path: a file that ``TileWriter`` wrote.
    ///   - bands: the bands' numbers from 1, in the order wanted; all when nil.
    ///   - window: cells of the national grid to read, within the file's; all when nil.
    /// - Returns: the bands with their names and window.
    /// - Throws: ``RasterError`` when the file is missing, damaged, or no tile.
    package static func read(
        _ path: String,
        bands: [Int]? = nil,
        window: CellWindow? = nil
    ) throws(RasterError) -> TileContents {
        let file = try TileFile(path)
        let wanted = window ?? file.window
        let numbers = bands ?? Array(1...file.bandCount)
        var names: [String] = []
        var blocks: [CellBlock] = []
        for number in numbers {
            names.append(file.bandName(number))
            blocks.append(try file.read(wanted, band: number))
        }
        return TileContents(
            window: wanted,
            names: names,
            blocks: blocks,
            metadata: file.metadata
        )
    }

    /// Reads bands of a tile file in double precision; parameters and errors as above.
    ///
    /// A file in single precision gives its samples exactly.
    package static func readDouble(
        _ path: String,
        bands: [Int]? = nil,
        window: CellWindow? = nil
    ) throws(RasterError) -> (names: [String], blocks: [DoubleBlock]) {
        let file = try TileFile(path)
        let wanted = window ?? file.window
        let numbers = bands ?? Array(1...file.bandCount)
        var names: [String] = []
        var blocks: [DoubleBlock] = []
        for number in numbers {
            names.append(file.bandName(number))
            blocks.append(try file.readDouble(wanted, band: number))
        }
        return (names, blocks)
    }

    /// The window of a tile file, and the names of its bands.
    package static func header(
        _ path: String
    ) throws(RasterError) -> (window: CellWindow, names: [String]) {
        let file = try TileFile(path)
        return (file.window, (1...file.bandCount).map { file.bandName($0) })
    }
}

/// An open tile file; belongs to one thread.
@safe struct TileFile: ~Copyable {
    let path: String
    let window: CellWindow
    let bandCount: Int
    private let handle: GDALDatasetH

    init(_ path: String) throws(RasterError) {
        let handle = unsafe try Self.open(path)
        guard let window = unsafe Self.window(of: handle) else {
            unsafe GDALClose(handle)
            throw RasterError(.cannotOpen, path: path, detail: "it is no tile of a run")
        }
        self.path = path
        self.window = window
        bandCount = unsafe Int(GDALGetRasterCount(handle))
        unsafe self.handle = unsafe handle
    }

    deinit {
        withGDALMessages { _ in unsafe GDALClose(handle) }
    }

    var metadata: [MetadataItem] {
        unsafe texts(of: GDALGetMetadata(handle, nil)).compactMap { line in
            guard let split = line.firstIndex(of: "="), !line.hasPrefix("AREA_OR_POINT=") else {
                return nil
            }
            return MetadataItem(
                key: String(line[..<split]),
                value: String(line[line.index(after: split)...])
            )
        }
    }

    func bandName(_ number: Int) -> String {
        unsafe text(of: GDALGetDescription(GDALGetRasterBand(handle, Int32(number)))) ?? ""
    }

    func read(_ wanted: CellWindow, band: Int) throws(RasterError) -> CellBlock {
        var samples = [Float](repeating: .nan, count: max(0, wanted.cellCount))
        try transfer(&samples, GDT_Float32, wanted, band: band)
        return CellBlock(window: wanted, samples: samples)
    }

    func readDouble(_ wanted: CellWindow, band: Int) throws(RasterError) -> DoubleBlock {
        var samples = [Double](repeating: .nan, count: max(0, wanted.cellCount))
        try transfer(&samples, GDT_Float64, wanted, band: band)
        return DoubleBlock(window: wanted, samples: samples)
    }

    private func transfer<Sample>(
        _ samples: inout [Sample],
        _ type: GDALDataType,
        _ wanted: CellWindow,
        band: Int
    ) throws(RasterError) {
        guard (1...max(1, bandCount)).contains(band) else {
            throw RasterError(
                .noSuchBand,
                path: path,
                detail: "there is no band \(band); the tile has \(bandCount)"
            )
        }
        guard !wanted.isEmpty, window.contains(wanted) else {
            throw RasterError(
                .windowOutside,
                path: path,
                window: wanted,
                detail: "the tile covers rows \(window.rows), columns \(window.columns)"
            )
        }
        let (failed, failures) = withGDALMessages { log -> (Bool, [String]) in
            let status = unsafe samples.withUnsafeMutableBytes { buffer in
                unsafe GDALRasterIOEx(
                    GDALGetRasterBand(handle, Int32(band)),
                    GF_Read,
                    Int32(wanted.columnStart - window.columnStart),
                    Int32(wanted.rowStart - window.rowStart),
                    Int32(wanted.columnCount),
                    Int32(wanted.rowCount),
                    buffer.baseAddress,
                    Int32(wanted.columnCount),
                    Int32(wanted.rowCount),
                    type,
                    0,
                    0,
                    nil
                )
            }
            return (status != CE_None || !log.failures.isEmpty, log.failures)
        }
        if failed {
            throw RasterError(.truncated, path: path, window: wanted, underlying: failures)
        }
    }

    private static func open(_ path: String) throws(RasterError) -> GDALDatasetH {
        let flags =
            UInt32(GDAL_OF_RASTER) | UInt32(GDAL_OF_READONLY) | UInt32(GDAL_OF_VERBOSE_ERROR)
        let result = unsafe withGDALMessages { log -> (GDALDatasetH?, [String]) in
            let drivers = GDALStringList(["GTiff"])
            // A list of siblings that names only the file keeps the library from listing a
            // directory of many thousand tiles for sidecars that do not exist.
            let siblings = GDALStringList([LocalFile.name(of: path)])
            let made = unsafe GDALOpenEx(path, flags, drivers.constants, nil, siblings.constants)
            return unsafe (made, log.failures)
        }
        guard let handle = unsafe result.0 else {
            throw RasterError(.cannotOpen, path: path, underlying: unsafe result.1)
        }
        return unsafe handle
    }

    private static func window(of handle: GDALDatasetH) -> CellWindow? {
        let domain = TileWriter.positionDomain
        let rowText = unsafe text(of: GDALGetMetadataItem(handle, "ROW_START", domain))
        let columnText = unsafe text(of: GDALGetMetadataItem(handle, "COLUMN_START", domain))
        guard let row = rowText.flatMap({ Int($0) }), let column = columnText.flatMap({ Int($0) })
        else { return nil }
        let rows = unsafe Int(GDALGetRasterYSize(handle))
        let columns = unsafe Int(GDALGetRasterXSize(handle))
        return CellWindow(rows: row..<(row + rows), columns: column..<(column + columns))
    }
}
