package import Coordination
package import Execution
package import Messaging
package import Tiling
package import WireProtocol

/// A worker process without its threads, slots and files: the product's own ``WorkerState``, told what
/// happens and asked what to do.
///
/// It keeps what it computes through the loss of its connection, repeats what was not acknowledged, and
/// forgets everything when it is killed.
package struct SimulatedWorker: Sendable {
    /// What a worker wants done.
    package enum Act: Sendable, Hashable {
        /// Send a message over the present connection.
        case send(WorkerMessage)
        /// Take up a new connection; `connected(at:)` comes when it stands.
        case reconnect
        /// Look at the run's storage; `verified(_:at:)` comes later.
        case verifyStorage(Welcome)
        /// Begin to compute; `finish(_:…)` comes later.
        case compute(TileRequest)
        /// Remove an object.
        case remove(TileObjectKey)
        /// End the process.
        case leave(WorkerExit)
    }

    /// Identity of the process.
    package var id: WorkerID { state.identity.workerID }
    /// True when its objects are fetched from it.
    package var transportsObjects: Bool { state.identity.scratchDirectory != nil }
    /// The connection; the coordinator knows the worker by it.
    package private(set) var peer: PeerID
    /// Leases on slots, those too whose outcome is no longer wanted.
    private var computing: Set<LeaseID> = []
    private var state: WorkerState
    /// Objects that it still has and that the coordinator may fetch; none where it sees the storage.
    private var kept: Set<TileObjectKey> = []
    private var beatSession: UInt64?
    private var beatAt = Duration.zero
    private var sequence: UInt64 = 0
    /// What contradicts itself.
    package private(set) var violations: [String] = []

    /// A worker that has just started and dials.
    package init(
        id: WorkerID,
        slots: Int,
        transportsObjects: Bool = false,
        peer: PeerID,
        policy: WorkerPolicy = WorkerPolicy(),
        at now: MonotonicInstant
    ) {
        self.peer = peer
        state = WorkerState(
            identity: WorkerIdentity(
                workerID: id,
                host: "host",
                processID: 1,
                build: BuildIdentity(version: "1", gdal: "3.6.2", proj: "9.1.1"),
                slots: slots,
                credit: slots + 1,
                memoryPerSlotBytes: 0,
                scratchDirectory: transportsObjects ? "/scratch" : nil
            ),
            policy: policy
        )
        _ = apply(.channelOpened, at: now)
    }

    /// True once it has left.
    package var isFinished: Bool { state.exit != nil }

    /// The old connection is gone; the channel dials again by itself, and is known by another name then.
    package mutating func disconnect(redialling peer: PeerID, at now: MonotonicInstant) -> [Act] {
        self.peer = peer
        return apply(.connectionLost, at: now)
    }

    /// The connection that it wanted is being made, under another name.
    package mutating func dial(as peer: PeerID) { self.peer = peer }

    /// The connection stands.
    package mutating func connected(at now: MonotonicInstant) -> [Act] {
        apply(.connectionMade, at: now)
    }

    /// The storage that a welcome named can be used.
    package mutating func verified(_ welcome: Welcome, at now: MonotonicInstant) -> [Act] {
        apply(.storageVerified(welcome), at: now)
    }

    /// Hears a message of the coordinator.
    package mutating func hear(_ message: CoordinatorMessage, at now: MonotonicInstant) -> [Act] {
        apply(.received(message), at: now)
    }

    /// Is told to end.
    package mutating func drain(graceMilliseconds: Int, at now: MonotonicInstant) -> [Act] {
        apply(
            .drainRequested(grace: .milliseconds(graceMilliseconds), reason: "notice of the end"),
            at: now
        )
    }

    /// True while it has a result that was not committed.
    package func isHolding(_ result: TileResult) -> Bool { kept.contains(result.object.key) }

    /// A computation ended with a result or a failure, and its slot is free.
    package mutating func finish(
        _ lease: LeaseID,
        _ outcome: Result<TileResult, TileFailure>,
        at now: MonotonicInstant
    ) -> [Act] {
        computing.remove(lease)
        switch outcome {
        case .success(let result):
            if transportsObjects { kept.insert(result.object.key) }
            return apply(.tileCompleted(lease, result), at: now)
        case .failure(let failure): return apply(.tileFailed(lease, failure), at: now)
        }
    }

    /// Time has passed: deadlines end, and a heartbeat may be due; its clock on the wall shows anything.
    package mutating func passTime(at now: MonotonicInstant, wallSeconds: Double) -> [Act] {
        let time = Self.time(now)
        var acts: [Act] = []
        if let deadline = state.nextDeadline, deadline <= time {
            acts = apply(.timePassed, at: now)
        }
        guard let session = state.session else { return acts }
        let isNew = beatSession != session.session
        let interval = session.heartbeatMilliseconds(isIdle: state.isIdle)
        guard isNew || beatAt + .milliseconds(interval) <= time else { return acts }
        if isNew { sequence = 0 }
        beatSession = session.session
        beatAt = time
        sequence += 1
        let heartbeat = WorkerHeartbeat(
            held: state.held,
            residentBytes: 1 << 20,
            wallClockSeconds: wallSeconds,
            sequence: sequence
        )
        return acts + [.send(.heartbeat(heartbeat))]
    }

    private mutating func apply(_ event: WorkerEvent, at now: MonotonicInstant) -> [Act] {
        let effects = state.apply(event, at: Self.time(now))
        violations += state.invariantViolations()
        let acts = effects.compactMap { act($0) }
        if kept.count > state.identity.credit + state.identity.slots {
            violations.append("worker \(id) keeps \(kept.count) objects")
        }
        return acts
    }

    private mutating func act(_ effect: WorkerEffect) -> Act? {
        switch effect {
        case .send(let message): return .send(message)
        case .reconnect: return .reconnect
        case .verifyStorage(let welcome): return .verifyStorage(welcome)
        case .compute(let request):
            if !computing.insert(request.lease).inserted {
                violations.append("\(request.lease) is begun twice")
            }
            return .compute(request)
        case .discard(let key, _):
            kept.remove(key)
            return .remove(key)
        case .keep(let object):
            kept.remove(object.key)
            return nil
        case .leave(let exit):
            switch exit {
            case .finished, .cancelled, .drained: break
            default: violations.append("worker \(id) left: \(exit)")
            }
            return .leave(exit)
        case .cancel, .serve, .take, .log: return nil
        }
    }

    private static func time(_ now: MonotonicInstant) -> Duration {
        .nanoseconds(now.nanoseconds)
    }
}
