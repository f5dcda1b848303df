/// How patient a worker is.
package struct WorkerPolicy: Hashable, Sendable {
    /// How long to look for the coordinator before giving up; nil for ever.
    package var giveUpAfter: Duration?
    /// How long an unanswered greeting waits, before the run's own lease time is known.
    package var greetingPatience: Duration
    /// How long one attempt to connect may take before it is begun anew.
    package var dialPatience: Duration
    /// First wait after a refusal that may pass.
    package var backoffInitial: Duration
    /// Longest wait after a refusal that may pass.
    package var backoffMaximum: Duration
    /// Failed handshakes in a row, before any welcome, that mean a wrong key or a wrong port.
    package var handshakeFailureLimit: Int
    /// When the worker is ended from outside, on the clock of its events; nil when it is not.
    package var endsAt: Duration?
    /// How long before ``endsAt`` it takes nothing new.
    package var grace: Duration

    /// A policy; the defaults suit a worker that is to serve until it is told otherwise.
    package init(
        giveUpAfter: Duration? = nil,
        greetingPatience: Duration = .seconds(10),
        dialPatience: Duration = .seconds(10),
        backoffInitial: Duration = .milliseconds(500),
        backoffMaximum: Duration = .seconds(30),
        handshakeFailureLimit: Int = 8,
        endsAt: Duration? = nil,
        grace: Duration = .seconds(30)
    ) {
        self.giveUpAfter = giveUpAfter
        self.greetingPatience = greetingPatience
        self.dialPatience = dialPatience
        self.backoffInitial = backoffInitial
        self.backoffMaximum = backoffMaximum
        self.handshakeFailureLimit = handshakeFailureLimit
        self.endsAt = endsAt
        self.grace = grace
    }

    /// The wait after the nth refusal in a row, from 0.
    ///
    /// Doubled each time and shortened by up to a half that differs between workers, so that those
    /// refused together do not come back together. No random numbers: a trace stays replayable.
    func backoff(retry: Int, worker: String) -> Duration {
        let doubled = backoffInitial * (1 << min(retry, 16))
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in "\(worker)/\(retry)".utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
        }
        let fraction = Double((hash >> 32) & 0xFFFF) / 65_536
        return min(doubled, backoffMaximum) * (1 - fraction / 2)
    }
}
