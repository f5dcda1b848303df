internal import Lattice

/// Sheets of one map as one raster, so that a pixel at a sheet's edge has its neighbours in the next.
///
/// Possible where all sheets have pixels of one size on one lattice, as the sheets of relief models at one
/// latitude have; they may overlap, then the later sheet counts. Nothing is copied: it is a view.
package struct SheetMosaic: Sendable {
    /// What the library opens in place of a path.
    package let definition: String
    /// What messages call it.
    package let name: String

    /// A mosaic of sheets; nil when they lie on different lattices, differ in scale, or have mask bands.
    ///
    /// - Parameters:
    ///   - sheets: their descriptions, two or more.
    ///   - band: the band taken of each.
    ///   - keepsNoData: true when the sheets' nodata values are samples like others.
    package init?(_ sheets: [RasterDescription], band: Int, keepsNoData: Bool) {
        guard let first = sheets.first, sheets.count > 1, let reference = first.reference,
            let model = try? first.band(band), first.affine.isAligned
        else { return nil }
        let size = (first.affine.coefficients[1], first.affine.coefficients[5])
        guard size.0 > 0, size.1 < 0 else { return nil }
        var places: [(column: Int, row: Int)] = []
        for sheet in sheets {
            guard sheet.reference == reference, let own = try? sheet.band(band),
                own.scale == model.scale, own.offset == model.offset,
                own.mask == .none || own.mask == .noDataValue, sheet.affine.isAligned,
                let place = Self.place(sheet, relativeTo: first)
            else { return nil }
            places.append(place)
        }
        let west = places.map(\.column).min() ?? 0
        let north = places.map(\.row).min() ?? 0
        let columns = (zip(places, sheets).map { $0.column + $1.columns }.max() ?? 0) - west
        let rows = (zip(places, sheets).map { $0.row + $1.rows }.max() ?? 0) - north
        guard columns < 1 << 31, rows < 1 << 31 else { return nil }
        let origin = first.affine.world(column: Double(west), row: Double(north))
        var text =
            "<VRTDataset rasterXSize=\"\(columns)\" rasterYSize=\"\(rows)\">"
            + "<SRS dataAxisToSRSAxisMapping=\"1,2\">\(XMLText.escaped(reference.wkt))</SRS>"
            + "<GeoTransform>\(origin.x), \(size.0), 0, \(origin.y), 0, \(size.1)</GeoTransform>"
            // Between sheets there is nothing, not zero.
            + "<VRTRasterBand dataType=\"Float64\" band=\"1\" blockXSize=\"256\" "
            + "blockYSize=\"256\"><NoDataValue>nan</NoDataValue>"
            + "<Offset>\(model.offset)</Offset><Scale>\(model.scale)</Scale>"
        for (sheet, place) in zip(sheets, places) {
            let box = "xSize=\"\(sheet.columns)\" ySize=\"\(sheet.rows)\""
            let noData = (try? sheet.band(band))?.noDataValue
            let hidden =
                if let noData, !keepsNoData { "<NODATA>\(noData)</NODATA>" } else { "" }
            text +=
                "<ComplexSource><SourceFilename relativeToVRT=\"0\">\(XMLText.escaped(sheet.path))"
                + "</SourceFilename><SourceBand>\(band)</SourceBand>"
                + "<SrcRect xOff=\"0\" yOff=\"0\" \(box)/>"
                + "<DstRect xOff=\"\(place.column - west)\" yOff=\"\(place.row - north)\" \(box)/>"
                + "\(hidden)</ComplexSource>"
        }
        definition = text + "</VRTRasterBand></VRTDataset>"
        name = "\(first.path) and \(sheets.count - 1) sheets beside it"
    }

    /// Whole columns and rows between the corners of two sheets; nil when they are not whole, or pixels
    /// differ.
    private static func place(
        _ sheet: RasterDescription,
        relativeTo first: RasterDescription
    ) -> (column: Int, row: Int)? {
        let (a, b) = (sheet.affine.coefficients, first.affine.coefficients)
        guard abs(a[1] / b[1] - 1) < 1e-9, abs(a[5] / b[5] - 1) < 1e-9 else { return nil }
        let column = (a[0] - b[0]) / b[1]
        let row = (a[3] - b[3]) / b[5]
        guard column.magnitude < 0x1p31, row.magnitude < 0x1p31,
            abs(column - column.rounded()) < 1e-3, abs(row - row.rounded()) < 1e-3
        else { return nil }
        return (Int(column.rounded()), Int(row.rounded()))
    }
}
