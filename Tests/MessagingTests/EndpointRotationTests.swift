import Testing

@testable import Messaging

@Suite struct EndpointRotationTests {
    /// The endpoints of so many attempts that all fail.
    private func visits(_ count: Int, _ rotation: inout EndpointRotation) -> String {
        var visits = ""
        for _ in 0..<count {
            visits += rotation.current
            _ = rotation.attemptFailed()
        }
        return visits
    }

    @Test
    func `a single endpoint is never left`() {
        var rotation = EndpointRotation(endpoints: ["a"])
        for _ in 0..<100 {
            let hasMoved = rotation.attemptFailed()
            #expect(!hasMoved)
        }
    }

    @Test
    func `each round tries an endpoint once more than the last`() {
        var rotation = EndpointRotation(endpoints: ["a", "b"])
        #expect(visits(14, &rotation) == "aabbaaabbbaaaa")
    }

    @Test
    func `attempts per endpoint stop growing at eight`() {
        var rotation = EndpointRotation(endpoints: ["a", "b"])
        for _ in 0..<50 { rotation.advance() }
        #expect(visits(17, &rotation) == "aaaaaaaabbbbbbbba")
    }

    @Test
    func `a handshake starts the count anew`() {
        var rotation = EndpointRotation(endpoints: ["a", "b"])
        #expect(visits(1, &rotation) == "a")
        rotation.handshakeSucceeded()
        #expect(visits(3, &rotation) == "aab")
    }
}
