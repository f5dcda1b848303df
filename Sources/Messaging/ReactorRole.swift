/// Which side of the network a reactor plays.
enum ReactorRole: Sendable {
    case coordinator(endpoint: String, keys: CurveKeyPair, authenticator: Authenticator)
    case worker(endpoints: [String], keys: CurveKeyPair, serverKey: CurvePublicKey)
}
