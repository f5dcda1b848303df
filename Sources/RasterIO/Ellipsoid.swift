private import Glibc

/// An ellipsoid of revolution, or a sphere, and exact areas on it.
package struct Ellipsoid: Hashable, Sendable, Codable {
    /// Semi-major axis, metres.
    package let semiMajorMetres: Double
    /// 1/f; 0 stands for a sphere, as in GDAL.
    package let inverseFlattening: Double

    /// An ellipsoid from its two usual numbers.
    package init(semiMajorMetres: Double, inverseFlattening: Double) {
        self.semiMajorMetres = semiMajorMetres
        self.inverseFlattening = inverseFlattening
    }

    /// WGS 84.
    package static let wgs84 = Ellipsoid(
        semiMajorMetres: 6_378_137,
        inverseFlattening: 298.257223563
    )

    /// The square of the first eccentricity, e² = f(2 − f).
    package var eccentricitySquared: Double {
        guard inverseFlattening != 0 else { return 0 }
        let flattening = 1 / inverseFlattening
        return flattening * (2 - flattening)
    }

    /// The area between two meridians and two parallels, km².
    ///
    /// Exact: A = a²/2 · Δλ · (q(φ₂) − q(φ₁)) with q of Snyder (1987), *Map Projections: A Working
    /// Manual*, USGS Professional Paper 1395, eq. 3-12. The difference is formed in closed form, by
    /// the addition theorems of sine and artanh, because q(φ₂) − q(φ₁) as written there loses the
    /// digits of a small cell: 30 m cells would keep eleven of sixteen.
    ///
    /// - Parameters:
    ///   - latitudes: two parallels in degrees, in any order; clamped to the poles.
    ///   - longitudeWidth: distance of the meridians in degrees, taken positive.
    /// - Returns: the area, never negative.
    package func areaKm2(
        latitudes: (Double, Double),
        longitudeWidth: Double
    ) -> Double {
        let radians = Double.pi / 180
        let south = max(-90, min(latitudes.0, latitudes.1)) * radians
        let north = min(90, max(latitudes.0, latitudes.1)) * radians
        guard north > south else { return 0 }
        let e2 = eccentricitySquared
        let sinSouth = sin(south)
        let sinNorth = sin(north)
        let difference = 2 * cos((north + south) / 2) * sin((north - south) / 2)
        let product = e2 * sinSouth * sinNorth
        let rational =
            difference * (1 + product)
            / ((1 - e2 * sinSouth * sinSouth) * (1 - e2 * sinNorth * sinNorth))
        let e = e2.squareRoot()
        let logarithmic =
            e2 > 0 ? atanh(e * difference / (1 - product)) / e : difference
        let q = (1 - e2) * (rational + logarithmic)
        let a = semiMajorMetres / 1000
        return a * a / 2 * abs(longitudeWidth) * radians * q
    }

    /// Area of the ellipsoid per squared radian of longitude and latitude at a latitude, km².
    ///
    /// M·N·cos φ = a²(1 − e²) cos φ / (1 − e² sin² φ)²; Snyder (1987), eq. 4-18 and 4-20.
    ///
    /// - Parameter latitude: degrees.
    /// - Returns: km² per rad².
    func areaElementKm2(latitude: Double) -> Double {
        let phi = latitude * .pi / 180
        let a = semiMajorMetres / 1000
        let root = 1 - eccentricitySquared * sin(phi) * sin(phi)
        return a * a * (1 - eccentricitySquared) * cos(phi) / (root * root)
    }
}
