internal import CGDAL
package import Lattice

/// A band of a mosaic.
package struct MosaicBand: Hashable, Sendable {
    /// The band's name, such as `emission`.
    package var name: String
    /// The unit's text, empty for none.
    package var unit: String
    /// Further items of the band; statistics are added by the writer.
    package var metadata: [MetadataItem]

    /// A band from its parts.
    package init(name: String, unit: String = "", metadata: [MetadataItem] = []) {
        self.name = name
        self.unit = unit
        self.metadata = metadata
    }
}

/// A tile's share of a mosaic band.
package struct MosaicTile: Sendable {
    /// The cells that the tile contributes.
    package let window: CellWindow
    /// The tile's file; nil leaves the cells without data, as for a quarantined tile.
    package let path: String?
    /// The band's number in the tile's file, from 1.
    package let band: Int

    /// A share of a mosaic band.
    package init(window: CellWindow, path: String?, band: Int) {
        self.window = window
        self.path = path
        self.band = band
    }
}

/// What a mosaic is, apart from its samples.
package struct MosaicDescription: Sendable {
    /// The national grid, all of which the mosaic covers.
    package var grid: Grid
    /// float32, or bytes for status codes.
    package var format: SampleFormat
    /// The bands, first to last.
    package var bands: [MosaicBand]
    /// Items of the dataset; formulas and provenance in ``MetadataItem/deficitDomain``.
    ///
    /// The items of a band stay in the default domain.
    package var metadata: [MetadataItem]
    /// How overviews are made: means of quantities, modes of classes.
    package var resampling: OverviewResampling
    /// Number of threads that compress; all cores when nil.
    ///
    /// The pixels do not depend on it.
    package var threads: Int?

    /// A description from its parts.
    package init(
        grid: Grid,
        format: SampleFormat,
        bands: [MosaicBand],
        metadata: [MetadataItem],
        resampling: OverviewResampling,
        threads: Int? = nil
    ) {
        self.grid = grid
        self.format = format
        self.bands = bands
        self.metadata = metadata
        self.resampling = resampling
        self.threads = threads
    }
}

