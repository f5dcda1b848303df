import Lattice
import RasterIO

/// A VRT of one band of a mosaic, so that a band can be opened, styled and named by itself.
struct BandView {
    /// The mosaic's file name; the view lies beside it.
    let mosaicName: String
    /// The mosaic.
    let mosaic: RasterDescription
    /// The band's number, from 1.
    let band: Int
    /// What the band is, for people.
    let title: String
    /// What the mosaic says of itself; the view says it, too.
    var metadata: [MetadataItem] = []

    /// The content of the `.vrt` file.
    ///
    /// The block size is the mosaic's: with a view's default of 128 × 128 a reader would decode each
    /// block of the file 16 times.
    ///
    /// - Throws: `RasterError` when the mosaic has no such band.
    func xml() throws -> String {
        let description = try mosaic.band(band)
        let size = "xSize=\"\(mosaic.columns)\" ySize=\"\(mosaic.rows)\""
        let blocks = "XSize=\"\(description.blockColumns)\""
        let blockRows = "YSize=\"\(description.blockRows)\""
        let noData = description.noDataValue.map { value in
            "    <NoDataValue>\(value.isNaN ? "nan" : "\(value)")</NoDataValue>\n"
        }
        let unit =
            description.unit.isEmpty
            ? "" : "    <UnitType>\(escaped(description.unit))</UnitType>\n"
        let reference = mosaic.reference.map {
            "  <SRS dataAxisToSRSAxisMapping=\"1,2\">\(escaped($0.wkt))</SRS>\n"
        }
        let coefficients = mosaic.affine.coefficients.map { "\($0)" }.joined(separator: ", ")
        return """
            <VRTDataset rasterXSize="\(mosaic.columns)" rasterYSize="\(mosaic.rows)">
            \(reference ?? "")  <GeoTransform>\(coefficients)</GeoTransform>
              <Metadata>
                <MDI key="TITLE">\(escaped(title))</MDI>
              </Metadata>
            \(domain)  <VRTRasterBand dataType="\(description.sampleType)" band="1" \
            block\(blocks) block\(blockRows)>
                <Description>\(escaped(description.name))</Description>
            \(unit)\(noData ?? "")    <SimpleSource>
                  <SourceFilename relativeToVRT="1">\(escaped(mosaicName))</SourceFilename>
                  <SourceBand>\(band)</SourceBand>
                  <SourceProperties RasterXSize="\(mosaic.columns)" \
            RasterYSize="\(mosaic.rows)" DataType="\(description.sampleType)" \
            Block\(blocks) Block\(blockRows)/>
                  <SrcRect xOff="0" yOff="0" \(size)/>
                  <DstRect xOff="0" yOff="0" \(size)/>
                </SimpleSource>
              </VRTRasterBand>
            </VRTDataset>

            """
    }

    /// The mosaic's items of formulas, layers and inputs.
    private var domain: String {
        let items = metadata.filter { $0.domain == MetadataItem.deficitDomain }
        guard !items.isEmpty else { return "" }
        let lines = items.map { item in
            "    <MDI key=\"\(escaped(item.key))\">\(escaped(item.value))</MDI>\n"
        }
        return "  <Metadata domain=\"\(MetadataItem.deficitDomain)\">\n\(lines.joined())"
            + "  </Metadata>\n"
    }

    private func escaped(_ text: String) -> String { ReportPage.escaped(text) }
}
