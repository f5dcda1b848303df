/// The 32 bytes of a digest without a heap allocation.
///
/// A text form takes four times as much; where digests are kept by the hundred thousand, these are.
package struct PackedDigest: Hashable, Sendable {
    private var words: SIMD4<UInt64>

    /// Number of bytes.
    package static let byteCount = 32

    /// 32 zero bytes, the digest of nothing.
    package init() {
        words = .zero
    }

    /// Packs a digest.
    package init(_ digest: ContentDigest) {
        words = .zero
        for (index, digit) in digest.hexadecimal.utf8.enumerated() {
            let value = digit < 58 ? digit - 48 : digit - 87
            words[index / 16] = words[index / 16] << 4 | UInt64(value)
        }
    }

    /// Takes up the bytes of a digest; nil unless there are exactly 32.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        words = .zero
        for (index, byte) in bytes.enumerated() {
            words[index / 8] = words[index / 8] << 8 | UInt64(byte)
        }
    }

    /// The bytes, in the order of the text form's digits.
    package var bytes: [UInt8] {
        (0..<Self.byteCount).map { index in
            UInt8(truncatingIfNeeded: words[index / 8] >> UInt64(56 - 8 * (index % 8)))
        }
    }

    /// The digest.
    package var digest: ContentDigest { ContentDigest(bytes: bytes) }
}
