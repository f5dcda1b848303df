/// A key that the coordinator did not admit.
package struct Refusal: Sendable, Hashable {
    /// Why the key was not admitted.
    package enum Reason: String, Sendable, Hashable {
        /// The key is not on the allow-list.
        case unknownKey
        /// The peer asked for a mechanism other than CURVE.
        case mechanism
        /// The request for authentication could not be read.
        case malformed
        /// The key was revoked while its session lived; the message was dropped.
        case revoked
    }

    /// The peer's network address; empty where it is not known.
    package let address: String
    /// The peer's public key, where it gave one.
    package let publicKey: CurvePublicKey?
    /// Why the key was not admitted.
    package let reason: Reason

    /// Describes a refusal.
    package init(address: String, publicKey: CurvePublicKey?, reason: Reason) {
        self.address = address
        self.publicKey = publicKey
        self.reason = reason
    }
}
