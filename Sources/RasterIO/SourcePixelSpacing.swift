import Lattice

/// The distance between neighbouring pixels of a source, metres, for slopes.
package struct SourcePixelSpacing: Sendable {
    /// From column to column in each row asked for, negative where columns run westward.
    package let eastwardMetres: [Double]
    /// From row to row in each row asked for, negative where rows run southward.
    package let northwardMetres: [Double]

    /// The spacing of some rows.
    ///
    /// Geographic rasters: along the parallel and the meridian through the middle of the row, on the
    /// raster's own ellipsoid (radii of curvature N and M; Snyder 1987, eq. 4-18 and 4-20). Projected
    /// rasters: the pixel's size, as true as the projection's scale.
    ///
    /// - Throws: ``RasterError`` when the raster is rotated or has no reference.
    package init(_ description: RasterDescription, rows: Range<Int>) throws(RasterError) {
        guard let reference = description.reference else {
            throw RasterError(.noReference, path: description.path)
        }
        guard description.affine.isAligned else {
            throw RasterError(
                .invalidGeometry,
                path: description.path,
                detail: "slopes need a raster whose rows run east and west; it is rotated"
            )
        }
        let a = description.affine.coefficients
        guard description.isGeographic else {
            eastwardMetres = rows.map { _ in a[1] * description.unitSize }
            northwardMetres = rows.map { _ in a[5] * description.unitSize }
            return
        }
        let ellipsoid = try SpatialReference(reference).ellipsoid
        let square = ellipsoid.eccentricitySquared
        let axis = ellipsoid.semiMajorMetres
        var eastward: [Double] = []
        var northward: [Double] = []
        for row in rows {
            let latitude = (a[3] + (Double(row) + 0.5) * a[5]) * description.unitSize * 180 / .pi
            let angle = CanonicalMath.sineAndCosine(ofDegrees: latitude)
            let factor = 1 - square * angle.sine * angle.sine
            let root = factor.squareRoot()
            eastward.append(axis / root * angle.cosine * a[1] * description.unitSize)
            northward.append(axis * (1 - square) / (factor * root) * a[5] * description.unitSize)
        }
        eastwardMetres = eastward
        northwardMetres = northward
    }
}
