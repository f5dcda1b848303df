internal import CGDAL
package import Lattice

/// An open layer of a vector file; belongs to one thread.
///
/// GeoPackage, Shapefile, GeoJSON, FlatGeobuf, CSV: whatever OGR reads.
@safe package struct VectorSource: ~Copyable {
    /// The file as it was named.
    package let path: String
    /// The layer's name.
    package let layerName: String
    /// The names of the fields, in the file's order.
    package let fieldNames: [String]
    /// Number of features.
    package let featureCount: Int
    /// The coordinate reference system; nil when the file names none.
    package let reference: CoordinateReference?
    let layer: OGRLayerH
    private let dataset: GDALDatasetH
    /// The encoding of texts that the library hands on as they are; nil when they are UTF-8.
    private let foreignEncoding: String?

    /// Opens a layer.
    ///
    /// - Parameters:
    ///   - path: what OGR opens.
    ///   - layer: the layer's name; may be nil when there is only one.
    ///   - encoding: of the attributes of a Shapefile or a CSV, such as `GBK`, when the file does not say.
    /// - Throws: ``RasterError`` when it cannot be opened or the layer is not determined; the
    ///   layers that exist are named.
    package init(
        path: String,
        layer: String? = nil,
        encoding: String? = nil
    ) throws(RasterError) {
        let dataset = unsafe try Self.open(path, encoding: encoding)
        // Of text formats only the Shapefile has an encoding of its own.
        let isRecoded = path.lowercased().hasSuffix(".shp")
        do throws(RasterError) {
            let chosen = unsafe try Self.chooseLayer(layer, in: dataset, path: path)
            reference = unsafe try Self.reference(of: chosen)
            unsafe self.layer = unsafe chosen
            layerName = unsafe text(of: OGR_L_GetName(chosen)) ?? ""
            fieldNames = unsafe Self.fieldNames(of: chosen, encoding: isRecoded ? nil : encoding)
            featureCount = withGDALMessages { _ in
                unsafe Int(OGR_L_GetFeatureCount(chosen, 1))
            }
        } catch {
            unsafe GDALClose(dataset)
            throw error
        }
        self.path = path
        foreignEncoding = isRecoded ? nil : encoding
        unsafe self.dataset = unsafe dataset
    }

    deinit {
        withGDALMessages { _ in unsafe GDALClose(dataset) }
    }

    /// The index of a field.
    ///
    /// - Throws: ``RasterError/Code/noSuchField`` naming the fields that exist.
    package func fieldIndex(_ name: String) throws(RasterError) -> Int {
        guard let index = fieldNames.firstIndex(of: name) else {
            throw RasterError(
                .noSuchField,
                path: path,
                detail: "there is no field '\(name)'; the layer '\(layerName)' has "
                    + fieldNames.joined(separator: ", ")
            )
        }
        return index
    }

    /// Runs a body over every feature, in the file's order.
    func forEachFeature(
        _ body: (OGRFeatureH, Int) throws(RasterError) -> Void
    ) throws(RasterError) {
        unsafe OGR_L_ResetReading(layer)
        var index = 0
        while true {
            let (feature, failures) = unsafe withGDALMessages { log in
                unsafe (OGR_L_GetNextFeature(layer), log.failures)
            }
            guard failures.isEmpty else {
                unsafe OGR_F_Destroy(feature)
                throw RasterError(
                    .readFailed,
                    path: path,
                    detail: "feature \(index + 1)",
                    underlying: failures
                )
            }
            guard let feature = unsafe feature else { return }
            defer { unsafe OGR_F_Destroy(feature) }
            unsafe try body(feature, index)
            index += 1
        }
    }

    /// The text of an attribute; nil when it is null or not set.
    ///
    /// A real number is written with as many digits as it needs to be read back.
    func attribute(_ feature: OGRFeatureH, _ index: Int) -> String? {
        guard unsafe OGR_F_IsFieldSetAndNotNull(feature, Int32(index)) != 0 else { return nil }
        let definition = unsafe OGR_F_GetFieldDefnRef(feature, Int32(index))
        if unsafe OGR_Fld_GetType(definition) == OFTReal {
            let number = unsafe OGR_F_GetFieldAsDouble(feature, Int32(index))
            // Codes stored as real numbers must not grow a decimal point.
            if let whole = Int(exactly: number) { return String(whole) }
            return "\(number)"
        }
        let text = unsafe OGR_F_GetFieldAsString(feature, Int32(index))
        return unsafe Self.decoded(text, encoding: foreignEncoding)
    }

    /// A text of the library's, from another encoding where one is stated.
    private static func decoded(_ text: UnsafePointer<CChar>?, encoding: String?) -> String? {
        guard let text = unsafe text else { return nil }
        guard let encoding else { return unsafe String(cString: text) }
        return withGDALMessages { _ in
            let recoded = unsafe CPLRecode(text, encoding, "UTF-8")
            defer { unsafe VSIFree(recoded) }
            return unsafe String(cString: recoded)
        }
    }

    private static func open(
        _ path: String,
        encoding: String?
    ) throws(RasterError) -> GDALDatasetH {
        let flags =
            UInt32(GDAL_OF_VECTOR) | UInt32(GDAL_OF_READONLY) | UInt32(GDAL_OF_VERBOSE_ERROR)
        let result = unsafe withGDALMessages { log -> (GDALDatasetH?, [String]) in
            var options: [String] = []
            if path.lowercased().hasSuffix(".csv") {
                // Codes such as 010203 must stay text; an empty cell is a missing value.
                options += ["AUTODETECT_TYPE=NO", "EMPTY_STRING_AS_NULL=YES"]
            }
            if let encoding, path.lowercased().hasSuffix(".shp") {
                options.append("ENCODING=\(encoding)")
            }
            let list = GDALStringList(options)
            let made = unsafe GDALOpenEx(path, flags, nil, list.constants, nil)
            return unsafe (made, log.failures)
        }
        guard let dataset = unsafe result.0 else {
            throw RasterError(.cannotOpen, path: path, underlying: unsafe result.1)
        }
        return unsafe dataset
    }

    private static func chooseLayer(
        _ name: String?,
        in dataset: GDALDatasetH,
        path: String
    ) throws(RasterError) -> OGRLayerH {
        let count = unsafe Int(GDALDatasetGetLayerCount(dataset))
        var names: [String] = []
        for index in 0..<count {
            guard let layer = unsafe GDALDatasetGetLayer(dataset, Int32(index)) else { continue }
            let layerName = unsafe text(of: OGR_L_GetName(layer)) ?? ""
            if layerName == name || (name == nil && count == 1) { return unsafe layer }
            names.append(layerName)
        }
        let found = names.isEmpty ? "it has no layers" : "it has " + names.joined(separator: ", ")
        throw RasterError(
            .noSuchLayer,
            path: path,
            detail: name.map { "there is no layer '\($0)'; \(found)" }
                ?? "one layer must be chosen; \(found)"
        )
    }

    private static func fieldNames(of layer: OGRLayerH, encoding: String?) -> [String] {
        let definition = unsafe OGR_L_GetLayerDefn(layer)
        return unsafe (0..<OGR_FD_GetFieldCount(definition)).map { index in
            let name = unsafe OGR_Fld_GetNameRef(OGR_FD_GetFieldDefn(definition, index))
            return unsafe decoded(name, encoding: encoding) ?? ""
        }
    }

    private static func reference(
        of layer: OGRLayerH
    ) throws(RasterError) -> CoordinateReference? {
        guard let borrowed = unsafe OGR_L_GetSpatialRef(layer),
            let copy = unsafe OSRClone(borrowed)
        else { return nil }
        let system = unsafe SpatialReference(owning: copy)
        guard system.isGeographic || system.isProjected else { return nil }
        return try system.coordinateReference()
    }
}
