internal import CGDAL
package import Lattice

/// Points or lines in the target's coordinates.
package struct FeatureLayer: Sendable {
    /// What kind the features are of.
    package enum Kind: String, Sendable {
        /// Points.
        case points
        /// Lines.
        case lines
    }

    /// Points or lines.
    package let kind: Kind
    /// Both ends of each straight piece, x₀ y₀ x₁ y₁, in the file's order; a point is its own end.
    package let segments: [SIMD4<Double>]
    /// What each piece counts: 1 unless a weight was asked for.
    package let weights: [Double]
    /// Rows that were left out because a coordinate or the weight is missing.
    package let omittedCount: Int
    /// Names of the file's fields or columns.
    package fileprivate(set) var fieldNames: [String] = []
}

/// Reads points and lines.
package enum FeatureReader {
    /// Reads all features of a file.
    ///
    /// A table gives points by two columns; other files by their geometries, points or lines, also
    /// several in one feature. Rows without coordinates or weight are counted and left out.
    ///
    /// - Parameters:
    ///   - path: what OGR opens.
    ///   - layer: the layer's name; may be nil when there is only one.
    ///   - columns: names of the columns of x, of y; nil: the features have geometries.
    ///   - weightField: the column of weights; nil: each counts 1.
    ///   - encoding: of the attributes.
    ///   - assumedReference: the file's system where it names none; a table's is WGS 84 unless stated.
    ///   - isShifted: true when the coordinates are a Chinese web map's, see ``ShiftedDatum``.
    ///   - target: the system of the result.
    ///   - areaOfInterest: longitudes and latitudes for ``CoordinateTransform``.
    /// - Returns: the features.
    /// - Throws: ``RasterError`` naming the column, the row, or the missing reference.
    package static func read(
        _ path: String,
        layer: String? = nil,
        columns: (x: String, y: String)? = nil,
        weightField: String? = nil,
        encoding: String? = nil,
        assumedReference: CoordinateReference? = nil,
        isShifted: Bool = false,
        in target: CoordinateReference,
        areaOfInterest: Extent? = nil
    ) throws(RasterError) -> FeatureLayer {
        let source = try VectorSource(path: path, layer: layer, encoding: encoding)
        let geographic =
            columns == nil ? nil : try ReferenceParser.parse("EPSG:4326")
        guard let reference = assumedReference ?? source.reference ?? geographic else {
            throw RasterError(
                .noReference,
                path: path,
                detail: "the layer '\(source.layerName)' names no coordinate reference system; "
                    + "state one with 'crs'"
            )
        }
        var collector = SegmentCollector(path: path)
        if let columns {
            let table = try TableReader.read(path, layer: layer, encoding: encoding)
            try collector.add(table, columns: columns, weightField: weightField)
        } else {
            try source.collect(into: &collector, weightField: weightField)
        }
        let transform = try VertexTransform(
            from: reference,
            to: target,
            isShifted: isShifted,
            areaOfInterest: areaOfInterest,
            path: path
        )
        var features = try collector.layer(transformedBy: transform)
        features.fieldNames = source.fieldNames
        return features
    }
}

extension VectorSource {
    fileprivate func collect(
        into collector: inout SegmentCollector,
        weightField: String?
    ) throws(RasterError) {
        let weightIndex: Int? = if let weightField { try fieldIndex(weightField) } else { nil }
        unsafe try forEachFeature { feature, index throws(RasterError) in
            var weight = 1.0
            if let weightIndex {
                guard let text = unsafe attribute(feature, weightIndex), !text.isEmpty else {
                    collector.omittedCount += 1
                    return
                }
                guard let number = Double(text), number.isFinite else {
                    throw RasterError(
                        .invalidValue,
                        path: path,
                        detail: "feature \(index + 1): '\(text)' is no weight"
                    )
                }
                weight = number
            }
            guard let geometry = unsafe OGR_F_GetGeometryRef(feature),
                unsafe OGR_G_IsEmpty(geometry) == 0
            else {
                collector.omittedCount += 1
                return
            }
            let linear = unsafe OGR_G_GetLinearGeometry(geometry, 0, nil)
            defer { unsafe OGR_G_DestroyGeometry(linear) }
            unsafe try collector.add(linear, weight: weight, feature: index + 1)
        }
    }
}

