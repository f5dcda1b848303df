/// Texts within a PNG file, which readers of pictures show and keep: a picture that is passed on without
/// its run still says what it shows.
///
/// Each becomes a chunk `iTXt` (PNG specification, third edition, 11.3.3.4), uncompressed UTF-8, before the
/// image.
package struct PictureText: Hashable, Sendable {
    /// Keyword, such as `Title` or `Source`; at most 79 letters of ASCII.
    package let key: String
    /// The text.
    package let value: String

    /// A text.
    package init(key: String, value: String) {
        precondition((1...79).contains(key.utf8.count), "a keyword has 1 to 79 bytes")
        self.key = key
        self.value = value
    }

    /// The bytes of a PNG file with texts put in after its header.
    static func adding(_ texts: [PictureText], to png: [UInt8]) -> [UInt8] {
        // The signature has 8 bytes; the header IHDR is 25 bytes long and comes first.
        let headLength = 33
        guard png.count > headLength else { return png }
        return Array(png[..<headLength]) + texts.flatMap(\.chunk) + Array(png[headLength...])
    }

    private var chunk: [UInt8] {
        // Keyword, end, not compressed, method 0, no language, no translated keyword.
        let data = Array(key.utf8) + [0, 0, 0, 0, 0] + Array(value.utf8)
        let typed = Array("iTXt".utf8) + data
        return Self.bytes(UInt32(data.count)) + typed + Self.bytes(Self.checksum(typed))
    }

    private static func bytes(_ number: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    /// The cyclic redundancy check of a chunk (PNG specification, annex D).
    static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var remainder = UInt32.max
        for byte in bytes {
            remainder ^= UInt32(byte)
            for _ in 0..<8 {
                remainder = remainder & 1 == 1 ? 0xedb8_8320 ^ (remainder >> 1) : remainder >> 1
            }
        }
        return ~remainder
    }
}
