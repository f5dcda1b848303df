internal import CZeroMQ

/// Z85 text of keys (ZeroMQ RFC 32), by libzmq's own routines.
enum Z85 {
    static let keyByteCount = 32
    static let keyCharacterCount = 40

    private static let alphabet = Set(
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#".utf8
    )

    static func encode(_ bytes: [UInt8]) -> String {
        precondition(bytes.count.isMultiple(of: 4), "Z85 takes groups of four bytes")
        var text = [CChar](repeating: 0, count: bytes.count / 4 * 5 + 1)
        let result = unsafe bytes.withUnsafeBufferPointer { source in
            unsafe text.withUnsafeMutableBufferPointer { target in
                unsafe zmq_z85_encode(target.baseAddress, source.baseAddress, source.count)
            }
        }
        precondition(unsafe result != nil, "zmq_z85_encode takes groups of four bytes")
        return String(decoding: text.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// The 32 bytes of a key, or `nil` where the text is not one.
    static func decodeKey(_ text: some StringProtocol) -> [UInt8]? {
        // Checked here: the routine also takes other lengths.
        guard text.utf8.count == keyCharacterCount, text.utf8.allSatisfy(alphabet.contains)
        else { return nil }
        var bytes = [UInt8](repeating: 0, count: keyByteCount)
        let result = unsafe bytes.withUnsafeMutableBufferPointer { target in
            unsafe zmq_z85_decode(target.baseAddress, String(text))
        }
        return unsafe result == nil ? nil : bytes
    }
}
