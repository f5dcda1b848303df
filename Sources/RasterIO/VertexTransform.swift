package import Lattice

/// From a vector file's coordinates to the grid's, a shift of datum undone on the way; belongs to one
/// thread.
package struct VertexTransform: ~Copyable {
    private let transform: CoordinateTransform
    private let isShifted: Bool

    /// A transformation of vertices.
    ///
    /// - Throws: ``RasterError`` when the two systems cannot be connected, or a shift is to be undone of
    ///   coordinates that are no longitudes and latitudes.
    package init(
        from source: CoordinateReference,
        to target: CoordinateReference,
        isShifted: Bool,
        areaOfInterest: Extent?,
        path: String
    ) throws(RasterError) {
        if isShifted {
            let system = try SpatialReference(source)
            guard system.isGeographic else {
                throw RasterError(
                    .badReference,
                    path: path,
                    detail:
                        "datum gcj02 is undone on longitudes and latitudes; its coordinates are "
                        + "'\(source.name)'"
                )
            }
        }
        transform = try CoordinateTransform(
            from: source,
            to: target,
            areaOfInterest: areaOfInterest
        )
        self.isShifted = isShifted
    }

    /// Transforms points in place; one that cannot be transformed becomes NaN in both coordinates.
    package func transform(xs: inout [Double], ys: inout [Double]) {
        if isShifted { ShiftedDatum.invert(longitudes: &xs, latitudes: &ys) }
        transform.transform(xs: &xs, ys: &ys)
    }
}
