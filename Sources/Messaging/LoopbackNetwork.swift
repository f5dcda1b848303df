internal import Synchronization

/// The in-process twin of the network: the same seams and promises, without sockets or threads.
///
/// Delivery happens within the call that sends, unless ``delivery`` says otherwise; delayed
/// messages wait for ``advance(by:)``. So a test decides what is lost, doubled or late, and a run
/// is repeatable. Differences from ZeroMQ: messages can be doubled and reordered on request, and a
/// full receiver is noticed at once.
package final class LoopbackNetwork: Sendable {
    /// The endpoint that events name.
    package static let endpoint = "loopback"

    private struct Delayed {
        let dueStep: Int
        let number: Int
        let envelope: LoopbackEnvelope
    }

    private struct WorkerPort {
        let publicKey: CurvePublicKey
        let inbox: EventInbox
        var peer: PeerID?
        /// What was sent without being admitted.
        var waiting: [OutboundMessage] = []
    }

    private struct State {
        var isCoordinatorOpen = true
        var workers: [Int: WorkerPort] = [:]
        var workerByPeer: [PeerID: Int] = [:]
        var lastWorker = 0
        var lastPeer: UInt32 = 0
        var step = 0
        var messageNumber = 0
        var delayed: [Delayed] = []
    }

    let authenticator: Authenticator
    let serverKey: CurvePublicKey
    let limits: SocketLimits
    let coordinatorInbox: EventInbox
    private let delivery: @Sendable (LoopbackEnvelope) -> LoopbackDelivery
    private let state = Mutex(State())

    /// Makes a network with one coordinator and no workers.
    ///
    /// - Parameters:
    ///   - serverKey: The coordinator's key.
    ///   - authenticator: Decides who is admitted.
    ///   - limits: The bounds of messages and queues, on both sides.
    ///   - delivery: Decides the fate of each message; called in the order of sending, one at a
    ///     time, and must not use the network itself.
    package init(
        serverKey: CurvePublicKey,
        authenticator: Authenticator,
        limits: SocketLimits = .coordinator,
        delivery: @escaping @Sendable (LoopbackEnvelope) -> LoopbackDelivery = { _ in .deliver }
    ) {
        self.serverKey = serverKey
        self.authenticator = authenticator
        self.limits = limits
        self.delivery = delivery
        coordinatorInbox = Self.makeInbox(limits)
    }

    /// The coordinator's channel.
    package func coordinator() -> LoopbackCoordinatorChannel {
        LoopbackCoordinatorChannel(network: self)
    }

    /// Adds a worker and connects it.
    ///
    /// - Parameters:
    ///   - publicKey: The worker's key; where it is not admitted, both sides are told.
    ///   - limits: The bounds of what the worker itself will send; the network's where `nil`.
    /// - Returns: The worker's channel.
    package func worker(
        publicKey: CurvePublicKey,
        limits: SocketLimits? = nil
    ) -> LoopbackWorkerChannel {
        let inbox = Self.makeInbox(self.limits)
        let number = state.withLock { state in
            state.lastWorker += 1
            state.workers[state.lastWorker] = WorkerPort(publicKey: publicKey, inbox: inbox)
            connect(state.lastWorker, &state)
            return state.lastWorker
        }
        return LoopbackWorkerChannel(
            network: self,
            number: number,
            inbox: inbox,
            limits: limits ?? self.limits
        )
    }

    /// Lets virtual time pass and delivers what falls due, by due step, then order of sending.
    package func advance(by steps: Int = 1) {
        precondition(steps >= 0, "time does not run backwards")
        state.withLock { state in
            state.step += steps
            let now = state.step
            let due = state.delayed.filter { $0.dueStep <= now }
                .sorted { ($0.dueStep, $0.number) < ($1.dueStep, $1.number) }
            state.delayed.removeAll { $0.dueStep <= now }
            for item in due { deliver(item.envelope, state) }
        }
    }

    func sendToWorker(_ message: OutboundMessage) -> SendOutcome {
        guard limits.admits(message.frames) else { return .illegal }
        return state.withLock { state in
            guard state.isCoordinatorOpen else { return .closed }
            guard let number = state.workerByPeer[message.peer], let port = state.workers[number]
            else {
                coordinatorInbox.append([.undeliverable(message, .peerGone)])
                return .queued
            }
            guard port.inbox.room() > 0 else {
                coordinatorInbox.append([.undeliverable(message, .peerFull)])
                return .queued
            }
            carry(message, .toWorker, port, &state)
            return .queued
        }
    }

    func sendToCoordinator(_ message: OutboundMessage, from number: Int) -> SendOutcome {
        state.withLock { state in
            guard var port = state.workers[number] else { return .closed }
            guard let peer = port.peer else {
                guard port.waiting.count < limits.outboundQueueMessages else { return .queueFull }
                port.waiting.append(message)
                state.workers[number] = port
                return .queued
            }
            guard coordinatorInbox.room() > 0 else { return .queueFull }
            if message.frames.contains(where: { $0.count > limits.maximumFrameBytes }) {
                // As libzmq does: the connection is cut and made again.
                disconnect(number, &state)
                connect(number, &state)
                return .queued
            }
            guard message.frames.count <= limits.maximumFrameCount else {
                coordinatorInbox.inform(
                    .rejected(
                        peer: peer,
                        userID: port.publicKey.z85,
                        frameCount: message.frames.count
                    )
                )
                return .queued
            }
            let addressed = OutboundMessage(peer: peer, frames: message.frames)
            carry(addressed, .toCoordinator, port, &state)
            return .queued
        }
    }

    func reconnect(_ number: Int) {
        state.withLock { state in
            guard var port = state.workers[number] else { return }
            port.inbox.append(port.waiting.map { .undeliverable($0, .reconnected) })
            port.waiting = []
            state.workers[number] = port
            disconnect(number, &state)
            connect(number, &state)
        }
    }

    func closeWorker(_ number: Int) {
        state.withLock { state in
            disconnect(number, &state)
            let port = state.workers.removeValue(forKey: number)
            port?.inbox.append((port?.waiting ?? []).map { .undeliverable($0, .closed) })
            port?.inbox.close()
        }
    }

    func closeCoordinator() {
        state.withLock { state in
            guard state.isCoordinatorOpen else { return }
            for number in state.workers.keys.sorted() { disconnect(number, &state) }
            state.isCoordinatorOpen = false
            coordinatorInbox.close()
        }
    }

    private func connect(_ number: Int, _ state: inout State) {
        guard state.isCoordinatorOpen, var port = state.workers[number] else { return }
        guard authenticator.admits(port.publicKey) else {
            coordinatorInbox.inform(
                .refused(
                    Refusal(
                        address: Self.endpoint,
                        publicKey: port.publicKey,
                        reason: .unknownKey
                    )
                )
            )
            let failure = HandshakeFailure.authentication(status: 400)
            coordinatorInbox.inform(.handshakeFailed(endpoint: Self.endpoint, failure))
            port.inbox.inform(.handshakeFailed(endpoint: Self.endpoint, failure))
            return
        }
        state.lastPeer += 1
        let bytes = (0..<4).map { UInt8(truncatingIfNeeded: state.lastPeer >> (24 - 8 * $0)) }
        let peer = PeerID(bytes: [0] + bytes)
        port.peer = peer
        state.workers[number] = port
        state.workerByPeer[peer] = number
        coordinatorInbox.inform(.connected(endpoint: Self.endpoint))
        port.inbox.inform(.connected(endpoint: Self.endpoint))
    }

    private func disconnect(_ number: Int, _ state: inout State) {
        guard let peer = state.workers[number]?.peer else { return }
        state.workers[number]?.peer = nil
        state.workerByPeer[peer] = nil
        // What was under way is lost with its connection.
        state.delayed.removeAll { $0.envelope.message.peer == peer }
        coordinatorInbox.inform(.disconnected(endpoint: Self.endpoint))
        state.workers[number]?.inbox.inform(.disconnected(endpoint: Self.endpoint))
    }

    private func carry(
        _ message: OutboundMessage,
        _ direction: LoopbackEnvelope.Direction,
        _ port: WorkerPort,
        _ state: inout State
    ) {
        state.messageNumber += 1
        let envelope = LoopbackEnvelope(
            direction: direction,
            workerKey: port.publicKey,
            message: message,
            number: state.messageNumber
        )
        switch delivery(envelope) {
        case .drop: break
        case .deliver: deliver(envelope, state)
        case .duplicate:
            deliver(envelope, state)
            deliver(envelope, state)
        case .delay(let steps):
            state.delayed.append(
                Delayed(
                    dueStep: state.step + max(1, steps),
                    number: envelope.number,
                    envelope: envelope
                )
            )
        }
    }

    private func deliver(_ envelope: LoopbackEnvelope, _ state: borrowing State) {
        let peer = envelope.message.peer
        switch envelope.direction {
        case .toCoordinator:
            guard authenticator.admits(envelope.workerKey) else {
                coordinatorInbox.inform(
                    .refused(
                        Refusal(address: "", publicKey: envelope.workerKey, reason: .revoked)
                    )
                )
                return
            }
            coordinatorInbox.append([
                .message(
                    InboundMessage(
                        peer: peer,
                        userID: envelope.workerKey.z85,
                        frames: envelope.message.frames
                    )
                )
            ])
        case .toWorker:
            guard let number = state.workerByPeer[peer] else { return }
            state.workers[number]?.inbox.append([
                .message(
                    InboundMessage(
                        peer: .coordinator,
                        userID: serverKey.z85,
                        frames: envelope.message.frames
                    )
                )
            ])
        }
    }

    private static func makeInbox(_ limits: SocketLimits) -> EventInbox {
        EventInbox(
            capacity: limits.inboundQueueEvents,
            byteCapacity: limits.inboundQueueBytes
        )
    }
}
