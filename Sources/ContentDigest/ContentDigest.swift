private import CSodium

/// A SHA-256 digest of some content, the identity of inputs, plans and committed tiles.
///
/// libsodium computes it: the library is on every machine that has libzmq, and costs no build time.
/// The text form is 64 lower-case hexadecimal digits.
package struct ContentDigest: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// The 64 lower-case hexadecimal digits.
    package let hexadecimal: String

    /// Parses the text form; nil unless it is exactly 64 hexadecimal digits.
    package init?(hexadecimal: String) {
        let isDigits = hexadecimal.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (97...102).contains(byte)
        }
        guard hexadecimal.utf8.count == 64, isDigits else { return nil }
        self.hexadecimal = hexadecimal
    }

    init(bytes: [UInt8]) {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(2 * bytes.count)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        hexadecimal = String(decoding: text, as: UTF8.self)
    }

    /// Digests a whole sequence of bytes.
    package init(of bytes: [UInt8]) {
        var hasher = ContentHasher()
        hasher.update(bytes)
        self = hasher.finalize()
    }

    /// Digests the UTF-8 bytes of a text.
    package init(of text: String) {
        self.init(of: Array(text.utf8))
    }

    package var description: String { hexadecimal }

    /// The first twelve digits, for people and file names.
    package var short: String { String(hexadecimal.prefix(12)) }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.hexadecimal < rhs.hexadecimal }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let digest = ContentDigest(hexadecimal: text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "'\(text)' is no SHA-256 digest of 64 hexadecimal digits"
            )
        }
        self = digest
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(hexadecimal)
    }
}

/// An incremental SHA-256 computation.
///
/// Feeding content in any number of pieces gives the digest of the concatenation.
package struct ContentHasher {
    private var state = crypto_hash_sha256_state()

    /// A hasher that has seen nothing.
    package init() {
        unsafe _ = crypto_hash_sha256_init(&state)
    }

    /// Appends bytes to the content.
    package mutating func update(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { unsafe update(raw: $0) }
    }

    /// Appends the memory of a buffer to the content; the caller keeps it alive for the call.
    package mutating func update(raw buffer: UnsafeRawBufferPointer) {
        guard let start = buffer.baseAddress else { return }
        let bytes = unsafe start.assumingMemoryBound(to: UInt8.self)
        unsafe _ = crypto_hash_sha256_update(&state, bytes, UInt64(buffer.count))
    }

    /// Appends samples as little-endian IEEE 754 bytes, NaN in one canonical pattern.
    ///
    /// Nodata is NaN in every tile; its payload must not decide whether two tiles are the same.
    package mutating func update(samples: [Float]) {
        let patterns = samples.map { sample in
            (sample.isNaN ? Float.nan.bitPattern : sample.bitPattern).littleEndian
        }
        unsafe patterns.withUnsafeBytes { unsafe update(raw: $0) }
    }

    /// Appends samples in double precision, in the same form.
    package mutating func update(samples: [Double]) {
        let patterns = samples.map { sample in
            (sample.isNaN ? Double.nan.bitPattern : sample.bitPattern).littleEndian
        }
        unsafe patterns.withUnsafeBytes { unsafe update(raw: $0) }
    }

    /// The digest of all that was appended.
    package mutating func finalize() -> ContentDigest {
        var bytes = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
        unsafe _ = crypto_hash_sha256_final(&state, &bytes)
        return ContentDigest(bytes: bytes)
    }
}
