internal import CGDAL
internal import Lattice

/// A coordinate reference system in the library's hands; belongs to one thread.
///
/// Axes are always in the traditional order: x is east or longitude, y is north or latitude.
@safe struct SpatialReference: ~Copyable {
    let handle: OGRSpatialReferenceH

    /// Takes over a reference that the library made for us.
    init(owning handle: OGRSpatialReferenceH) {
        unsafe self.handle = unsafe handle
        unsafe OSRSetAxisMappingStrategy(handle, OAMS_TRADITIONAL_GIS_ORDER)
    }

    /// Parses a text: EPSG:n, a PROJ string, or WKT.
    init(text: String) throws(RasterError) {
        let result = unsafe withGDALMessages { log -> (OGRSpatialReferenceH?, [String]) in
            guard let made = unsafe OSRNewSpatialReference(nil) else { return (nil, []) }
            if unsafe OSRSetFromUserInput(made, text) == OGRERR_NONE { return unsafe (made, []) }
            unsafe OSRDestroySpatialReference(made)
            return (nil, log.failures)
        }
        guard let made = unsafe result.0 else {
            throw RasterError(
                .badReference,
                detail: "'\(text.prefix(120))' is no coordinate reference system; legal are "
                    + "china-albers, EPSG:n, a PROJ string or WKT",
                underlying: unsafe result.1
            )
        }
        unsafe self.init(owning: made)
    }

    /// Interprets a reference that was parsed before.
    init(_ reference: CoordinateReference) throws(RasterError) {
        try self.init(text: reference.wkt)
    }

    deinit { unsafe OSRRelease(handle) }

    /// The identity that pure code carries: WKT2:2019 on one line, and the name.
    func coordinateReference() throws(RasterError) -> CoordinateReference {
        let wkt = withGDALMessages { _ -> String? in
            let options = GDALStringList(["FORMAT=WKT2_2019", "MULTILINE=NO"])
            var buffer: UnsafeMutablePointer<CChar>?
            guard unsafe OSRExportToWktEx(handle, &buffer, options.constants) == OGRERR_NONE else {
                return nil
            }
            defer { unsafe VSIFree(buffer) }
            return unsafe RasterIO.text(of: buffer)
        }
        guard let wkt else {
            throw RasterError(.badReference, detail: "the reference '\(name)' has no WKT2 form")
        }
        return CoordinateReference(wkt: wkt, name: name)
    }

    /// The name in the definition.
    var name: String {
        unsafe RasterIO.text(of: OSRGetName(handle)) ?? "unnamed"
    }

    /// True for longitude and latitude.
    var isGeographic: Bool { unsafe OSRIsGeographic(handle) != 0 }

    /// True for a map projection.
    var isProjected: Bool { unsafe OSRIsProjected(handle) != 0 }

    /// Metres per unit of a projected system, radians per unit of a geographic one.
    var unitSize: Double {
        isGeographic
            ? unsafe OSRGetAngularUnits(handle, nil) : unsafe OSRGetLinearUnits(handle, nil)
    }

    /// The ellipsoid of the datum.
    var ellipsoid: Ellipsoid {
        var status: OGRErr = OGRERR_NONE
        let semiMajor = unsafe OSRGetSemiMajor(handle, &status)
        let inverse = unsafe OSRGetInvFlattening(handle, &status)
        return Ellipsoid(semiMajorMetres: semiMajor, inverseFlattening: inverse)
    }

    /// The geographic system under a projected one, or a copy of a geographic one.
    func geographicBase() throws(RasterError) -> SpatialReference {
        let base = unsafe withGDALMessages { _ in unsafe OSRCloneGeogCS(handle) }
        guard let base = unsafe base else {
            throw RasterError(
                .badReference,
                detail: "the reference '\(name)' rests on no geographic system"
            )
        }
        return unsafe SpatialReference(owning: base)
    }

    /// True when both mean the same system, however they are written.
    func isSame(as other: borrowing SpatialReference) -> Bool {
        let otherHandle = unsafe other.handle
        return withGDALMessages { _ in unsafe OSRIsSame(handle, otherHandle) != 0 }
    }
}
