internal import CZeroMQ

/// A CURVE public key with its secret key.
package struct CurveKeyPair: Sendable {
    /// The key to hand out.
    package let publicKey: CurvePublicKey
    /// The key to keep.
    package let secretKey: CurveSecretKey

    /// Derives the public key of a secret key.
    package init(secretKey: CurveSecretKey) throws(MessagingError) {
        var text = [CChar](repeating: 0, count: Z85.keyCharacterCount + 1)
        let result = unsafe text.withUnsafeMutableBufferPointer { target in
            unsafe zmq_curve_public(target.baseAddress, secretKey.exposedZ85)
        }
        guard result == 0 else { throw Self.unavailable() }
        publicKey = try CurvePublicKey(z85: Self.string(text))
        self.secretKey = secretKey
    }

    /// Puts a pair together.
    ///
    /// - Throws: ``MessagingError/Code/keyInvalid`` where the keys do not belong together.
    package init(
        publicKey: CurvePublicKey,
        secretKey: CurveSecretKey
    ) throws(MessagingError) {
        let derived = try CurveKeyPair(secretKey: secretKey)
        guard derived.publicKey == publicKey else {
            throw MessagingError(
                .keyInvalid,
                subject: "key pair",
                "the secret key does not belong to the public key \(publicKey.fingerprint)"
            )
        }
        self = derived
    }

    /// Makes a new pair from the system's random source.
    package static func generate() throws(MessagingError) -> CurveKeyPair {
        var publicText = [CChar](repeating: 0, count: Z85.keyCharacterCount + 1)
        var secretText = publicText
        let result = unsafe publicText.withUnsafeMutableBufferPointer { publicTarget in
            unsafe secretText.withUnsafeMutableBufferPointer { secretTarget in
                unsafe zmq_curve_keypair(publicTarget.baseAddress, secretTarget.baseAddress)
            }
        }
        guard result == 0 else { throw unavailable() }
        return try CurveKeyPair(
            publicKey: CurvePublicKey(z85: string(publicText)),
            secretKey: CurveSecretKey(z85: string(secretText))
        )
    }

    private static func string(_ text: [CChar]) -> String {
        String(decoding: text.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static func unavailable() -> MessagingError {
        MessagingError(
            .curveUnavailable,
            subject: "libzmq",
            "cannot make CURVE keys",
            underlying: SystemFailure(number: zmq_errno())
        )
    }
}