/// Assembles a national raster from tiles and publishes it as a Cloud Optimized GeoTIFF.
///
/// Three files: samples are streamed into a temporary GeoTIFF, which is copied into a COG under a
/// temporary name, which is made durable and renamed; a reader never sees half a mosaic. Memory is
/// one strip of ``stripRows`` full rows of one band, whatever the grid's height, plus the library's
/// block cache. Disk: about 2⅓ times the result. Temporary files stand beside the result and are
/// removed on success and on failure; what a crash left behind is overwritten.
package struct MosaicWriter: ~Copyable {
    /// Rows of a strip: the block size of the files, so that each block is written once.
    package static let stripRows = 512

    private let description: MosaicDescription
    private let path: String
    private let assembly: TemporaryFile
    private let file: GeoTIFFFile
    private let reserved: ReservedMetadata?
    private var nextRows: [Int]
    private var sums: [BandStatisticsSum]

    /// Starts a mosaic that will appear at a path.
    ///
    /// - Throws: ``RasterError`` when the temporary file cannot be made, or the library cannot
    ///   write COGs.
    package init(path: String, description: MosaicDescription) throws(RasterError) {
        guard GDALRuntime.driverIsAvailable("COG") else {
            throw RasterError(.noDriver, path: path, detail: "this GDAL has no COG driver")
        }
        let assembly = TemporaryFile(path: path + ".assembling.tif")
        let layout = GeoTIFFLayout(
            columns: description.grid.columns,
            rows: description.grid.rows,
            bandCount: description.bands.count,
            format: description.format,
            creationOptions: Self.assemblyOptions()
        )
        let file = try GeoTIFFFile(creating: assembly.path, layout: layout, nominalPath: path)
        try file.place(grid: description.grid, window: description.grid.window)
        let reserved = ReservedMetadata(description.metadata)
        file.setMetadata(description.metadata.filter(\.domain.isEmpty))
        if let reserved { file.setMetadata([reserved.placeholder]) }
        for (index, band) in description.bands.enumerated() {
            file.describeBand(
                index + 1,
                name: band.name,
                unit: band.unit,
                metadata: band.metadata
            )
        }
        self.description = description
        self.path = path
        self.assembly = assembly
        self.file = file
        self.reserved = reserved
        nextRows = [Int](repeating: 0, count: description.bands.count)
        sums = [BandStatisticsSum](repeating: BandStatisticsSum(), count: description.bands.count)
    }

    /// Appends the next rows of a band.
    ///
    /// - Parameters:
    ///   - strip: all columns of the grid, starting at the band's next row; best ``stripRows``
    ///     high.
    ///   - band: the band's number, from 1; bands may be filled one after another or in turn.
    /// - Throws: ``RasterError`` when the library cannot write, or the disk is full.
    package mutating func append(_ strip: CellBlock, band: Int) throws(RasterError) {
        try checkedWrite(of: strip.window, band: band)
        try file.write(strip, band: band, firstRow: strip.window.rowStart)
        sums[band - 1].append(
            strip.samples,
            noDataCode: description.format == .byte ? 255 : nil
        )
    }

    /// Appends the next rows of a band in double precision; the mosaic is of that format.
    package mutating func append(_ strip: DoubleBlock, band: Int) throws(RasterError) {
        try checkedWrite(of: strip.window, band: band)
        try file.write(strip, band: band, firstRow: strip.window.rowStart)
        sums[band - 1].append(strip.samples)
    }

    private mutating func checkedWrite(of window: CellWindow, band: Int) throws(RasterError) {
        let grid = description.grid
        precondition(
            window.columns == 0..<grid.columns && window.rowStart == nextRows[band - 1]
                && window.rowEnd <= grid.rows,
            "strips of all columns, in order of their rows"
        )
        nextRows[band - 1] = window.rowEnd
    }

    /// Fills a band from tile files, strip by strip.
    ///
    /// Cells that no tile covers stay without data.
    ///
    /// - Parameters:
    ///   - band: the band's number, from 1; still empty.
    ///   - tiles: shares that do not overlap, in any order.
    /// - Throws: ``RasterError`` naming the tile that cannot be read.
    package mutating func assemble(band: Int, from tiles: [MosaicTile]) throws(RasterError) {
        let grid = description.grid
        for rowStart in stride(from: 0, to: grid.rows, by: Self.stripRows) {
            let window = CellWindow(
                rows: rowStart..<min(grid.rows, rowStart + Self.stripRows),
                columns: 0..<grid.columns
            )
            if description.format == .float64 {
                try appendDouble(window, band: band, from: tiles)
                continue
            }
            var strip = CellBlock(window: window)
            for tile in tiles {
                guard let path = tile.path, let common = window.intersection(tile.window) else {
                    continue
                }
                let contents = try TileReader.read(path, bands: [tile.band], window: common)
                for block in contents.blocks {
                    strip.paste(block)
                }
            }
            try append(strip, band: band)
        }
    }

    private mutating func appendDouble(
        _ window: CellWindow,
        band: Int,
        from tiles: [MosaicTile]
    ) throws(RasterError) {
        var strip = DoubleBlock(window: window)
        for tile in tiles {
            guard let path = tile.path, let common = window.intersection(tile.window) else {
                continue
            }
            let contents = try TileReader.readDouble(path, bands: [tile.band], window: common)
            for block in contents.blocks {
                strip.paste(block)
            }
        }
        try append(strip, band: band)
    }

    /// Completes the mosaic and makes it appear.
    ///
    /// - Returns: the statistics of each band, as they stand in the file.
    /// - Throws: ``RasterError``; then nothing has appeared, and an earlier mosaic is untouched.
    package consuming func finish() throws(RasterError) -> [BandStatistics] {
        precondition(
            nextRows.allSatisfy { $0 == description.grid.rows },
            "every band of \(path) has all its rows"
        )
        let statistics = sums.map(\.statistics)
        for (index, band) in statistics.enumerated() {
            file.setBandMetadata(index + 1, band.metadata)
        }
        try file.close()
        let result = TemporaryFile(path: path + ".partial.tif")
        try Self.copyToCOG(from: assembly.path, to: result.path, description, nominalPath: path)
        try reserved?.fill(result.path)
        try LocalFile.publish(result.path, as: path)
        return statistics
    }

    private static func assemblyOptions() -> [String] {
        let compression =
            GDALRuntime.compressionIsAvailable("ZSTD")
            ? ["COMPRESS=ZSTD", "ZSTD_LEVEL=1"] : ["COMPRESS=DEFLATE", "ZLEVEL=1"]
        return compression + [
            "TILED=YES", "BLOCKXSIZE=512", "BLOCKYSIZE=512", "INTERLEAVE=BAND",
            "BIGTIFF=IF_SAFER", "SPARSE_OK=NO",
        ]
    }

    private static func copyToCOG(
        from source: String,
        to target: String,
        _ description: MosaicDescription,
        nominalPath: String
    ) throws(RasterError) {
        let compression = GDALRuntime.compressionIsAvailable("ZSTD") ? "ZSTD" : "DEFLATE"
        let options = [
            "BLOCKSIZE=512",
            "COMPRESS=\(compression)",
            "LEVEL=9",
            "PREDICTOR=YES",
            "OVERVIEW_RESAMPLING=\(description.resampling.rawValue)",
            "BIGTIFF=IF_SAFER",
            "NUM_THREADS=\(description.threads.map { "\(max(1, $0))" } ?? "ALL_CPUS")",
            "SPARSE_OK=NO",
        ]
        let flags =
            UInt32(GDAL_OF_RASTER) | UInt32(GDAL_OF_READONLY) | UInt32(GDAL_OF_VERBOSE_ERROR)
        let error = withGDALMessages { log -> RasterError? in
            guard let input = unsafe GDALOpenEx(source, flags, nil, nil, nil) else {
                return log.writeError(path: nominalPath)
            }
            defer { unsafe GDALClose(input) }
            let list = GDALStringList(options)
            let driver = unsafe GDALGetDriverByName("COG")
            let made = unsafe GDALCreateCopy(driver, target, input, 1, list.pointer, nil, nil)
            if let made = unsafe made {
                unsafe GDALFlushCache(made)
                unsafe GDALClose(made)
                return log.failures.isEmpty ? nil : log.writeError(path: nominalPath)
            }
            return log.writeError(path: nominalPath)
        }
        // The driver makes the overviews in a file of its own beside the target.
        LocalFile.remove(target + ".ovr.tmp")
        if let error { throw error }
    }
}

/// A file that is removed when its owner goes, unless it was renamed.
struct TemporaryFile: ~Copyable {
    let path: String

    init(path: String) {
        LocalFile.remove(path)
        self.path = path
    }

    deinit { LocalFile.remove(path) }
}
