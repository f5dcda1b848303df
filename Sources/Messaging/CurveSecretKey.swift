/// A CURVE secret key: 32 bytes that never appear in text by accident.
package struct CurveSecretKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    /// The 32 bytes, for libzmq only.
    let bytes: [UInt8]

    /// Reads 40 characters of Z85.
    ///
    /// - Throws: ``MessagingError/Code/keyInvalid`` for anything else, without quoting it.
    package init(z85 text: some StringProtocol) throws(MessagingError) {
        guard let bytes = Z85.decodeKey(text) else {
            throw MessagingError(
                .keyInvalid,
                subject: "secret key",
                "\(text.count) characters are not a key; legal: \(Z85.keyCharacterCount)"
                    + " characters of Z85"
            )
        }
        self.bytes = bytes
    }

    /// The key as Z85, for a private file only; never for a log.
    package var exposedZ85: String { Z85.encode(bytes) }

    /// Says that a secret is here, and nothing else.
    package var description: String { "<secret key>" }
    /// As `description`, so that a debugger shows no secret either.
    package var debugDescription: String { description }
    /// Empty, so that `dump` shows no secret either.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
