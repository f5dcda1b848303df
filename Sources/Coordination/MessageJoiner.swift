import Messaging
import Tiling
import WireProtocol

/// Joins messages that are released together: one list for a worker instead of many.
enum MessageJoiner {
    /// The most grants that one message takes; each names few inputs, so it stays far from the limit
    /// of an envelope.
    static let grantLimit = 512
    /// The most leases that one message takes.
    static let leaseLimit = 4096

    /// The same actions with neighbouring messages for a peer joined; their order for each peer stays.
    static func joined(_ actions: [CommitGate.Action]) -> [CommitGate.Action] {
        var joined: [CommitGate.Action] = []
        var lastOfPeer: [PeerID: Int] = [:]
        for action in actions {
            guard case .send(let message, let peer) = action else {
                // What is not a message ends what may be joined: an end comes after all messages.
                lastOfPeer = [:]
                joined.append(action)
                continue
            }
            if let last = lastOfPeer[peer], case .send(let earlier, _) = joined[last],
                let both = join(earlier, message)
            {
                joined[last] = .send(both, to: peer)
            } else {
                lastOfPeer[peer] = joined.count
                joined.append(action)
            }
        }
        return joined
    }

    private static func join(
        _ first: CoordinatorMessage,
        _ second: CoordinatorMessage
    ) -> CoordinatorMessage? {
        switch (first, second) {
        case (.lease(let left), .lease(let right)) where left.count + right.count <= grantLimit:
            .lease(left + right)
        case (.committed(let left), .committed(let right))
        where left.count + right.count <= leaseLimit:
            .committed(unique(left + right))
        case (.stale(let left), .stale(let right)) where left.count + right.count <= leaseLimit:
            .stale(unique(left + right))
        default: nil
        }
    }

    /// A list of leases has no lease twice on the wire.
    private static func unique(_ leases: [LeaseID]) -> [LeaseID] {
        var seen: Set<LeaseID> = []
        return leases.filter { seen.insert($0).inserted }
    }
}
