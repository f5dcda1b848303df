/// Which of several endpoints a worker dials, one at a time.
///
/// A DEALER connected to all of them would spread its messages over those that answer, which may be
/// two addresses of one coordinator. So it dials one, and moves on after some failed attempts: two
/// in the first round, one more in each round, up to eight, while libzmq lengthens the wait between
/// attempts. A completed handshake starts the count anew.
struct EndpointRotation {
    private let endpoints: [String]
    private var index = 0
    private var failureCount = 0
    private var roundCount = 0

    init(endpoints: [String]) {
        precondition(!endpoints.isEmpty, "a worker needs an endpoint")
        self.endpoints = endpoints
    }

    var current: String { endpoints[index] }

    mutating func handshakeSucceeded() {
        failureCount = 0
        roundCount = 0
    }

    /// Counts a failed attempt; true where the next endpoint is to be dialled.
    mutating func attemptFailed() -> Bool {
        failureCount += 1
        guard endpoints.count > 1, failureCount >= min(2 + roundCount, 8) else { return false }
        advance()
        return true
    }

    mutating func advance() {
        failureCount = 0
        index += 1
        if index == endpoints.count {
            index = 0
            roundCount += 1
        }
    }
}
