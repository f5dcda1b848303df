internal import CGDAL
package import Lattice

/// From the text of a configuration to a coordinate reference system, and what it is fit for.
package enum ReferenceParser {
    /// The alias of the national grid's projection.
    package static let chinaAlbersAlias = "china-albers"

    /// The projection behind the alias: Albers equal-area, 105°E, 25°/47°N, on WGS 84.
    package static let chinaAlbersDefinition =
        "+proj=aea +lat_1=25 +lat_2=47 +lat_0=0 +lon_0=105 +x_0=0 +y_0=0 +datum=WGS84 +units=m "
        + "+no_defs"

    /// Parses `china-albers`, `EPSG:n`, a PROJ string, or WKT.
    ///
    /// - Parameter text: the configuration's text.
    /// - Returns: WKT2:2019 on one line and a name for people; a nameless PROJ string is called
    ///   after its method.
    /// - Throws: ``RasterError/Code/badReference`` with the text and the legal forms.
    package static func parse(_ text: String) throws(RasterError) -> CoordinateReference {
        let isAlias = text == chinaAlbersAlias
        let system = try SpatialReference(text: isAlias ? chinaAlbersDefinition : text)
        guard system.isProjected || system.isGeographic else {
            throw RasterError(
                .badReference,
                detail: "'\(text.prefix(120))' is neither projected nor geographic"
            )
        }
        if isAlias {
            system.rename("China Albers 105E 25N 47N (WGS 84)")
        } else if system.isProjected, system.name == "unknown" {
            let wkt = try system.coordinateReference().wkt
            system.rename("custom \(methodName(in: wkt) ?? "projection")")
        }
        return try system.coordinateReference()
    }

    /// True when the system is a map projection whose unit is the metre.
    package static func isProjectedInMetres(
        _ reference: CoordinateReference
    ) throws(RasterError) -> Bool {
        let system = try SpatialReference(reference)
        return system.isProjected && abs(system.unitSize - 1) < 1e-12
    }

    /// True when both mean the same system, however they are written.
    package static func areEquivalent(
        _ first: CoordinateReference,
        _ second: CoordinateReference
    ) throws(RasterError) -> Bool {
        if first.wkt == second.wkt { return true }
        return try SpatialReference(first).isSame(as: SpatialReference(second))
    }

    /// The EPSG code of a whole system, nil when it has none.
    package static func epsgCode(
        of reference: CoordinateReference
    ) throws(RasterError) -> Int? {
        let system = try SpatialReference(reference)
        guard
            let authority = unsafe text(of: OSRGetAuthorityName(system.handle, nil)),
            authority == "EPSG",
            let code = unsafe text(of: OSRGetAuthorityCode(system.handle, nil))
        else { return nil }
        return Int(code)
    }

    /// The ellipsoid on which a system rests.
    package static func ellipsoid(
        of reference: CoordinateReference
    ) throws(RasterError) -> Ellipsoid {
        try SpatialReference(reference).ellipsoid
    }

    /// The name of the projection's method in a WKT2 text; nil for a geographic system.
    package static func methodName(in wkt: String) -> String? {
        guard let start = wkt.range(of: "METHOD[\"")?.upperBound,
            let end = wkt[start...].firstIndex(of: "\"")
        else { return nil }
        return String(wkt[start..<end])
    }
}

extension SpatialReference {
    /// Gives a projected system another name.
    func rename(_ name: String) {
        withGDALMessages { _ in
            unsafe _ = OSRSetProjCS(handle, name)
        }
    }
}

extension StringProtocol {
    /// The first place where a text occurs.
    fileprivate func range(of needle: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(needle) {
                return start..<index(start, offsetBy: needle.count)
            }
            formIndex(after: &start)
        }
        return nil
    }
}
