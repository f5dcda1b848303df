import Foundation

/// Great-circle distance by the haversine formula, as the definition to test against.
func haversineMetres(
    longitudeA: Double,
    latitudeA: Double,
    longitudeB: Double,
    latitudeB: Double
) -> Double {
    let radian = Double.pi / 180
    let half = sin((latitudeA - latitudeB) * radian / 2)
    let across = sin((longitudeA - longitudeB) * radian / 2)
    let root = half * half + cos(latitudeA * radian) * cos(latitudeB * radian) * across * across
    return 2 * 6_371_000 * asin(min(1, root.squareRoot()))
}
