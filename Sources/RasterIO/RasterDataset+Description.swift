internal import CGDAL
internal import Lattice

extension RasterDataset {
    /// Reads what an open dataset says about itself.
    static func describe(
        _ handle: GDALDatasetH,
        path: String,
        assumedReference: CoordinateReference?,
        assumedExtent: Extent?
    ) throws(RasterError) -> RasterDescription {
        let bandCount = unsafe Int(GDALGetRasterCount(handle))
        guard bandCount > 0 else { throw unsafe noBands(handle, path: path) }
        let affine =
            if let assumedExtent {
                unsafe try affineTransform(of: handle, over: assumedExtent, path: path)
            } else {
                unsafe try affineTransform(of: handle, path: path)
            }
        let reference: CoordinateReference?
        if let assumedReference {
            reference = assumedReference
        } else {
            reference = unsafe try ownReference(of: handle)
        }
        var isGeographic = false
        var unitSize = 1.0
        if let reference {
            let system = try SpatialReference(reference)
            isGeographic = system.isGeographic
            unitSize = system.unitSize
        }
        let driver = unsafe GDALGetDatasetDriver(handle)
        return RasterDescription(
            path: path,
            driver: unsafe text(of: GDALGetDescription(driver)) ?? "",
            columns: unsafe Int(GDALGetRasterXSize(handle)),
            rows: unsafe Int(GDALGetRasterYSize(handle)),
            affine: affine,
            reference: reference,
            isGeographic: isGeographic,
            unitSize: unitSize,
            bands: (1...bandCount).map { number in
                unsafe describeBand(GDALGetRasterBand(handle, Int32(number)))
            }
        )
    }

    private static func noBands(_ handle: GDALDatasetH, path: String) -> RasterError {
        let names = unsafe texts(of: GDALGetMetadata(handle, "SUBDATASETS")).compactMap { line in
            line.contains("_NAME=") ? line.split(separator: "=", maxSplits: 1).last : nil
        }
        let choice =
            names.isEmpty
            ? "it holds no raster bands"
            : "it holds several rasters; name one of them: "
                + names.prefix(20).joined(separator: ", ")
        return RasterError(.cannotOpen, path: path, detail: choice)
    }

    /// The position of a raster whose pixels fill a box, north up.
    private static func affineTransform(
        of handle: GDALDatasetH,
        over box: Extent,
        path: String
    ) throws(RasterError) -> GeoTransform {
        let columns = unsafe Double(GDALGetRasterXSize(handle))
        let rows = unsafe Double(GDALGetRasterYSize(handle))
        let coefficients = [
            box.minimumX, (box.maximumX - box.minimumX) / columns, 0,
            box.maximumY, 0, (box.minimumY - box.maximumY) / rows,
        ]
        guard let affine = GeoTransform(coefficients: coefficients) else {
            throw RasterError(.invalidGeometry, path: path, detail: "the stated extent is empty")
        }
        return affine
    }

    private static func affineTransform(
        of handle: GDALDatasetH,
        path: String
    ) throws(RasterError) -> GeoTransform {
        var coefficients = [Double](repeating: 0, count: 6)
        let status = withGDALMessages { _ in
            unsafe GDALGetGeoTransform(handle, &coefficients)
        }
        guard status == CE_None else {
            let points = unsafe GDALGetGCPCount(handle)
            throw RasterError(
                .invalidGeometry,
                path: path,
                detail: points > 0
                    ? "it has ground control points but no affine position; warp it first"
                    : "it has no position (no affine coefficients and no world file); state it with "
                        + "'extent' and 'crs'"
            )
        }
        guard let affine = GeoTransform(coefficients: coefficients) else {
            throw RasterError(
                .invalidGeometry,
                path: path,
                detail: "its affine coefficients \(coefficients) cannot be inverted"
            )
        }
        return affine
    }

    private static func ownReference(
        of handle: GDALDatasetH
    ) throws(RasterError) -> CoordinateReference? {
        guard let borrowed = unsafe GDALGetSpatialRef(handle),
            let copy = unsafe OSRClone(borrowed)
        else { return nil }
        let system = unsafe SpatialReference(owning: copy)
        // A local or engineering system says nothing about where on Earth its coordinates are.
        guard system.isGeographic || system.isProjected else { return nil }
        return try system.coordinateReference()
    }

    private static func describeBand(_ band: GDALRasterBandH?) -> BandDescription {
        withGDALMessages { _ in
            let type = unsafe GDALGetRasterDataType(band)
            let noData = unsafe noDataValue(of: band, type: type)
            var hasValue: Int32 = 0
            let scale = unsafe GDALGetRasterScale(band, &hasValue)
            let hasScale = hasValue != 0
            let offset = unsafe GDALGetRasterOffset(band, &hasValue)
            let hasOffset = hasValue != 0
            var blockColumns: Int32 = 0
            var blockRows: Int32 = 0
            unsafe GDALGetBlockSize(band, &blockColumns, &blockRows)
            return BandDescription(
                sampleType: unsafe text(of: GDALGetDataTypeName(type)) ?? "Unknown",
                noDataValue: noData,
                scale: hasScale ? scale : 1,
                offset: hasOffset ? offset : 0,
                unit: unsafe text(of: GDALGetRasterUnitType(band)) ?? "",
                name: unsafe text(of: GDALGetDescription(band)) ?? "",
                blockRows: Int(blockRows),
                blockColumns: Int(blockColumns),
                mask: unsafe mask(flags: GDALGetMaskFlags(band), hasNoData: noData != nil)
            )
        }
    }

    private static func noDataValue(of band: GDALRasterBandH?, type: GDALDataType) -> Double? {
        var hasValue: Int32 = 0
        let value =
            switch type {
            // The library answers a 64-bit band only through the functions of its own type.
            case GDT_Int64: unsafe Double(GDALGetRasterNoDataValueAsInt64(band, &hasValue))
            case GDT_UInt64: unsafe Double(GDALGetRasterNoDataValueAsUInt64(band, &hasValue))
            default: unsafe GDALGetRasterNoDataValue(band, &hasValue)
            }
        return hasValue != 0 ? value : nil
    }

    private static func mask(flags: Int32, hasNoData: Bool) -> BandDescription.Mask {
        if flags & GMF_ALPHA != 0 { return .alpha }
        if flags & (GMF_NODATA | GMF_ALL_VALID) == 0 { return .maskBand }
        return hasNoData ? .noDataValue : .none
    }
}
