package import Lattice

/// The steps from pixel to pixel of a source, metres on its ellipsoid, for slopes.
package enum SourcePixelSpacing: Sendable {
    /// Of a geographic raster, for each row asked for: from column to column, negative where columns run
    /// westward, and from row to row, negative where rows run southward.
    case rows(eastwardMetres: [Double], northwardMetres: [Double])
    /// Of a projected raster, at every m-th corner of pixels: see ``Nodes``.
    case nodes(Nodes)

    /// The steps at corners of pixels, counted from the raster's corner.
    package struct Nodes: Sendable {
        /// The nodes around the pixels asked for, as rows and columns of nodes.
        package let window: CellWindow
        /// m: pixels between two nodes; 10 km, over which scales change evenly to 10⁻⁶.
        package let spacingPixels: Int
        /// Eastward and northward from column to column, then from row to row, metres; NaN outside the
        /// projection.
        package let steps: [SIMD4<Double>]
    }

    /// The steps of some pixels.
    ///
    /// Geographic rasters: along the parallel and the meridian through the middle of the row, on the
    /// raster's own ellipsoid (radii of curvature N and M; Snyder 1987, eq. 4-18 and 4-20). Projected
    /// rasters: by the inverse projection's derivatives, so that the projection's scale and the angle between
    /// its north and true north are taken out; rounded to 2⁻²⁰ m, which processors' variants of a sine do
    /// not reach.
    ///
    /// - Parameters:
    ///   - description: the raster.
    ///   - pixels: the pixels asked for.
    /// - Throws: ``RasterError`` when the raster is rotated or has no reference.
    package init(
        _ description: RasterDescription,
        pixels: CellWindow
    ) throws(RasterError) {
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
        let system = try SpatialReference(reference)
        if description.isGeographic {
            self = Self.rows(description, pixels.rows, system.ellipsoid)
        } else {
            self = .nodes(try Self.nodes(description, pixels, system))
        }
    }

    private static func rows(
        _ description: RasterDescription,
        _ rows: Range<Int>,
        _ ellipsoid: Ellipsoid
    ) -> SourcePixelSpacing {
        let a = description.affine.coefficients
        var eastward: [Double] = []
        var northward: [Double] = []
        for row in rows {
            let latitude = (a[3] + (Double(row) + 0.5) * a[5]) * description.unitSize * 180 / .pi
            let radii = ellipsoid.metresPerRadian(latitude: latitude)
            eastward.append(radii.eastward * a[1] * description.unitSize)
            northward.append(radii.northward * a[5] * description.unitSize)
        }
        return .rows(eastwardMetres: eastward, northwardMetres: northward)
    }

    private static func nodes(
        _ description: RasterDescription,
        _ pixels: CellWindow,
        _ system: borrowing SpatialReference
    ) throws(RasterError) -> Nodes {
        let a = description.affine.coefficients
        let pixelMetres = max(a[1].magnitude, a[5].magnitude) * description.unitSize
        let count = Int(max(1, min(4096, (10_000 / pixelMetres).rounded(.down))))
        let window = CellWindow(
            rows: (pixels.rowStart / count)..<((pixels.rowEnd - 1) / count + 2),
            columns: (pixels.columnStart / count)..<((pixels.columnEnd - 1) / count + 2)
        )
        let base = try system.geographicBase()
        let inverse = try CoordinateTransform(from: system, to: base)
        let spacing = Double(count)
        // Central differences over a tenth of the way to the next node on each side, a pixel at least.
        let half = max(1, spacing / 10)
        var xs: [Double] = []
        var ys: [Double] = []
        for row in window.rows {
            for column in window.columns {
                let (x, y) = (Double(column) * spacing, Double(row) * spacing)
                for (across, down) in [(0.0, 0.0), (half, 0), (-half, 0), (0, half), (0, -half)] {
                    let place = description.affine.world(column: x + across, row: y + down)
                    xs.append(place.x)
                    ys.append(place.y)
                }
            }
        }
        inverse.transform(xs: &xs, ys: &ys)
        let radians = base.unitSize
        let turn = 2 * Double.pi / radians
        let ellipsoid = system.ellipsoid
        let steps = (0..<window.cellCount).map { node in
            let at = 5 * node
            let radii = ellipsoid.metresPerRadian(latitude: ys[at] * radians * 180 / .pi)
            func metres(_ next: Int, _ previous: Int) -> SIMD2<Double> {
                let longitude = (xs[next] - xs[previous]).remainder(dividingBy: turn)
                return SIMD2(
                    longitude * radii.eastward,
                    (ys[next] - ys[previous]) * radii.northward
                ) * (radians / (2 * half))
            }
            let (across, down) = (metres(at + 1, at + 2), metres(at + 3, at + 4))
            let step = SIMD4(across.x, across.y, down.x, down.y)
            return (step * 0x1p20).rounded(.toNearestOrEven) * 0x1p-20
        }
        return Nodes(window: window, spacingPixels: count, steps: steps)
    }
}

extension Ellipsoid {
    /// Metres along the parallel and the meridian for each radian of longitude and latitude.
    ///
    /// - Parameter latitude: degrees.
    /// - Returns: N cos φ and M; NaN at no latitude.
    fileprivate func metresPerRadian(latitude: Double) -> (eastward: Double, northward: Double) {
        guard latitude.isFinite else { return (.nan, .nan) }
        let square = eccentricitySquared
        let angle = CanonicalMath.sineAndCosine(ofDegrees: latitude)
        let factor = 1 - square * angle.sine * angle.sine
        let root = factor.squareRoot()
        return (
            semiMajorMetres / root * angle.cosine,
            semiMajorMetres * (1 - square) / (factor * root)
        )
    }
}
