/// A CURVE public key: 32 bytes, written as 40 characters of Z85.
package struct CurvePublicKey: Sendable, Hashable, CustomStringConvertible {
    /// The 32 bytes.
    package let bytes: [UInt8]

    /// Wraps 32 bytes.
    ///
    /// - Throws: ``MessagingError/Code/keyInvalid`` for any other number of bytes.
    package init(bytes: [UInt8]) throws(MessagingError) {
        guard bytes.count == Z85.keyByteCount else {
            throw MessagingError(
                .keyInvalid,
                subject: "public key",
                "has \(bytes.count) bytes; legal: \(Z85.keyByteCount)"
            )
        }
        self.bytes = bytes
    }

    /// Reads 40 characters of Z85.
    ///
    /// - Throws: ``MessagingError/Code/keyInvalid`` for anything else.
    package init(z85 text: some StringProtocol) throws(MessagingError) {
        guard let bytes = Z85.decodeKey(text) else {
            throw MessagingError(
                .keyInvalid,
                subject: "public key",
                "'\(text.prefix(60))' is not a key; legal: \(Z85.keyCharacterCount) characters of"
                    + " Z85"
            )
        }
        self.bytes = bytes
    }

    /// The key as 40 characters of Z85.
    package var z85: String { Z85.encode(bytes) }

    /// A short name for logs and listings: the first 8 bytes in hexadecimal, in groups of four.
    ///
    /// Enough for people to tell keys apart. Decisions compare whole keys.
    package var fingerprint: String {
        let digits = Hexadecimal.text(bytes.prefix(8))
        return stride(from: 0, to: digits.count, by: 4)
            .map { digits.dropFirst($0).prefix(4) }
            .joined(separator: "-")
    }

    /// The fingerprint.
    package var description: String { fingerprint }
}
