package import Messaging
package import WireProtocol

/// How much each connection may say, in the manner of a token bucket.
///
/// A worker owes an answer for each lease, and little else: heartbeats, a greeting, pieces that were
/// asked for. What is beyond what its leases explain is a flood, and ends its session, whatever the
/// key it was admitted with. A value; buckets of connections that are quiet are forgotten.
package struct MessageAllowance: Sendable {
    /// What a connection may say.
    package struct Limits: Hashable, Sendable {
        /// Messages that may come at once.
        package var burst = 16_384
        /// Messages for each second that come without a reason.
        package var perSecond = 1_000
        /// Messages that each granted lease explains: its report, also when repeated.
        package var perLease = 4
        /// Messages that a greeting counts as: it is answered with the plan, and journaled.
        package var perGreeting = 100

        /// The defaults; an honest worker of thousands of tiles a second stays far within them.
        package init() {}
    }

    /// What becomes of a message.
    package enum Verdict: Hashable, Sendable {
        /// It is taken.
        case taken
        /// It is the first beyond the allowance.
        case excessive
        /// It is another one beyond the allowance.
        case dropped
    }

    private struct Bucket {
        var tokens: Int
        var filledAt: MonotonicInstant
        var isExhausted = false
    }

    /// What a connection may say.
    package let limits: Limits
    private var buckets: [PeerID: Bucket] = [:]

    /// Nobody has said anything yet.
    package init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// Connections that are remembered.
    package var count: Int { buckets.count }

    /// A message has come.
    ///
    /// A connection that exhausted its allowance is heard again once a tenth of it has come back.
    package mutating func take(from peer: PeerID, at now: MonotonicInstant) -> Verdict {
        var bucket = filled(peer, at: now)
        defer { buckets[peer] = bucket }
        if bucket.isExhausted {
            guard bucket.tokens >= max(1, limits.burst / 10) else { return .dropped }
            bucket.isExhausted = false
        }
        guard bucket.tokens >= 1 else {
            bucket.isExhausted = true
            return .excessive
        }
        bucket.tokens -= 1
        return .taken
    }

    /// The message was a greeting.
    package mutating func countGreeting(of peer: PeerID) {
        buckets[peer]?.tokens -= limits.perGreeting - 1
    }

    /// A message is sent: leases explain what will come.
    package mutating func note(_ message: CoordinatorMessage, to peer: PeerID) {
        guard var bucket = buckets[peer] else { return }
        let explained: Int
        switch message {
        case .lease(let grants): explained = grants.count * limits.perLease
        case .request: explained = 2
        case .piece: explained = 1
        case .welcome, .refuse, .stage, .committed, .stale, .heartbeat, .drain, .goodbye, .resync:
            return
        }
        bucket.tokens = min(limits.burst, bucket.tokens + explained)
        buckets[peer] = bucket
    }

    /// Forgets connections that could say as much if they were new.
    package mutating func passTime(at now: MonotonicInstant) {
        buckets = buckets.filter { peer, bucket in
            let filled = self.filled(bucket, at: now)
            return filled.isExhausted || filled.tokens < limits.burst
        }
    }

    private func filled(_ peer: PeerID, at now: MonotonicInstant) -> Bucket {
        guard let bucket = buckets[peer] else {
            return Bucket(tokens: limits.burst, filledAt: now)
        }
        return filled(bucket, at: now)
    }

    private func filled(_ bucket: Bucket, at now: MonotonicInstant) -> Bucket {
        // A minute fills any bucket; more could overflow.
        let elapsed = min(60_000, max(0, now.milliseconds(since: bucket.filledAt)))
        let gained = elapsed * limits.perSecond / 1000
        guard gained > 0 else { return bucket }
        var bucket = bucket
        bucket.tokens = min(limits.burst, bucket.tokens + gained)
        bucket.filledAt = now
        return bucket
    }
}
