internal import CGDAL
internal import Glibc
package import Lattice

/// An open raster file; belongs to one thread.
///
/// The library's handles are not safe to share: each thread opens its own. A file's sidecars (world
/// file, `.aux.xml`, `.msk`, `.ovr`) are honoured, and none is ever written.
@safe package struct RasterDataset: RasterSource, ~Copyable {
    /// What the raster says about itself.
    package let description: RasterDescription
    let handle: GDALDatasetH

    /// Opens a raster that GDAL can read: a file, a `/vsi…` path, a URL, or a subdataset's name.
    ///
    /// - Parameters:
    ///   - path: what GDAL opens.
    ///   - assumedReference: the system to use in place of what the file says.
    ///   - assumedExtent: the box of all pixels in that system, in place of what the file says: north is
    ///     up then.
    ///   - name: what messages call it in place of its path.
    /// - Throws: ``RasterError`` when it cannot be opened, has no bands of its own (then its
    ///   subdatasets are named), or no position.
    package init(
        path: String,
        assumedReference: CoordinateReference? = nil,
        assumedExtent: Extent? = nil,
        name: String? = nil
    ) throws(RasterError) {
        // Our own files never have a sidecar; inputs may. The library reads the sidecar lazily, so
        // the option must hold until the description is complete.
        unsafe CPLSetThreadLocalConfigOption("GDAL_PAM_ENABLED", "YES")
        defer { unsafe CPLSetThreadLocalConfigOption("GDAL_PAM_ENABLED", nil) }
        let flags =
            UInt32(GDAL_OF_RASTER) | UInt32(GDAL_OF_READONLY) | UInt32(GDAL_OF_VERBOSE_ERROR)
        let handle = unsafe try Self.open(path: path, flags: flags)
        do throws(RasterError) {
            description = unsafe try Self.describe(
                handle,
                path: name ?? path,
                assumedReference: assumedReference,
                assumedExtent: assumedExtent
            )
        } catch {
            unsafe GDALClose(handle)
            throw error
        }
        unsafe self.handle = unsafe handle
    }

    deinit {
        withGDALMessages { _ in unsafe GDALClose(handle) }
    }

    /// Reads the header only.
    ///
    /// - Parameters:
    ///   - path: what GDAL opens.
    ///   - assumedReference: the system to use in place of what the file says.
    ///   - assumedExtent: the box of all pixels, in place of what the file says.
    /// - Returns: what the raster says about itself.
    /// - Throws: as opening does.
    package static func describe(
        path: String,
        assumedReference: CoordinateReference? = nil,
        assumedExtent: Extent? = nil
    ) throws(RasterError) -> RasterDescription {
        let dataset = try RasterDataset(
            path: path,
            assumedReference: assumedReference,
            assumedExtent: assumedExtent
        )
        return dataset.description
    }

    /// Opens a dataset; one of a server again after each of ``RemoteSource/openingWaits``.
    static func open(path: String, flags: UInt32) throws(RasterError) -> GDALDatasetH {
        guard RemoteSource.isRemote(path) else {
            return unsafe try openOnce(path: path, flags: flags)
        }
        var waits = RemoteSource.openingWaits[...]
        while true {
            do throws(RasterError) {
                return unsafe try openOnce(path: path, flags: flags)
            } catch {
                RemoteSource.noteFailure(path)
                guard !error.isRefusal, let wait = waits.popFirst() else { throw error }
                usleep(wait)
            }
        }
    }

    private static func openOnce(path: String, flags: UInt32) throws(RasterError) -> GDALDatasetH {
        let isRemote = RemoteSource.isRemote(path)
        if isRemote { RemoteSource.forget(path) }
        let result = unsafe withGDALMessages {
            log -> (GDALDatasetH?, failures: [String], lost: [String]) in
            let handle = unsafe GDALOpenEx(path, flags, nil, nil, nil)
            return unsafe (handle, log.failures, isRemote ? log.lostReads : [])
        }
        guard let handle = unsafe result.0 else {
            throw RasterError(.cannotOpen, path: path, underlying: unsafe result.failures)
        }
        // Libtiff goes on without what it could not read of a directory: a position, a nodata value, a scale.
        guard unsafe result.lost.isEmpty else {
            unsafe GDALClose(handle)
            throw RasterError(.readFailed, path: path, underlying: unsafe result.lost)
        }
        return unsafe handle
    }

    /// Reads the raw samples of a window of one band; see ``RasterSource/read(_:band:)``.
    package func read(_ window: CellWindow, band: Int) throws(RasterError) -> SourceBlock {
        try read(window, band: band, keepsNoData: false)
    }

    /// Reads the raw samples of a window of one band.
    ///
    /// - Parameters:
    ///   - window: rows and columns of the source, wholly inside it.
    ///   - band: the band's number, from 1.
    ///   - keepsNoData: true leaves samples with the file's nodata value as they are, because the caller
    ///     knows better what they mean; a mask or alpha band still counts.
    /// - Returns: the samples, NaN where they are missing.
    /// - Throws: as ``RasterSource/read(_:band:)``.
    package func read(
        _ window: CellWindow,
        band: Int,
        keepsNoData: Bool
    ) throws(RasterError) -> SourceBlock {
        try description.checkReadable(window, band: band)
        let bandDescription = try description.band(band)
        guard !bandDescription.sampleType.hasPrefix("C") else {
            throw RasterError(
                .wrongType,
                path: description.path,
                detail: "band \(band) has complex samples (\(bandDescription.sampleType))"
            )
        }
        let bandHandle = unsafe GDALGetRasterBand(handle, Int32(band))
        var samples = [Double](repeating: 0, count: window.cellCount)
        unsafe try transfer(from: bandHandle, window: window, type: GDT_Float64, into: &samples)
        if !keepsNoData { bandDescription.maskNoData(in: &samples) }
        switch bandDescription.mask {
        case .none, .noDataValue:
            break
        case .maskBand, .alpha:
            var mask = [UInt8](repeating: 0, count: window.cellCount)
            let maskHandle = unsafe GDALGetMaskBand(bandHandle)
            unsafe try transfer(from: maskHandle, window: window, type: GDT_Byte, into: &mask)
            for index in samples.indices where mask[index] == 0 {
                samples[index] = .nan
            }
        }
        return SourceBlock(window: window, samples: samples)
    }

    /// Reads a band at another size, for pictures; uses overviews where there are any.
    ///
    /// Missing samples are NaN; scale and offset are applied.
    ///
    /// - Parameters:
    ///   - band: the band's number, from 1.
    ///   - columns: width of the result.
    ///   - rows: height of the result.
    ///   - resampling: how several pixels become one.
    /// - Returns: `rows × columns` samples, row-major.
    /// - Throws: ``RasterError`` when the band does not exist or cannot be read.
    package func readDecimated(
        band: Int,
        columns: Int,
        rows: Int,
        resampling: OverviewResampling = .average
    ) throws(RasterError) -> [Float] {
        let bandDescription = try description.band(band)
        let bandHandle = unsafe GDALGetRasterBand(handle, Int32(band))
        var samples = [Double](repeating: 0, count: columns * rows)
        unsafe try transfer(
            from: bandHandle,
            window: description.window,
            type: GDT_Float64,
            into: &samples,
            size: (columns, rows),
            resampling: resampling
        )
        bandDescription.maskNoData(in: &samples)
        return samples.map { Float($0 * bandDescription.scale + bandDescription.offset) }
    }

    /// The metadata items of the dataset (band 0) or of a band, by domain, in the file's order.
    package func metadata(domain: String = "", band: Int = 0) -> [MetadataItem] {
        let object = unsafe band == 0 ? handle : GDALGetRasterBand(handle, Int32(band))
        return withGDALMessages { _ in
            unsafe texts(of: GDALGetMetadata(object, domain)).compactMap { line in
                guard let split = line.firstIndex(of: "=") else { return nil }
                return MetadataItem(
                    domain: domain,
                    key: String(line[..<split]),
                    value: String(line[line.index(after: split)...])
                )
            }
        }
    }

    /// Number of overviews of a band, by its number from 1.
    package func overviewCount(band: Int) -> Int {
        unsafe Int(GDALGetOverviewCount(GDALGetRasterBand(handle, Int32(band))))
    }

    private func transfer<Sample>(
        from band: GDALRasterBandH?,
        window: CellWindow,
        type: GDALDataType,
        into samples: inout [Sample],
        size: (columns: Int, rows: Int)? = nil,
        resampling: OverviewResampling = .nearest
    ) throws(RasterError) {
        var extra = unsafe GDALRasterIOExtraArg()
        unsafe extra.nVersion = RASTERIO_EXTRA_ARG_CURRENT_VERSION
        unsafe extra.eResampleAlg = resampling.rasterIOAlgorithm
        let (failed, failures) = withGDALMessages { log -> (Bool, [String]) in
            let status = unsafe samples.withUnsafeMutableBytes { buffer in
                unsafe GDALRasterIOEx(
                    band,
                    GF_Read,
                    Int32(window.columnStart),
                    Int32(window.rowStart),
                    Int32(window.columnCount),
                    Int32(window.rowCount),
                    buffer.baseAddress,
                    Int32(size?.columns ?? window.columnCount),
                    Int32(size?.rows ?? window.rowCount),
                    type,
                    0,
                    0,
                    &extra
                )
            }
            // A failure that some driver reports but does not return still means bad samples.
            return (status != CE_None || !log.failures.isEmpty, log.failures)
        }
        guard failed else { return }
        if RemoteSource.isRemote(description.path) { RemoteSource.noteFailure(description.path) }
        throw RasterError(
            failures.contains(where: Self.tellsOfTruncation) ? .truncated : .readFailed,
            path: description.path,
            window: window,
            underlying: failures
        )
    }

    private static func tellsOfTruncation(_ message: String) -> Bool {
        ["Read error", "expected", "Seek error", "truncated", "Cannot read offset"]
            .contains { message.contains($0) }
    }
}

extension BandDescription {
    /// Turns samples that equal the band's nodata value into NaN.
    ///
    /// A float32 band is compared as float32. Beyond 1e30 five digits decide: the tag is decimal
    /// text, and -3.40282e+38 must match the sample that its writer meant. Small values such as
    /// -9999 are exact in text; blurring them would swallow data.
    func maskNoData(in samples: inout [Double]) {
        guard let noData = noDataValue, !noData.isNaN else { return }
        guard sampleType == "Float32" else {
            for index in samples.indices where samples[index] == noData {
                samples[index] = .nan
            }
            return
        }
        let single = Float(noData)
        let tolerance = abs(noData) > 1e30 && single.isFinite ? abs(single) * 1e-5 : 0
        for index in samples.indices {
            let sample = Float(samples[index])
            if sample == single || abs(sample - single) <= tolerance {
                samples[index] = .nan
            }
        }
    }
}
