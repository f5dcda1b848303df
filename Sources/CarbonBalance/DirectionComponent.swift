import Lattice

/// The part of a direction that is averaged.
package enum DirectionComponent: String, Hashable, Sendable, Codable {
    /// The sine: of a compass direction its eastward part.
    case sine
    /// The cosine: of a compass direction its northward part.
    case cosine

    /// The component of an angle in degrees.
    package func value(ofDegrees angle: Double) -> Double {
        let parts = CanonicalMath.sineAndCosine(ofDegrees: angle)
        return self == .sine ? parts.sine : parts.cosine
    }
}

extension DecodedSource {
    /// The component of each sample, an angle in units of `degreesPerUnit`.
    package func component(
        _ component: DirectionComponent,
        degreesPerUnit: Double
    ) -> DecodedSource {
        DecodedSource(
            replacing: values.map { component.value(ofDegrees: $0 * degreesPerUnit) },
            of: self
        )
    }
}
