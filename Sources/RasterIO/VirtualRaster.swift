internal import Lattice

/// A VRT file: a view of a raster that copies nothing.
package enum VirtualRaster {
    /// Writes a view of all bands of a raster beside it or elsewhere.
    ///
    /// Names, units, nodata and scale are those of the raster, and the block size is its true one:
    /// readers that go by a view's default of 128 × 128 would decode each block of the file 16
    /// times. A raster in the same directory is referred to by its name, so that both can be moved
    /// together. The view appears by rename.
    ///
    /// - Parameters:
    ///   - path: the view, by custom `….vrt`.
    ///   - source: the raster.
    /// - Throws: ``RasterError`` when the raster cannot be opened or the view not be written.
    package static func write(to path: String, viewing source: String) throws(RasterError) {
        let description = try RasterDataset.describe(path: source)
        let isBeside = LocalFile.directory(of: path) == LocalFile.directory(of: source)
        let reference = description.reference.map { reference in
            "  <SRS dataAxisToSRSAxisMapping=\"1,2\">\(XMLText.escaped(reference.wkt))</SRS>\n"
        }
        let coefficients = description.affine.coefficients.map { "\($0)" }.joined(separator: ", ")
        var text =
            "<VRTDataset rasterXSize=\"\(description.columns)\" "
            + "rasterYSize=\"\(description.rows)\">\n"
            + (reference ?? "")
            + "  <GeoTransform>\(coefficients)</GeoTransform>\n"
        for (index, band) in description.bands.enumerated() {
            text += bandText(
                band,
                number: index + 1,
                description: description,
                file: isBeside ? LocalFile.name(of: source) : source,
                isRelative: isBeside
            )
        }
        text += "</VRTDataset>\n"
        let temporary = TemporaryFile(path: path + ".partial")
        try LocalFile.write(text, to: temporary.path)
        try LocalFile.publish(temporary.path, as: path)
    }

    private static func bandText(
        _ band: BandDescription,
        number: Int,
        description: RasterDescription,
        file: String,
        isRelative: Bool
    ) -> String {
        let size = "xSize=\"\(description.columns)\" ySize=\"\(description.rows)\""
        let block = "lockXSize=\"\(band.blockColumns)\""
        let blockRows = "lockYSize=\"\(band.blockRows)\""
        var text =
            "  <VRTRasterBand dataType=\"\(band.sampleType)\" band=\"\(number)\" "
            + "b\(block) b\(blockRows)>\n"
        if !band.name.isEmpty {
            text += "    <Description>\(XMLText.escaped(band.name))</Description>\n"
        }
        if !band.unit.isEmpty {
            text += "    <UnitType>\(XMLText.escaped(band.unit))</UnitType>\n"
        }
        if band.offset != 0 { text += "    <Offset>\(band.offset)</Offset>\n" }
        if band.scale != 1 { text += "    <Scale>\(band.scale)</Scale>\n" }
        if let noData = band.noDataValue {
            text += "    <NoDataValue>\(noData)</NoDataValue>\n"
        }
        text +=
            "    <SimpleSource>\n"
            + "      <SourceFilename relativeToVRT=\"\(isRelative ? 1 : 0)\">"
            + "\(XMLText.escaped(file))</SourceFilename>\n"
            + "      <SourceBand>\(number)</SourceBand>\n"
            + "      <SourceProperties RasterXSize=\"\(description.columns)\" "
            + "RasterYSize=\"\(description.rows)\" DataType=\"\(band.sampleType)\" "
            + "B\(block) B\(blockRows)/>\n"
            + "      <SrcRect xOff=\"0\" yOff=\"0\" \(size)/>\n"
            + "      <DstRect xOff=\"0\" yOff=\"0\" \(size)/>\n"
            + "    </SimpleSource>\n"
            + "  </VRTRasterBand>\n"
        return text
    }
}
