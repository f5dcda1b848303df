internal import CGDAL
package import Lattice

extension VectorSource {
    /// Reads all features as polygons in the coordinates of a target system.
    ///
    /// Each vertex is transformed; edges are not densified. Outer rings come out counter-clockwise,
    /// holes clockwise. An invalid geometry (a ring that crosses itself, a hole outside) is
    /// repaired and reported; what is no polygon, or empty, is refused by name.
    ///
    /// - Parameters:
    ///   - idField: the field of the identifiers, which must be present and differ.
    ///   - nameField: the field of the names; a missing name is the identifier.
    ///   - target: the system of the result, as a rule the grid's.
    ///   - assumedReference: the file's system where it names none, or names a wrong one.
    ///   - isShifted: true when the coordinates are a Chinese web map's, see ``ShiftedDatum``.
    ///   - areaOfInterest: longitudes and latitudes for ``CoordinateTransform``.
    /// - Returns: the zones, at least one.
    /// - Throws: ``RasterError`` naming the field, the feature, or the missing reference.
    package func polygons(
        idField: String,
        nameField: String? = nil,
        in target: CoordinateReference,
        assumedReference: CoordinateReference? = nil,
        isShifted: Bool = false,
        areaOfInterest: Extent? = nil
    ) throws(RasterError) -> PolygonLayer {
        let idIndex = try fieldIndex(idField)
        let nameIndex: Int? = if let nameField { try fieldIndex(nameField) } else { nil }
        guard let source = assumedReference ?? reference else {
            throw RasterError(
                .noReference,
                path: path,
                detail: "the layer '\(layerName)' names no coordinate reference system; state one "
                    + "with 'crs'"
            )
        }
        let transform = try VertexTransform(
            from: source,
            to: target,
            isShifted: isShifted,
            areaOfInterest: areaOfInterest,
            path: path
        )
        var features: [PolygonFeature] = []
        var rowsByID: [String: Int] = [:]
        var repairs: [String] = []
        unsafe try forEachFeature { feature, index throws(RasterError) in
            let row = index + 1
            guard let id = unsafe attribute(feature, idIndex), !id.isEmpty else {
                throw RasterError(
                    .invalidValue,
                    path: path,
                    detail: "feature \(row) has no '\(idField)'"
                )
            }
            if let earlier = rowsByID.updateValue(row, forKey: id) {
                throw RasterError(
                    .invalidValue,
                    path: path,
                    detail: "features \(earlier) and \(row) have the same \(idField) '\(id)'"
                )
            }
            let name = nameIndex.flatMap { unsafe attribute(feature, $0) } ?? id
            let label = name == id ? "'\(id)'" : "'\(id)' (\(name))"
            let geometry = unsafe try PolygonGeometry(of: feature, path: path, label: label)
            if let fault = geometry.fault { repairs.append("\(label): \(fault)") }
            let parts = try geometry.parts(transformedBy: transform, path: path, label: label)
            features.append(
                PolygonFeature(
                    id: id,
                    name: name,
                    parts: parts,
                    attributes: fieldNames.indices.map { unsafe attribute(feature, $0) }
                )
            )
        }
        guard !features.isEmpty else {
            throw RasterError(
                .invalidValue,
                path: path,
                detail: "the layer '\(layerName)' has no features"
            )
        }
        return PolygonLayer(
            features: features,
            fieldNames: fieldNames,
            reference: target,
            repairs: repairs
        )
    }
}

/// The polygons of one feature, made valid; belongs to one thread.
@safe private struct PolygonGeometry: ~Copyable {
    /// What was wrong with the geometry, nil when it was valid.
    let fault: String?
    private let handle: OGRGeometryH

    /// Takes a feature's geometry without curves, repaired where that is needed.
    init(of feature: OGRFeatureH, path: String, label: String) throws(RasterError) {
        guard let own = unsafe OGR_F_GetGeometryRef(feature), unsafe OGR_G_IsEmpty(own) == 0 else {
            throw RasterError(.invalidValue, path: path, detail: "\(label) has no geometry")
        }
        let (made, complaint) = unsafe withGDALMessages { log -> (OGRGeometryH?, String?) in
            guard let linear = unsafe OGR_G_GetLinearGeometry(own, 0, nil) else {
                return (nil, nil)
            }
            if unsafe OGR_G_IsValid(linear) != 0 { return unsafe (linear, nil) }
            let reason = log.warnings.first ?? log.failures.first ?? "invalid geometry"
            defer { unsafe OGR_G_DestroyGeometry(linear) }
            return unsafe (OGR_G_MakeValid(linear), reason)
        }
        guard let made = unsafe made else {
            throw RasterError(
                .invalidValue,
                path: path,
                detail: "\(label) cannot be repaired: \(complaint ?? "unknown geometry")"
            )
        }
        unsafe handle = unsafe made
        fault = complaint
    }

    deinit { unsafe OGR_G_DestroyGeometry(handle) }

    /// The polygons with transformed vertices.
    func parts(
        transformedBy transform: borrowing VertexTransform,
        path: String,
        label: String
    ) throws(RasterError) -> [PolygonPart] {
        var parts: [PolygonPart] = []
        unsafe collect(handle, into: &parts)
        guard !parts.isEmpty else {
            let kind = unsafe text(of: OGR_G_GetGeometryName(handle)) ?? "geometry"
            throw RasterError(
                .wrongType,
                path: path,
                detail: "\(label) is a \(kind); zones must be polygons"
            )
        }
        for part in parts.indices {
            for index in parts[part].rings.indices {
                var ring = parts[part].rings[index]
                transform.transform(xs: &ring.xs, ys: &ring.ys)
                guard ring.xs.allSatisfy(\.isFinite) else {
                    throw RasterError(
                        .transformFailed,
                        path: path,
                        detail: "\(label) has vertices that cannot be transformed to the grid"
                    )
                }
                let runsCounterClockwise = ring.signedArea > 0
                parts[part].rings[index] =
                    runsCounterClockwise == (index == 0) ? ring : ring.reversed
            }
        }
        return parts
    }

    /// Polygons directly or within collections; lines and points left by a repair have no area.
    private func collect(_ geometry: OGRGeometryH, into parts: inout [PolygonPart]) {
        let count = unsafe OGR_G_GetGeometryCount(geometry)
        if unsafe OGR_GT_Flatten(OGR_G_GetGeometryType(geometry)) == wkbPolygon {
            let rings = (0..<count).compactMap { index in
                unsafe OGR_G_GetGeometryRef(geometry, index).map { unsafe ring($0) }
            }
            let solid = rings.filter { $0.count >= 4 }
            if !solid.isEmpty { parts.append(PolygonPart(rings: solid)) }
            return
        }
        for index in 0..<count {
            if let part = unsafe OGR_G_GetGeometryRef(geometry, index) {
                unsafe collect(part, into: &parts)
            }
        }
    }

    private func ring(_ geometry: OGRGeometryH) -> PolygonRing {
        let count = unsafe Int(OGR_G_GetPointCount(geometry))
        var xs = [Double](repeating: 0, count: count)
        var ys = [Double](repeating: 0, count: count)
        let stride = Int32(MemoryLayout<Double>.stride)
        unsafe _ = OGR_G_GetPoints(geometry, &xs, stride, &ys, stride, nil, 0)
        return PolygonRing(xs: xs, ys: ys)
    }
}
