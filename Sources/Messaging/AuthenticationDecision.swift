/// The answer to an authentication request.
enum AuthenticationDecision: Hashable {
    case admitted(CurvePublicKey)
    case refused(Refusal)
}
