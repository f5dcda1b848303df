package import Analysis
package import CarbonBalance
package import RasterIO

extension LayerModel {
    /// How pixels make the layer's values.
    var rule: ResamplingRule {
        if quantity == .category {
            return reading.isMode ? .mode : .classFraction(classes.map(Double.init))
        }
        return isBilinear ? .bilinear : .mean
    }

    /// True when the configuration, not the file, says what the file's nodata value means.
    package func keepsNoData(of band: BandDescription) -> Bool {
        nodata != nil || codes.contains { Double($0.code) == band.noDataValue }
    }

    /// The codes that mean that there is no value.
    package var missingCodes: [Double] {
        codes.filter { !$0.isWater && $0.value == nil }.map { Double($0.code) }
    }

    /// Opens a file of the layer, which must say about itself what it said when the run was planned.
    ///
    /// One of a server is opened twice before it counts as another: of a header that came in part the library
    /// knows the rest for missing.
    ///
    /// - Parameter file: its position among the layer's files.
    /// - Returns: the raster.
    /// - Throws: `RasterError` when it cannot be opened, or is another raster.
    func open(file: Int) throws(RasterError) -> RasterDataset {
        let path = paths[file]
        let first = try opened(path)
        let headers = reading.headers ?? []
        guard headers.indices.contains(file), first.description.headerDigest != headers[file] else {
            return first
        }
        if RemoteSource.isRemote(path) {
            RemoteSource.noteFailure(path)
            let second = try opened(path)
            if second.description.headerDigest == headers[file] { return second }
        }
        throw RasterError(
            .changed,
            path: path,
            detail:
                "size, position, or a band's type, nodata value, scale or offset are not what they were "
                + "when the run was planned; put that file back, or plan anew with `run --new`"
        )
    }

    private func opened(_ path: String) throws(RasterError) -> RasterDataset {
        try RasterDataset(
            path: path,
            assumedReference: reading.reference,
            assumedExtent: reading.extent
        )
    }

    /// The files of a mosaic as one raster, where they can be one, see ``SheetMosaic``; nil otherwise.
    ///
    /// - Parameter sheets: descriptions of the layer's files, in its order.
    /// - Returns: the raster of all of them; nil where pixels of one lie between those of another, scales
    ///   differ, or what is missing is said in more than one way where they overlap.
    package func sheetMosaic(of sheets: [RasterDescription]) -> SheetMosaic? {
        guard combination == .mosaic else { return nil }
        return SheetMosaic(sheets, bands: bands) { band in
            let stated =
                keepsNoData(of: band) ? nodata ?? [] : [band.noDataValue].compactMap(\.self)
            return Set(stated + missingCodes).sorted()
        }
    }

    /// Raw samples with the configured nodata values replaced by NaN.
    package func withoutNodata(_ samples: [Double]) -> [Double] {
        guard let nodata, !nodata.isEmpty else { return samples }
        return samples.map { nodata.contains($0) ? .nan : $0 }
    }

    /// From raw samples of a band to internal units, as the layer and its file say.
    ///
    /// - Throws: when the file has no such band, or a code is given twice.
    package func decoding(of description: RasterDescription, band: Int) throws -> LayerDecoding {
        let file = try description.band(band)
        return LayerDecoding(
            codes: try SpecialCodes(
                codes.map { code in
                    let meaning: CodeMeaning =
                        code.isWater ? .water : code.value.map { .value($0) } ?? .nodata
                    return (Double(code.code), meaning)
                }
            ),
            scale: scale ?? file.scale,
            offset: offset ?? file.offset,
            unitFactor: unitFactor,
            waterPolicy: waterIsZero ? .zeroSink : .mask
        )
    }
}
