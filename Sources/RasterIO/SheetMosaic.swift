internal import Lattice

/// Sheets of one map as one raster: a cell across a seam is cut from one surface, and a pixel at a sheet's
/// edge has its neighbours in the next.
///
/// Possible where all sheets have pixels of one size on one lattice, as the sheets of relief models at one
/// latitude and those of MODIS have. They may overlap: of two pixels at one place that both have a value the
/// later sheet's counts (NaN beside a nodata value that is stated counts like a value there: the place is
/// missing). Nothing is copied: it is a view.
package struct SheetMosaic: Sendable {
    /// What the library opens in place of a path.
    package let definition: String
    /// What messages call it.
    package let name: String

    /// A band of a sheet, and where it lies.
    private struct Piece {
        let sheet: RasterDescription
        let number: Int
        let band: BandDescription
        let column: Int
        let row: Int
        /// Samples that do not count.
        let missing: [Double]

        func overlaps(_ other: Piece) -> Bool {
            column < other.column + other.sheet.columns && other.column < column + sheet.columns
                && row < other.row + other.sheet.rows && other.row < row + sheet.rows
        }
    }

    /// A mosaic of sheets; nil when they lie on different lattices, differ in scale, or say in more than one
    /// way that a sample is missing where they overlap.
    ///
    /// - Parameters:
    ///   - sheets: their descriptions; later ones count.
    ///   - bands: the bands taken of each, later ones count; two or more sheets and bands in all.
    ///   - missing: the raw samples of a band that are missing, beside NaN and what a mask hides.
    package init?(
        _ sheets: [RasterDescription],
        bands: [Int],
        missing: (BandDescription) -> [Double]
    ) {
        guard let first = sheets.first, sheets.count * bands.count > 1, let number = bands.first,
            let reference = first.reference, let model = try? first.band(number),
            first.affine.isAligned
        else { return nil }
        let size = (first.affine.coefficients[1], first.affine.coefficients[5])
        guard size.0 > 0, size.1 < 0 else { return nil }
        var pieces: [Piece] = []
        for sheet in sheets {
            guard sheet.reference == reference, sheet.affine.isAligned,
                let place = Self.place(sheet, relativeTo: first)
            else { return nil }
            for number in bands {
                guard let band = try? sheet.band(number), band.scale == model.scale,
                    band.offset == model.offset
                else { return nil }
                pieces.append(
                    Piece(
                        sheet: sheet,
                        number: number,
                        band: band,
                        column: place.column,
                        row: place.row,
                        missing: missing(band).filter { !$0.isNaN }
                    )
                )
            }
        }
        guard Self.isUnambiguous(pieces) else { return nil }
        let west = pieces.map(\.column).min() ?? 0
        let north = pieces.map(\.row).min() ?? 0
        let columns = (pieces.map { $0.column + $0.sheet.columns }.max() ?? 0) - west
        let rows = (pieces.map { $0.row + $0.sheet.rows }.max() ?? 0) - north
        guard columns < 1 << 31, rows < 1 << 31 else { return nil }
        let origin = first.affine.world(column: Double(west), row: Double(north))
        let head =
            "<VRTDataset rasterXSize=\"\(columns)\" rasterYSize=\"\(rows)\">"
            + "<SRS dataAxisToSRSAxisMapping=\"1,2\">\(XMLText.escaped(reference.wkt))</SRS>"
            + "<GeoTransform>\(origin.x), \(size.0), 0, \(origin.y), 0, \(size.1)</GeoTransform>"
            // Between sheets there is nothing, not zero.
            + "<VRTRasterBand dataType=\"Float64\" band=\"1\" blockXSize=\"256\" "
            + "blockYSize=\"256\"><NoDataValue>nan</NoDataValue>"
            + "<Offset>\(model.offset)</Offset><Scale>\(model.scale)</Scale>"
        let sources = pieces.map { Self.source($0, west: west, north: north) }
        definition = head + sources.joined() + "</VRTRasterBand></VRTDataset>"
        name =
            sheets.count > 1
            ? "\(first.path) and \(sheets.count - 1) sheets beside it" : first.path
    }

    /// True when the view can tell for each piece which samples do not count: by a mask, or by one value; by
    /// several only where no other piece could show through.
    private static func isUnambiguous(_ pieces: [Piece]) -> Bool {
        let isMasked = pieces.map { $0.band.mask == .maskBand || $0.band.mask == .alpha }
        if zip(pieces, isMasked).contains(where: { $1 && !$0.missing.isEmpty }) { return false }
        guard pieces.contains(where: { $0.missing.count > 1 }) else { return true }
        return !pieces.indices.contains { index in
            pieces[..<index].contains { $0.overlaps(pieces[index]) }
        }
    }

    /// A piece as the library's text has it; what it says of the sheet lets the sheet be opened on first use.
    private static func source(_ piece: Piece, west: Int, north: Int) -> String {
        let (sheet, band) = (piece.sheet, piece.band)
        let box = "xSize=\"\(sheet.columns)\" ySize=\"\(sheet.rows)\""
        let hidden: String
        switch band.mask {
        case .maskBand, .alpha:
            hidden = "<UseMaskBand>true</UseMaskBand>"
        case .none, .noDataValue:
            // The file's own value is hidden here, as reading the file alone hides it; further ones, which the
            // configuration names, are found by the reader of the samples.
            let value =
                piece.missing.count == 1
                ? piece.missing.first : piece.missing.first { $0 == band.noDataValue }
            hidden =
                value.map { "<NODATA>\(Self.stored($0, band.sampleType))</NODATA>" }
                ?? (band.sampleType.hasPrefix("Float") ? "<NODATA>nan</NODATA>" : "")
        }
        return
            "<ComplexSource><SourceFilename relativeToVRT=\"0\">\(XMLText.escaped(sheet.path))"
            + "</SourceFilename><SourceBand>\(piece.number)</SourceBand>"
            + "<SourceProperties RasterXSize=\"\(sheet.columns)\" RasterYSize=\"\(sheet.rows)\" "
            + "DataType=\"\(band.sampleType)\" BlockXSize=\"\(band.blockColumns)\" "
            + "BlockYSize=\"\(band.blockRows)\"/>" + "<SrcRect xOff=\"0\" yOff=\"0\" \(box)/>"
            + "<DstRect xOff=\"\(piece.column - west)\" yOff=\"\(piece.row - north)\" \(box)/>"
            + "\(hidden)</ComplexSource>"
    }

    /// A value as a band of singles holds it; the largest ones are written with few digits at times.
    private static func stored(_ value: Double, _ sampleType: String) -> Double {
        guard sampleType == "Float32" else { return value }
        let largest = Double(Float.greatestFiniteMagnitude)
        if abs(value.magnitude / largest - 1) < 1e-5 { return value < 0 ? -largest : largest }
        let single = Float(value)
        return single.isFinite ? Double(single) : value
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
