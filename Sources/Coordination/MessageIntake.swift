package import Messaging
import Tiling
package import WireProtocol

/// The way of a message from the socket to the run's state: allowance, frames, message, event.
///
/// The one path for whatever a peer sends, in the ``Coordinator`` and wherever it is tried out. Total:
/// whatever the bytes, it gives an event or nothing.
package struct MessageIntake: Sendable {
    private var allowance: MessageAllowance
    private let codec: CoordinatorCodec

    /// An intake that nothing has passed.
    package init(
        codec: CoordinatorCodec = .wire,
        limits: MessageAllowance.Limits = MessageAllowance.Limits()
    ) {
        allowance = MessageAllowance(limits: limits)
        self.codec = codec
    }

    /// Connections that are remembered.
    package var connectionCount: Int { allowance.count }

    /// What a message means for the run; nil when it is dropped.
    package mutating func event(
        of message: InboundMessage,
        at now: MonotonicInstant
    ) -> RunEvent? {
        switch allowance.take(from: message.peer, at: now) {
        case .taken: break
        case .dropped: return nil
        case .excessive:
            let limits = allowance.limits
            let refusal = RunEvent.Refusal(
                code: .malformed,
                found: "more messages than leases explain",
                wanted: "at most \(limits.perSecond) a second beyond \(limits.perLease) for a lease"
            )
            return .messageRejected(refusal, from: message.peer)
        }
        do throws(WireError) {
            let decoded = try codec.decode(message.frames)
            if case .hello = decoded { allowance.countGreeting(of: message.peer) }
            return .received(decoded, from: message.peer, userID: message.userID)
        } catch {
            return .messageRejected(error.refusal, from: message.peer)
        }
    }

    /// The frames of a message to a peer.
    package mutating func frames(
        of message: CoordinatorMessage,
        to peer: PeerID
    ) -> [[UInt8]] {
        allowance.note(message, to: peer)
        return codec.encode(message)
    }

    /// Forgets connections that have long been quiet.
    package mutating func passTime(at now: MonotonicInstant) {
        allowance.passTime(at: now)
    }
}
