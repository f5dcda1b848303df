/// A place for a digest that may be empty: zeros then, so that an array of them needs no flags.
package struct PackedDigest: Hashable, Sendable {
    /// The digest; of zeros where there is none.
    package let digest: ContentDigest

    /// Number of bytes.
    package static let byteCount = ContentDigest.byteCount

    /// 32 zero bytes, the digest of nothing.
    package init() {
        digest = .zero
    }

    /// Packs a digest.
    package init(_ digest: ContentDigest) {
        self.digest = digest
    }

    /// Takes up the bytes of a digest; nil unless there are exactly 32.
    package init?(bytes: some Collection<UInt8>) {
        guard let digest = ContentDigest(bytes: bytes) else { return nil }
        self.digest = digest
    }

    /// The bytes, in the order of the text form's digits.
    package var bytes: [UInt8] { digest.bytes }
}
