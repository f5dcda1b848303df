private import Glibc

/// China's shifted coordinates of web maps, GCJ-02, and the way back.
///
/// Maps published in mainland China move every point by up to some 700 m. Boundaries of AMap, DataV and
/// Tencent are on it though their files say WGS 84.
package enum ShiftedDatum {
    /// Undoes the shift of points, in place.
    ///
    /// The forward formula (as published in open-source converters; Krasovsky's ellipsoid) is inverted
    /// by fixed-point iteration until a step is below 10⁻¹⁰ degree (0.01 mm), at most 30 steps; the shift
    /// changes by less than a hundredth along its own length, so that few suffice. Points outside the
    /// box where maps are shifted stay as they are.
    ///
    /// - Parameters:
    ///   - longitudes: degrees; as many as `latitudes`.
    ///   - latitudes: degrees.
    package static func invert(longitudes: inout [Double], latitudes: inout [Double]) {
        precondition(longitudes.count == latitudes.count, "as many longitudes as latitudes")
        for index in longitudes.indices where isShifted(longitudes[index], latitudes[index]) {
            let target = (longitudes[index], latitudes[index])
            var point = target
            for _ in 0..<30 {
                let image = forward(longitude: point.0, latitude: point.1)
                let step = (target.0 - image.longitude, target.1 - image.latitude)
                point = (point.0 + step.0, point.1 + step.1)
                if abs(step.0) < 1e-10, abs(step.1) < 1e-10 { break }
            }
            longitudes[index] = point.0
            latitudes[index] = point.1
        }
    }

    /// Where a point of WGS 84 is drawn on a shifted map.
    package static func forward(
        longitude: Double,
        latitude: Double
    ) -> (longitude: Double, latitude: Double) {
        guard isShifted(longitude, latitude) else { return (longitude, latitude) }
        let x = longitude - 105
        let y = latitude - 35
        let wave = (20 * sin(6 * x * .pi) + 20 * sin(2 * x * .pi)) * 2 / 3
        let north =
            -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * abs(x).squareRoot() + wave
            + (20 * sin(y * .pi) + 40 * sin(y / 3 * .pi)) * 2 / 3
            + (160 * sin(y / 12 * .pi) + 320 * sin(y * .pi / 30)) * 2 / 3
        let east =
            300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * abs(x).squareRoot() + wave
            + (20 * sin(x * .pi) + 40 * sin(x / 3 * .pi)) * 2 / 3
            + (150 * sin(x / 12 * .pi) + 300 * sin(x / 30 * .pi)) * 2 / 3
        let phi = latitude * .pi / 180
        let square = 1 - eccentricitySquared * sin(phi) * sin(phi)
        let meridional =
            semiMajorMetres * (1 - eccentricitySquared) / (square * square.squareRoot())
        let transverse = semiMajorMetres / square.squareRoot() * cos(phi)
        let degrees = 180 / Double.pi
        return (longitude + east / transverse * degrees, latitude + north / meridional * degrees)
    }

    private static let semiMajorMetres = 6_378_245.0
    private static let eccentricitySquared = 0.00669342162296594323

    private static func isShifted(_ longitude: Double, _ latitude: Double) -> Bool {
        (72.004...137.8347).contains(longitude) && (0.8293...55.8271).contains(latitude)
    }

    /// Fields that files of Chinese web maps have and others do not.
    private static let telltaleFields: Set<String> = [
        "childrenNum", "subFeatureIndex", "acroutes", "citycode",
    ]

    /// Why a vector file's coordinates look shifted; nil when nothing says so.
    ///
    /// The coordinates alone cannot tell: a shift of half a kilometre is below the accuracy of generalised
    /// boundaries. The names of fields and of the file can.
    package static func suspicion(path: String, fieldNames: [String]) -> String? {
        let fields = fieldNames.filter { telltaleFields.contains($0) }
        let name = LocalFile.name(of: path).lowercased()
        let words = ["gcj", "amap", "datav", "gaode", "geoatlas"].filter { name.contains($0) }
        if !fields.isEmpty {
            return "its fields \(fields.joined(separator: ", ")) are those of a Chinese web map"
        }
        return words.first.map { "its name says '\($0)'" }
    }
}
