import Testing

@testable import Messaging

@Suite struct AuthenticatorTests {
    private func key(_ seed: UInt8) throws -> CurvePublicKey {
        try CurvePublicKey(bytes: [UInt8](repeating: seed, count: 32))
    }

    private func request(
        version: String = "1.0",
        domain: String = "sectile",
        mechanism: String = "CURVE",
        credentials: [[UInt8]]
    ) throws -> AuthenticationRequest {
        try #require(
            AuthenticationRequest(
                frames: [
                    version.frame, "7".frame, domain.frame, "10.0.0.9".frame, [],
                    mechanism.frame,
                ] + credentials
            )
        )
    }

    @Test
    func `only a listed key is admitted`() throws {
        let list = AllowList([try AllowList.Entry(publicKey: key(1))])
        let authenticator = Authenticator(allowing: list)
        let known = try request(credentials: [[UInt8](repeating: 1, count: 32)])
        let unknown = try request(credentials: [[UInt8](repeating: 2, count: 32)])
        #expect(authenticator.decide(known) == .admitted(try key(1)))
        #expect(
            authenticator.decide(unknown)
                == .refused(
                    Refusal(address: "10.0.0.9", publicKey: try key(2), reason: .unknownKey)
                )
        )
    }

    @Test
    func `an empty list admits nobody`() throws {
        let authenticator = Authenticator(allowing: AllowList())
        #expect(!authenticator.admits(try key(1)))
        #expect(!authenticator.admits(userID: ""))
    }

    @Test
    func `anything out of order is refused`() throws {
        let authenticator = Authenticator(
            allowing: AllowList([try AllowList.Entry(publicKey: key(1))])
        )
        let good = [UInt8](repeating: 1, count: 32)
        let requests: [(AuthenticationRequest, Refusal.Reason)] = [
            (try request(version: "2.0", credentials: [good]), .malformed),
            (try request(domain: "", credentials: [good]), .malformed),
            (try request(mechanism: "NULL", credentials: []), .mechanism),
            (try request(mechanism: "PLAIN", credentials: [good, good]), .mechanism),
            (try request(credentials: []), .malformed),
            (try request(credentials: [good, good]), .malformed),
            (try request(credentials: [good + [1]]), .malformed),
        ]
        for (request, reason) in requests {
            guard case .refused(let refusal) = authenticator.decide(request) else {
                Issue.record("admitted \(request)")
                continue
            }
            #expect(refusal.reason == reason)
        }
        #expect(AuthenticationRequest(frames: [[], []]) == nil)
    }

    @Test
    func `a replaced list tells whose sessions are to end`() throws {
        let authenticator = Authenticator(
            allowing: AllowList([
                try AllowList.Entry(publicKey: key(1)), try AllowList.Entry(publicKey: key(2)),
            ])
        )
        let revoked = authenticator.replace(
            with: AllowList([
                try AllowList.Entry(publicKey: key(2)), try AllowList.Entry(publicKey: key(3)),
            ])
        )
        #expect(revoked == [try key(1)])
        #expect(!authenticator.admits(userID: try key(1).z85))
        #expect(authenticator.admits(userID: try key(3).z85))
    }

    @Test
    func `a refusal's reply carries no user id`() throws {
        let refusal = Refusal(address: "", publicKey: try key(1), reason: .unknownKey)
        let reply = AuthenticationRequest.reply(requestID: "7".frame, .refused(refusal))
        #expect(reply == ["1.0".frame, "7".frame, "400".frame, "unknownKey".frame, [], []])
    }
}
