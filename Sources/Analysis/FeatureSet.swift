package import ContentDigest

/// Points or straight pieces of lines in the grid's coordinates, with what each counts.
package struct FeatureSet: Sendable, Hashable {
    /// x₀ y₀ x₁ y₁ of each piece; a point is its own end.
    package let segments: [SIMD4<Double>]
    /// One weight for each piece.
    package let weights: [Double]

    private static let magic = Array("sectile-features 1\n".utf8)
    private static let bytesEach = 40

    /// Features.
    package init(segments: [SIMD4<Double>], weights: [Double]) {
        precondition(segments.count == weights.count, "one weight for each piece")
        self.segments = segments
        self.weights = weights
    }

    /// Identity of the features: SHA-256 of ``encoded``.
    package var digest: ContentDigest { ContentDigest(of: encoded) }

    /// The features as bytes, every coordinate with its bits.
    package var encoded: [UInt8] {
        var bytes = Self.magic
        bytes.reserveCapacity(Self.magic.count + Self.bytesEach * weights.count)
        for (segment, weight) in zip(segments, weights) {
            for value in [segment[0], segment[1], segment[2], segment[3], weight] {
                for shift in stride(from: UInt64(0), to: 64, by: 8) {
                    bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> shift))
                }
            }
        }
        return bytes
    }

    /// The features that ``encoded`` gave these bytes; nil for any others.
    package init?(encoded bytes: [UInt8]) {
        let count = (bytes.count - Self.magic.count) / Self.bytesEach
        guard bytes.starts(with: Self.magic),
            bytes.count == Self.magic.count + count * Self.bytesEach
        else { return nil }
        var numbers: [Double] = []
        numbers.reserveCapacity(5 * count)
        for start in stride(from: Self.magic.count, to: bytes.count, by: 8) {
            var pattern: UInt64 = 0
            for index in 0..<8 { pattern |= UInt64(bytes[start + index]) << UInt64(8 * index) }
            numbers.append(Double(bitPattern: pattern))
        }
        guard numbers.allSatisfy(\.isFinite) else { return nil }
        segments = (0..<count).map { index in
            SIMD4(
                numbers[5 * index],
                numbers[5 * index + 1],
                numbers[5 * index + 2],
                numbers[5 * index + 3]
            )
        }
        weights = (0..<count).map { numbers[5 * $0 + 4] }
    }
}
