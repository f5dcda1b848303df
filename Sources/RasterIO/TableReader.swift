internal import CGDAL

/// Reads tables: CSV, or the attributes of any vector layer.
package enum TableReader {
    /// Reads all rows.
    ///
    /// Fields of a CSV stay text until numbers are asked for; an empty field is missing. Reals and
    /// integers of a typed file are numbers, everything else is text.
    ///
    /// - Parameters:
    ///   - path: what OGR opens; `.csv` must have a header.
    ///   - layer: the layer's name; may be nil when there is only one.
    ///   - encoding: of a Shapefile's attributes, when the file does not say.
    /// - Returns: the whole table.
    /// - Throws: ``RasterError`` when it cannot be opened, or a header is repeated.
    package static func read(
        _ path: String,
        layer: String? = nil,
        encoding: String? = nil
    ) throws(RasterError) -> Table {
        let source = try VectorSource(path: path, layer: layer, encoding: encoding)
        let names = source.fieldNames
        if let repeated = names.indices.first(where: { names[..<$0].contains(names[$0]) }) {
            throw RasterError(
                .invalidValue,
                path: path,
                detail: "the column '\(names[repeated])' occurs twice"
            )
        }
        let isNumber = unsafe numericFields(of: source.layer, count: names.count)
        var texts = names.map { _ in PackedTexts() }
        var numbers = names.map { _ in [Double?]() }
        var points: [(x: Double, y: Double)] = []
        unsafe try source.forEachFeature { feature, _ throws(RasterError) in
            for index in names.indices {
                if isNumber[index] {
                    unsafe numbers[index].append(number(feature, index))
                } else {
                    unsafe texts[index].append(source.attribute(feature, index))
                }
            }
            if let point = unsafe point(of: feature) { points.append(point) }
        }
        let rowCount = names.isEmpty ? 0 : max(texts[0].count, numbers[0].count)
        return Table(
            path: path,
            columnNames: names,
            columns: names.indices.map { index in
                isNumber[index] ? .number(numbers[index]) : .text(texts[index])
            },
            rowCount: rowCount,
            points: rowCount > 0 && points.count == rowCount ? points : nil
        )
    }

    private static func numericFields(of layer: OGRLayerH, count: Int) -> [Bool] {
        let definition = unsafe OGR_L_GetLayerDefn(layer)
        return (0..<count).map { index in
            let type = unsafe OGR_Fld_GetType(OGR_FD_GetFieldDefn(definition, Int32(index)))
            return type == OFTReal || type == OFTInteger || type == OFTInteger64
        }
    }

    private static func number(_ feature: OGRFeatureH, _ index: Int) -> Double? {
        guard unsafe OGR_F_IsFieldSetAndNotNull(feature, Int32(index)) != 0 else { return nil }
        return unsafe OGR_F_GetFieldAsDouble(feature, Int32(index))
    }

    private static func point(of feature: OGRFeatureH) -> (x: Double, y: Double)? {
        guard let geometry = unsafe OGR_F_GetGeometryRef(feature),
            unsafe OGR_GT_Flatten(OGR_G_GetGeometryType(geometry)) == wkbPoint,
            unsafe OGR_G_IsEmpty(geometry) == 0
        else { return nil }
        return unsafe (OGR_G_GetX(geometry, 0), OGR_G_GetY(geometry, 0))
    }
}
