internal import CGDAL
package import Lattice

/// A value of an attribute to be written.
package enum AttributeValue: Hashable, Sendable {
    /// Text.
    case text(String)
    /// A whole number.
    case integer(Int)
    /// A real number; NaN is written as null, because SQL has no NaN.
    case real(Double)
    /// No value.
    case null
}

/// A column of attributes.
package struct AttributeColumn: Hashable, Sendable {
    /// The type of a column.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// Text.
        case text
        /// 64-bit whole numbers.
        case integer
        /// Real numbers.
        case real
    }

    /// The column's name.
    package let name: String
    /// The type of its values.
    package let kind: Kind

    /// A column from its name and type.
    package init(name: String, kind: Kind) {
        self.name = name
        self.kind = kind
    }
}

/// The shape of a feature to be written.
package enum FeatureGeometry: Hashable, Sendable {
    /// One or more polygons.
    case polygons([PolygonPart])
    /// A point.
    case point(x: Double, y: Double)
}

/// A feature to be written: a shape and one value for each column.
package struct VectorFeature: Hashable, Sendable {
    /// The shape.
    package var geometry: FeatureGeometry
    /// The values, in the order of the columns.
    package var values: [AttributeValue]

    /// A feature from its shape and values.
    package init(geometry: FeatureGeometry, values: [AttributeValue]) {
        self.geometry = geometry
        self.values = values
    }
}

/// Writes GeoPackages.
package enum VectorWriter {
    /// Writes one layer of polygons or points; the file appears by rename.
    ///
    /// The same features give the same bytes with the same libraries.
    ///
    /// - Parameters:
    ///   - path: the GeoPackage; an existing one is replaced.
    ///   - layer: the layer's name.
    ///   - reference: the system of the coordinates.
    ///   - columns: names and types of the attributes.
    ///   - features: all polygons or all points, in the order in which they are to stand; a lazy
    ///     sequence is made feature by feature.
    ///   - timestamp: the time of last change that the format records, as
    ///     `2026-01-02T03:04:05.000Z`.
    /// - Throws: ``RasterError``; then nothing has appeared.
    package static func write(
        to path: String,
        layer: String,
        reference: CoordinateReference,
        columns: [AttributeColumn],
        features: some Sequence<VectorFeature>,
        timestamp: String = "2000-01-01T00:00:00.000Z"
    ) throws(RasterError) {
        let temporary = TemporaryFile(path: path + ".partial.gpkg")
        // The driver stamps the file with the time of day unless it is told another.
        unsafe CPLSetThreadLocalConfigOption("OGR_CURRENT_DATE", timestamp)
        defer { unsafe CPLSetThreadLocalConfigOption("OGR_CURRENT_DATE", nil) }
        let system = try SpatialReference(reference)
        let systemHandle = unsafe system.handle
        let error = withGDALMessages { log -> RasterError? in
            guard
                let dataset = unsafe GDALCreate(
                    GDALGetDriverByName("GPKG"),
                    temporary.path,
                    0,
                    0,
                    0,
                    GDT_Unknown,
                    nil
                )
            else { return log.writeError(path: path) }
            let isComplete = unsafe fill(
                dataset,
                layer: layer,
                system: systemHandle,
                columns: columns,
                features: features
            )
            unsafe GDALFlushCache(dataset)
            unsafe GDALClose(dataset)
            return isComplete && log.failures.isEmpty ? nil : log.writeError(path: path)
        }
        // SQLite may leave a journal when the disk was full.
        LocalFile.remove(temporary.path + "-journal")
        if let error { throw error }
        try LocalFile.publish(temporary.path, as: path)
    }

    private static func fill(
        _ dataset: GDALDatasetH,
        layer: String,
        system: OGRSpatialReferenceH,
        columns: [AttributeColumn],
        features: some Sequence<VectorFeature>
    ) -> Bool {
        let isPoints =
            if case .point = features.first(where: { _ in true })?.geometry { true } else { false }
        let options = GDALStringList(["GEOMETRY_NAME=geom", "FID=fid", "SPATIAL_INDEX=YES"])
        guard
            let target = unsafe GDALDatasetCreateLayer(
                dataset,
                layer,
                system,
                isPoints ? wkbPoint : wkbMultiPolygon,
                options.pointer
            )
        else { return false }
        for column in columns {
            guard let field = unsafe OGR_Fld_Create(column.name, column.kind.fieldType) else {
                return false
            }
            defer { unsafe OGR_Fld_Destroy(field) }
            guard unsafe OGR_L_CreateField(target, field, 1) == OGRERR_NONE else { return false }
        }
        unsafe _ = GDALDatasetStartTransaction(dataset, 0)
        for feature in features {
            precondition(feature.values.count == columns.count, "a value for each column")
            guard unsafe append(feature, to: target) else { return false }
        }
        return unsafe GDALDatasetCommitTransaction(dataset) == OGRERR_NONE
    }

    private static func append(_ feature: VectorFeature, to layer: OGRLayerH) -> Bool {
        guard let row = unsafe OGR_F_Create(OGR_L_GetLayerDefn(layer)) else { return false }
        defer { unsafe OGR_F_Destroy(row) }
        for (index, value) in feature.values.enumerated() {
            let field = Int32(index)
            switch value {
            case .text(let text): unsafe OGR_F_SetFieldString(row, field, text)
            case .integer(let number): unsafe OGR_F_SetFieldInteger64(row, field, GIntBig(number))
            case .real(let number) where !number.isNaN:
                unsafe OGR_F_SetFieldDouble(row, field, number)
            case .real, .null: unsafe OGR_F_SetFieldNull(row, field)
            }
        }
        guard let shape = unsafe geometry(feature.geometry) else { return false }
        return unsafe OGR_F_SetGeometryDirectly(row, shape) == OGRERR_NONE
            && OGR_L_CreateFeature(layer, row) == OGRERR_NONE
    }

    private static func geometry(_ geometry: FeatureGeometry) -> OGRGeometryH? {
        switch geometry {
        case .point(let x, let y):
            let point = unsafe OGR_G_CreateGeometry(wkbPoint)
            unsafe OGR_G_SetPoint_2D(point, 0, x, y)
            return unsafe point
        case .polygons(let parts):
            let collection = unsafe OGR_G_CreateGeometry(wkbMultiPolygon)
            for part in parts {
                let polygon = unsafe OGR_G_CreateGeometry(wkbPolygon)
                for ring in part.rings {
                    let line = unsafe OGR_G_CreateGeometry(wkbLinearRing)
                    for (x, y) in zip(ring.xs, ring.ys) {
                        unsafe OGR_G_AddPoint_2D(line, x, y)
                    }
                    unsafe _ = OGR_G_AddGeometryDirectly(polygon, line)
                }
                unsafe _ = OGR_G_AddGeometryDirectly(collection, polygon)
            }
            return unsafe collection
        }
    }
}

extension AttributeColumn.Kind {
    fileprivate var fieldType: OGRFieldType {
        switch self {
        case .text: OFTString
        case .integer: OFTInteger64
        case .real: OFTReal
        }
    }
}
