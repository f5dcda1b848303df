internal import Foundation
internal import Synchronization

/// The one thread that owns a process's sockets, and the queues to and from it.
///
/// Sockets are made, used and closed on that thread. Everyone else queues work and signals an
/// eventfd that the thread polls beside its sockets.
final class ZeroMQReactor: Sendable {
    let inbox: EventInbox
    let outbox: Outbox
    let limits: SocketLimits
    private let wakeUp: WakeUpDescriptor
    private let ending = Mutex(Ending())

    private struct Ending {
        var hasEnded = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private init(limits: SocketLimits) throws(MessagingError) {
        let wakeUp = try WakeUpDescriptor()
        self.wakeUp = wakeUp
        self.limits = limits
        outbox = Outbox(
            capacity: limits.outboundQueueMessages,
            byteCapacity: limits.outboundQueueBytes,
            wakeUp: wakeUp
        )
        inbox = EventInbox(
            capacity: limits.inboundQueueEvents,
            byteCapacity: limits.inboundQueueBytes,
            onRoom: { wakeUp.signal() }
        )
    }

    /// Starts the thread and waits until its sockets stand.
    ///
    /// - Returns: The reactor, and the endpoint it is bound to or dials first.
    /// - Throws: ``MessagingError`` where limits, endpoint or keys are refused.
    static func start(
        context: ZeroMQContext,
        role: ReactorRole,
        limits: SocketLimits,
        heartbeat: Heartbeat?
    ) async throws(MessagingError) -> (ZeroMQReactor, endpoint: String) {
        try limits.validate()
        try heartbeat?.validate()
        let reactor = try ZeroMQReactor(limits: limits)
        let started: Result<String, MessagingError> = await withCheckedContinuation { started in
            let thread = Thread {
                reactor.runThread(context, role, heartbeat) { started.resume(returning: $0) }
            }
            thread.name = "sectile-zmq"
            thread.start()
        }
        return (reactor, try started.get())
    }

    func send(_ frames: [[UInt8]], to peer: PeerID) -> SendOutcome {
        guard limits.admits(frames) else { return .illegal }
        return outbox.append(OutboundMessage(peer: peer, frames: frames))
    }

    /// Asks the thread to end, and waits for it.
    func close(lingerMilliseconds: Int?) async {
        outbox.requestClose(lingerMilliseconds: lingerMilliseconds)
        await withCheckedContinuation { continuation in
            let hasEnded = ending.withLock { ending in
                if !ending.hasEnded { ending.waiters.append(continuation) }
                return ending.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }

    private func runThread(
        _ context: ZeroMQContext,
        _ role: ReactorRole,
        _ heartbeat: Heartbeat?,
        started: (Result<String, MessagingError>) -> Void
    ) {
        var last: ChannelEvent?
        do throws(MessagingError) {
            var loop = try ReactorLoop(
                context: context,
                role: role,
                limits: limits,
                heartbeat: heartbeat,
                inbox: inbox,
                outbox: outbox,
                wakeUp: wakeUp
            )
            started(.success(loop.connection.endpoint))
            do throws(MessagingError) {
                try loop.run()
            } catch {
                last = .failed(error)
            }
        } catch {
            started(.failure(error))
        }
        // The loop is gone by now, and its sockets with it.
        outbox.requestClose(lingerMilliseconds: nil)
        inbox.close(with: last)
        let waiters = ending.withLock { ending in
            ending.hasEnded = true
            defer { ending.waiters = [] }
            return ending.waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}
