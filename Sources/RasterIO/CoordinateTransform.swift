internal import CGDAL
package import Lattice

/// A transformation of points between two reference systems; belongs to one thread.
///
/// Axes are in the traditional order, x east or longitude, y north or latitude, degrees for the
/// usual geographic systems. One coordinate operation serves all points: left alone, the library
/// picks one by the mean of each batch of points, so that a point's result would depend on its
/// neighbours in the batch, and a cell's on its tile. The operation is the best for
/// `areaOfInterest`; hence every process that must agree gives the same area, that of the national
/// grid. Where no operation is known, as from the MODIS sphere or an unnamed datum, latitude and
/// longitude are taken over unchanged.
@safe package struct CoordinateTransform: ~Copyable {
    private let handle: OGRCoordinateTransformationH
    private let label: String

    /// A transformation from one system to another.
    ///
    /// - Parameters:
    ///   - source: the system of the given coordinates.
    ///   - target: the system of the results.
    ///   - areaOfInterest: longitudes and latitudes in degrees (see ``geographicExtent(of:in:)``);
    ///     the whole world when nil.
    /// - Throws: ``RasterError/Code/transformFailed`` when the two cannot be connected.
    package init(
        from source: CoordinateReference,
        to target: CoordinateReference,
        areaOfInterest: Extent? = nil
    ) throws(RasterError) {
        try self.init(
            from: SpatialReference(source),
            to: SpatialReference(target),
            areaOfInterest: areaOfInterest
        )
    }

    init(
        from source: borrowing SpatialReference,
        to target: borrowing SpatialReference,
        areaOfInterest: Extent? = nil
    ) throws(RasterError) {
        let area =
            areaOfInterest
            ?? Extent(minimumX: -180, minimumY: -90, maximumX: 180, maximumY: 90)
        let sourceHandle = unsafe source.handle
        let targetHandle = unsafe target.handle
        let label = "from '\(source.name)' to '\(target.name)'"
        let result = unsafe withGDALMessages { log -> (OGRCoordinateTransformationH?, [String]) in
            let options = unsafe OCTNewCoordinateTransformationOptions()
            defer { unsafe OCTDestroyCoordinateTransformationOptions(options) }
            unsafe OCTCoordinateTransformationOptionsSetAreaOfInterest(
                options,
                max(-180, area.minimumX),
                max(-90, area.minimumY),
                min(180, area.maximumX),
                min(90, area.maximumY)
            )
            unsafe OCTCoordinateTransformationOptionsSetBallparkAllowed(options, 1)
            let made = unsafe OCTNewCoordinateTransformationEx(sourceHandle, targetHandle, options)
            return unsafe (made, log.failures)
        }
        guard let made = unsafe result.0 else {
            throw RasterError(
                .transformFailed,
                detail: "no transformation \(label)",
                underlying: unsafe result.1
            )
        }
        unsafe handle = unsafe made
        self.label = label
    }

    deinit { unsafe OCTDestroyCoordinateTransformation(handle) }

    /// Transforms points in place; one that cannot be transformed becomes NaN in both coordinates.
    ///
    /// A point's result does not depend on the other points. About 4 million points a second.
    ///
    /// - Parameters:
    ///   - xs: eastings or longitudes.
    ///   - ys: northings or latitudes; as many as `xs`.
    package func transform(xs: inout [Double], ys: inout [Double]) {
        precondition(xs.count == ys.count, "as many x as y")
        guard !xs.isEmpty else { return }
        var succeeded = [Int32](repeating: 0, count: xs.count)
        withGDALMessages { _ in
            unsafe _ = OCTTransformEx(handle, Int32(xs.count), &xs, &ys, nil, &succeeded)
        }
        for index in xs.indices
        where succeeded[index] == 0 || !xs[index].isFinite || !ys[index].isFinite {
            xs[index] = .nan
            ys[index] = .nan
        }
    }

    /// Transforms one point; nil when it cannot be transformed.
    package func transform(x: Double, y: Double) -> (x: Double, y: Double)? {
        var xs = [x]
        var ys = [y]
        transform(xs: &xs, ys: &ys)
        return xs[0].isNaN ? nil : (xs[0], ys[0])
    }

    /// The longitudes and latitudes that a box covers, degrees, from points along its edges and
    /// inside it.
    ///
    /// - Parameters:
    ///   - box: in the coordinates of `reference`.
    ///   - reference: a projected or geographic system.
    /// - Returns: a box on the system's own ellipsoid, without a shift of datum; it does not cross
    ///   the 180th meridian.
    /// - Throws: ``RasterError/Code/transformFailed`` when no point of the box can be transformed.
    package static func geographicExtent(
        of box: Extent,
        in reference: CoordinateReference
    ) throws(RasterError) -> Extent {
        let system = try SpatialReference(reference)
        let transform = try CoordinateTransform(from: system, to: system.geographicBase())
        let steps = 32
        var xs: [Double] = []
        var ys: [Double] = []
        for row in 0...steps {
            for column in 0...steps {
                let s = Double(column) / Double(steps)
                let t = Double(row) / Double(steps)
                xs.append(box.minimumX + s * (box.maximumX - box.minimumX))
                ys.append(box.minimumY + t * (box.maximumY - box.minimumY))
            }
        }
        transform.transform(xs: &xs, ys: &ys)
        let longitudes = xs.filter(\.isFinite)
        let latitudes = ys.filter(\.isFinite)
        guard !longitudes.isEmpty else {
            throw RasterError(
                .transformFailed,
                detail: "the box lies outside the projection '\(reference.name)'"
            )
        }
        return Extent(
            minimumX: longitudes.reduce(.infinity, min),
            minimumY: latitudes.reduce(.infinity, min),
            maximumX: longitudes.reduce(-.infinity, max),
            maximumY: latitudes.reduce(-.infinity, max)
        )
    }
}
