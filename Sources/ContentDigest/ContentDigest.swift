private import CSodium

/// A SHA-256 digest of some content, the identity of inputs, plans and committed tiles.
///
/// libsodium computes it: the library is on every machine that has libzmq, and costs no build time.
/// The text form is 64 lower-case hexadecimal digits; in memory it is 32 bytes without an allocation,
/// because a run keeps two of them for every tile.
package struct ContentDigest: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    // Bytes in big-endian order, so that words compare as the text does.
    private let first: UInt64
    private let second: UInt64
    private let third: UInt64
    private let fourth: UInt64

    /// Number of bytes.
    package static let byteCount = 32

    /// 32 zero bytes, the digest of nothing that exists.
    static let zero = ContentDigest(words: 0, 0, 0, 0)

    private init(words first: UInt64, _ second: UInt64, _ third: UInt64, _ fourth: UInt64) {
        self.first = first
        self.second = second
        self.third = third
        self.fourth = fourth
    }

    /// Parses the text form; nil unless it is exactly 64 hexadecimal digits.
    package init?(hexadecimal: String) {
        var words = (UInt64(0), UInt64(0), UInt64(0), UInt64(0))
        var count = 0
        for digit in hexadecimal.utf8 {
            let value: UInt8
            switch digit {
            case 48...57: value = digit - 48
            case 97...102: value = digit - 87
            default: return nil
            }
            switch count / 16 {
            case 0: words.0 = words.0 << 4 | UInt64(value)
            case 1: words.1 = words.1 << 4 | UInt64(value)
            case 2: words.2 = words.2 << 4 | UInt64(value)
            case 3: words.3 = words.3 << 4 | UInt64(value)
            default: return nil
            }
            count += 1
        }
        guard count == 2 * Self.byteCount else { return nil }
        self.init(words: words.0, words.1, words.2, words.3)
    }

    /// Takes up the bytes of a digest; nil unless there are exactly 32.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        // An array is read by its indices; other collections are slow to walk through.
        let array = Array(bytes)
        func word(_ number: Int) -> UInt64 {
            array[8 * number..<8 * number + 8].reduce(0) { $0 << 8 | UInt64($1) }
        }
        self.init(words: word(0), word(1), word(2), word(3))
    }

    /// The bytes, in the order of the text form's digits.
    package var bytes: [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: Self.byteCount) { buffer, count in
            for (word, value) in [first, second, third, fourth].enumerated() {
                for byte in 0..<8 {
                    unsafe buffer[8 * word + byte] = UInt8(
                        truncatingIfNeeded: value >> UInt64(56 - 8 * byte)
                    )
                }
            }
            count = Self.byteCount
        }
    }

    /// The 64 lower-case hexadecimal digits.
    package var hexadecimal: String {
        unsafe String(unsafeUninitializedCapacity: 2 * Self.byteCount) { buffer in
            for (word, value) in [first, second, third, fourth].enumerated() {
                for digit in 0..<16 {
                    let nibble = UInt8(truncatingIfNeeded: value >> UInt64(60 - 4 * digit)) & 15
                    unsafe buffer[16 * word + digit] = nibble < 10 ? 48 + nibble : 87 + nibble
                }
            }
            return 2 * Self.byteCount
        }
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

    package static func < (lhs: Self, rhs: Self) -> Bool {
        (lhs.first, lhs.second, lhs.third, lhs.fourth)
            < (rhs.first, rhs.second, rhs.third, rhs.fourth)
    }

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
        guard let digest = ContentDigest(bytes: bytes) else {
            preconditionFailure("libsodium makes digests of \(bytes.count) bytes")
        }
        return digest
    }
}