/// Collects the straight pieces of features.
private struct SegmentCollector {
    let path: String
    var omittedCount = 0
    private var kind: FeatureLayer.Kind?
    private var xs: [Double] = []
    private var ys: [Double] = []
    private var weights: [Double] = []

    init(path: String) { self.path = path }

    mutating func add(
        _ table: Table,
        columns: (x: String, y: String),
        weightField: String?
    ) throws(RasterError) {
        kind = .points
        let tableXs = try table.numbers(columns.x)
        let tableYs = try table.numbers(columns.y)
        let tableWeights =
            if let weightField { try table.numbers(weightField) } else {
                [Double?](repeating: 1, count: table.rowCount)
            }
        for row in 0..<table.rowCount {
            guard let x = tableXs[row], let y = tableYs[row], let weight = tableWeights[row] else {
                omittedCount += 1
                continue
            }
            append((x, y), (x, y), weight)
        }
    }

    mutating func add(
        _ geometry: OGRGeometryH?,
        weight: Double,
        feature: Int
    ) throws(RasterError) {
        let type = unsafe OGR_GT_Flatten(OGR_G_GetGeometryType(geometry))
        switch type {
        case wkbPoint:
            try take(.points, feature)
            let point = unsafe (OGR_G_GetX(geometry, 0), OGR_G_GetY(geometry, 0))
            append(point, point, weight)
        case wkbLineString:
            try take(.lines, feature)
            for index in 1..<max(1, unsafe OGR_G_GetPointCount(geometry)) {
                let start = unsafe (
                    OGR_G_GetX(geometry, index - 1), OGR_G_GetY(geometry, index - 1)
                )
                let end = unsafe (OGR_G_GetX(geometry, index), OGR_G_GetY(geometry, index))
                append(start, end, weight)
            }
        case wkbMultiPoint, wkbMultiLineString, wkbGeometryCollection:
            for index in 0..<(unsafe OGR_G_GetGeometryCount(geometry)) {
                let part = unsafe OGR_G_GetGeometryRef(geometry, index)
                unsafe try add(part, weight: weight, feature: feature)
            }
        default:
            let name = unsafe text(of: OGR_G_GetGeometryName(geometry)) ?? "geometry"
            throw RasterError(
                .wrongType,
                path: path,
                detail: "feature \(feature) is a \(name); points or lines are needed"
            )
        }
    }

    private mutating func take(_ found: FeatureLayer.Kind, _ feature: Int) throws(RasterError) {
        guard kind ?? found == found else {
            throw RasterError(
                .wrongType,
                path: path,
                detail: "feature \(feature) is of \(found.rawValue), earlier ones are of "
                    + "\(kind?.rawValue ?? ""): one file holds one kind"
            )
        }
        kind = found
    }

    private mutating func append(
        _ start: (Double, Double),
        _ end: (Double, Double),
        _ weight: Double
    ) {
        xs += [start.0, end.0]
        ys += [start.1, end.1]
        weights.append(weight)
    }

    func layer(
        transformedBy transform: borrowing VertexTransform
    ) throws(RasterError) -> FeatureLayer {
        guard let kind, !weights.isEmpty else {
            throw RasterError(.invalidValue, path: path, detail: "it has no points or lines")
        }
        var xs = xs
        var ys = ys
        transform.transform(xs: &xs, ys: &ys)
        guard xs.allSatisfy(\.isFinite) else {
            throw RasterError(
                .transformFailed,
                path: path,
                detail: "it has coordinates that cannot be transformed to the grid"
            )
        }
        return FeatureLayer(
            kind: kind,
            segments: weights.indices.map { index in
                SIMD4(xs[2 * index], ys[2 * index], xs[2 * index + 1], ys[2 * index + 1])
            },
            weights: weights,
            omittedCount: omittedCount
        )
    }
}
