package import Coordination
package import Messaging
package import Tiling
package import WireProtocol

/// A worker process as the coordinator sees it: a value that hears messages and says some.
///
/// It keeps what it computes through the loss of its connection, repeats what was not acknowledged, and
/// forgets everything when it is killed.
package struct SimulatedWorker: Sendable {
    /// What a worker wants done.
    package enum Act: Sendable, Hashable {
        /// Send a message over the present connection.
        case send(WorkerMessage)
        /// Take up a new connection, then say hello.
        case reconnect
        /// Begin to compute; `finish(_:…)` comes later.
        case compute(LeaseGrant)
        /// Remove an object.
        case remove(TileObjectKey)
        /// End the process.
        case leave
    }

    /// Identity of the process.
    package let id: WorkerID
    /// Units that it computes at a time.
    package let slots: Int
    /// True when its objects are fetched from it.
    package let transportsObjects: Bool
    /// The connection; the coordinator knows the worker by it.
    package private(set) var peer: PeerID
    /// Leases being computed.
    package private(set) var running: [LeaseGrant] = []
    private var queued: [LeaseGrant] = []
    private var unacknowledged: [TileResult] = []
    private var briefs: [WorkUnit: RoundBrief] = [:]
    private var brief: RoundBrief?
    private var assembly = BriefAssembly()
    private var isWelcome = false
    private var isDraining = false
    private var lastHeard: MonotonicInstant
    private var sequence: UInt64 = 0
    private var leaseMilliseconds: Int
    /// True once the coordinator said that the run is over.
    package private(set) var isFinished = false
    /// Leases for which a brief was missing: the coordinator broke its promise.
    package private(set) var violations: [String] = []

    /// A worker that has just started.
    package init(
        id: WorkerID,
        slots: Int,
        transportsObjects: Bool = false,
        peer: PeerID,
        leaseMilliseconds: Int,
        at now: MonotonicInstant
    ) {
        self.id = id
        self.slots = slots
        self.transportsObjects = transportsObjects
        self.peer = peer
        self.leaseMilliseconds = leaseMilliseconds
        lastHeard = now
    }

    /// What it says first on a connection.
    package var hello: WorkerMessage {
        .hello(
            WorkerHello(
                workerID: id,
                host: "host",
                processID: 1,
                build: BuildIdentity(version: "1", gdal: "3.6.2", proj: "9.1.1"),
                slots: slots,
                credit: slots + 1,
                memoryPerSlotBytes: 0,
                running: (running + queued).map(\.lease),
                unacknowledged: unacknowledged,
                transportsObjects: transportsObjects
            )
        )
    }

    /// Takes up a new connection.
    package mutating func connect(as peer: PeerID, at now: MonotonicInstant) {
        self.peer = peer
        isWelcome = false
        // Constants belong to a session: they come again before its first lease.
        brief = nil
        assembly = BriefAssembly()
        lastHeard = now
    }

    /// Hears a message of the coordinator.
    package mutating func hear(_ message: CoordinatorMessage, at now: MonotonicInstant) -> [Act] {
        lastHeard = now
        switch message {
        case .welcome(let welcome):
            isWelcome = true
            leaseMilliseconds = welcome.leaseMilliseconds
            return []
        case .refuse(let refusal):
            isFinished = refusal.code == .finished
            return []
        case .stage(let part):
            if let whole = assembly.take(part) { brief = whole }
            return []
        case .lease(let grants): return grants.flatMap { accept($0) }
        case .committed(let leases):
            unacknowledged.removeAll { leases.contains($0.lease) }
            return []
        case .stale(let leases): return drop(leases)
        case .drain:
            isDraining = true
            let back = queued.map(\.lease)
            queued = []
            return back.isEmpty ? [] : [.send(.released(back, reason: "draining"))]
        case .heartbeat, .request, .piece: return []
        case .goodbye(let reason):
            isFinished = reason != .restarting
            return []
        case .resync:
            // A new session: constants of the old one are forgotten.
            brief = nil
            assembly = BriefAssembly()
            return [.send(hello)]
        }
    }

    private mutating func accept(_ grant: LeaseGrant) -> [Act] {
        let known =
            running.map(\.lease) + queued.map(\.lease) + unacknowledged.map(\.lease)
        guard !known.contains(grant.lease) else { return [] }
        if isDraining { return [.send(.released([grant.lease], reason: "draining"))] }
        guard let brief, brief.stage == grant.lease.unit.stage,
            brief.round == grant.lease.unit.round
        else {
            // A message that overtook its brief is as good as lost; the coordinator will notice.
            return []
        }
        briefs[grant.lease.unit] = brief
        queued.append(grant)
        return start()
    }

    private mutating func start() -> [Act] {
        var acts: [Act] = []
        while running.count < slots, !queued.isEmpty {
            let next = queued.removeFirst()
            running.append(next)
            acts.append(.compute(next))
        }
        return acts
    }

    private mutating func drop(_ leases: [LeaseID]) -> [Act] {
        var acts: [Act] = []
        for result in unacknowledged where leases.contains(result.lease) {
            acts.append(.remove(result.object.key))
        }
        unacknowledged.removeAll { leases.contains($0.lease) }
        queued.removeAll { leases.contains($0.lease) }
        running.removeAll { leases.contains($0.lease) }
        return acts + start()
    }

    /// True while a result has not been acknowledged.
    package func isHolding(_ result: TileResult) -> Bool { unacknowledged.contains(result) }

    /// True while a lease is still wanted.
    package func isComputing(_ lease: LeaseID) -> Bool {
        running.contains { $0.lease == lease }
    }

    /// What a unit is computed with.
    package func brief(of unit: WorkUnit) -> RoundBrief? { briefs[unit] }

    /// A computation ended with a result or a failure.
    package mutating func finish(
        _ lease: LeaseID,
        _ outcome: Result<TileResult, SimulatedFailure>
    ) -> [Act] {
        running.removeAll { $0.lease == lease }
        let message: WorkerMessage
        switch outcome {
        case .success(let result):
            unacknowledged.append(result)
            message = .completed(result)
        case .failure(let failure):
            message = .failed(
                AttemptFailure(
                    lease: lease,
                    failureClass: failure.failureClass,
                    message: "simulated"
                )
            )
        }
        return [.send(message)] + start()
    }

    /// The time of a heartbeat has come; its clock on the wall shows anything.
    package mutating func beat(at now: MonotonicInstant, wallSeconds: Double) -> [Act] {
        if now.milliseconds(since: lastHeard) > leaseMilliseconds {
            return [.reconnect]
        }
        guard isWelcome else { return [.send(hello)] }
        if isDraining, running.isEmpty, unacknowledged.isEmpty {
            return [.send(.goodbye(reason: "drained")), .leave]
        }
        sequence += 1
        let held = (running + queued).map(\.lease)
        var acts: [Act] = [
            .send(
                .heartbeat(
                    WorkerHeartbeat(
                        held: held,
                        residentBytes: 1 << 20,
                        wallClockSeconds: wallSeconds,
                        sequence: sequence
                    )
                )
            )
        ]
        if sequence % 3 == 0 {
            acts += unacknowledged.map { .send(.completed($0)) }
        }
        return acts
    }
}

/// A failure that a simulated computation ends with.
package struct SimulatedFailure: Error, Sendable, Hashable {
    /// Its class.
    package var failureClass: FailureClass

    /// A failure of a class.
    package init(_ failureClass: FailureClass) {
        self.failureClass = failureClass
    }
}
