package import Lattice
private import Glibc

/// Whether areas on a grid's projection are true, found by method and by measurement.
package struct EqualAreaCheck: Hashable, Sendable {
    /// The projection's method as WKT2 names it; nil for a geographic system.
    package let method: String?
    /// True when the method is one that preserves areas on its own figure of the Earth.
    package let methodPreservesArea: Bool
    /// Smallest and largest area scale (projected area over ellipsoidal area) at the points tried.
    package let areaScale: ClosedRange<Double>

    /// The largest deviation of the area scale from 1 that passes.
    ///
    /// The measurement itself is good to about 1e-8. An ellipsoidal equal-area projection deviates
    /// by no more; spherical formulas applied to an ellipsoid (Mollweide, Eckert) by 1e-3, UTM by
    /// 1e-4 to 1e-3. The national totals must close to 1e-4, so a tenth of that is the limit.
    package static let tolerance = 1e-5

    /// True when the projection may carry a national grid: by its method and by measurement.
    ///
    /// The method alone is not enough, because PROJ computes some projections on a sphere. The
    /// measurement alone is not either: a conformal projection is almost equal-area at small
    /// extents, and would pass or fail with the extent.
    package var passes: Bool {
        methodPreservesArea && areaScale.lowerBound > 1 - Self.tolerance
            && areaScale.upperBound < 1 + Self.tolerance
    }

    /// Measures the area scale of a projection at points spread over an extent.
    ///
    /// 9 × 9 points. Around each the inverse projection is differentiated by central differences
    /// over 200 m, and the area of the parallelogram is compared with that of the ellipsoid.
    ///
    /// - Parameters:
    ///   - reference: the projection.
    ///   - extent: the grid's box in the projection's own coordinates.
    /// - Throws: ``RasterError/Code/badReference`` when the system is not projected in metres, or
    ///   no point of the extent lies within the projection.
    package init(_ reference: CoordinateReference, over extent: Extent) throws(RasterError) {
        let system = try SpatialReference(reference)
        guard system.isProjected, abs(system.unitSize - 1) < 1e-12 else {
            throw RasterError(
                .badReference,
                detail: "'\(reference.name)' is not a projection in metres"
                    + (system.isGeographic ? ": its coordinates are degrees" : "")
            )
        }
        let scale = try LocalAreaScale(of: system)
        var points: [(x: Double, y: Double)] = []
        for i in 0..<9 {
            for j in 0..<9 {
                let s = (Double(i) + 0.5) / 9
                let t = (Double(j) + 0.5) / 9
                points.append(
                    (
                        extent.minimumX + s * (extent.maximumX - extent.minimumX),
                        extent.minimumY + t * (extent.maximumY - extent.minimumY)
                    )
                )
            }
        }
        let elements = scale.areasKm2(around: points, stepX: (100, 0), stepY: (0, 100))
        let scales = elements.map { 0.04 / $0 }.filter(\.isFinite)
        guard let first = scales.first else {
            throw RasterError(
                .badReference,
                detail: "the extent lies outside the projection '\(reference.name)'"
            )
        }
        let name = ReferenceParser.methodName(in: reference.wkt)
        method = name
        methodPreservesArea = name.map(Self.preservesArea) ?? false
        areaScale = scales.reduce(first, min)...scales.reduce(first, max)
    }

    /// True when a method of WKT2 (or of PROJ, where WKT2 has no name) preserves areas.
    static func preservesArea(method: String) -> Bool {
        let folded = method.lowercased().map { "_-".contains($0) ? " " : $0 }
        let text = String(folded)
        return equalAreaMethods.contains { text.contains($0) }
    }

    private static let equalAreaMethods = [
        "equal area", "equal earth", "sinusoidal", "mollweide", "eckert ii", "eckert iv",
        "eckert vi", "homolosine", "bonne", "hammer", "quartic authalic", "boggs", "werner",
        "proj aea", "proj laea", "proj cea", "proj leac", "proj sinu", "proj moll", "proj eck4",
        "proj eck6", "proj igh", "proj goode", "proj hammer", "proj tcea", "proj wag4",
    ]
}

/// Areas on the ellipsoid of small parallelograms given in projected coordinates.
struct LocalAreaScale: ~Copyable {
    private let inverse: CoordinateTransform
    private let ellipsoid: Ellipsoid
    private let radiansPerUnit: Double

    /// Prepares the inverse of a projection on its own datum.
    init(of system: borrowing SpatialReference) throws(RasterError) {
        let base = try system.geographicBase()
        let transform = try CoordinateTransform(from: system, to: base)
        inverse = transform
        radiansPerUnit = base.unitSize
        ellipsoid = system.ellipsoid
    }

    /// The area of the parallelogram spanned by twice both steps around each point, km².
    ///
    /// Central differences of the inverse projection give ∂(λ, φ)/∂(x, y); its determinant times
    /// the ellipsoid's area element M·N·cos φ is the area. The error is of second order in
    /// step/radius.
    ///
    /// - Returns: one area for each point, NaN where the projection has no inverse.
    func areasKm2(
        around points: [(x: Double, y: Double)],
        stepX: (x: Double, y: Double),
        stepY: (x: Double, y: Double)
    ) -> [Double] {
        var xs: [Double] = []
        var ys: [Double] = []
        for (x, y) in points {
            xs += [x, x + stepX.x, x - stepX.x, x + stepY.x, x - stepY.x]
            ys += [y, y + stepX.y, y - stepX.y, y + stepY.y, y - stepY.y]
        }
        inverse.transform(xs: &xs, ys: &ys)
        return points.indices.map { index in
            let at = 5 * index
            let alongX = (
                longitude: wrapped(xs[at + 1] - xs[at + 2]), latitude: ys[at + 1] - ys[at + 2]
            )
            let alongY = (
                longitude: wrapped(xs[at + 3] - xs[at + 4]), latitude: ys[at + 3] - ys[at + 4]
            )
            let determinant =
                alongX.longitude * alongY.latitude - alongX.latitude * alongY.longitude
            let latitude = ys[at] * radiansPerUnit * 180 / .pi
            return abs(determinant) * radiansPerUnit * radiansPerUnit
                * ellipsoid.areaElementKm2(latitude: latitude)
        }
    }

    /// A difference of longitudes without the jump at the 180th meridian.
    private func wrapped(_ difference: Double) -> Double {
        let turn = 2 * Double.pi / radiansPerUnit
        return remainder(difference, turn)
    }
}
