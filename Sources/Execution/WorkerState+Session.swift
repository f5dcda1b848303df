internal import ContentDigest
internal import Tiling
internal import WireProtocol

// Coming to terms with a coordinator: dialling, hello, welcome, refusal, silence.

extension WorkerState {
    mutating func connectionMade(_ now: Duration) {
        // A connection that the channel made by itself while a wait is on is not used: the wait
        // ends with a new one.
        if case .backingOff = phase { return }
        log(.connected)
        greet(now)
    }

    mutating func connectionLost(_ now: Duration) {
        switch phase {
        case .greeting, .inSession:
            log(.disconnected)
            loseSession(.connecting(since: now), now)
        case .created, .connecting, .backingOff, .left: break
        }
    }

    mutating func handshakeFailed(_ reason: String, _ now: Duration) {
        log(.handshakeFailed(reason))
        handshakeFailureCount += 1
        guard welcome != nil || handshakeFailureCount < policy.handshakeFailureLimit else {
            leave(
                .incompatible(
                    "no handshake in \(handshakeFailureCount) tries (\(reason)): the server key of"
                        + " the join file is not this coordinator's, or another program has its port"
                )
            )
            return
        }
        backOff(now)
    }

    mutating func unreadableReceived(_ error: WireError, _ now: Duration) {
        if error.code == .protocolVersion {
            leave(.incompatible("the coordinator speaks another protocol: \(error)"))
            return
        }
        log(.unreadable(error.description))
        backOff(now)
    }

    /// Says hello: with all that can be taken up again, and without what is merely waiting.
    mutating func greet(_ now: Duration) {
        loseSession(.greeting(since: now), now)
        var inline: [TileResult] = []
        var later: [LeaseID] = []
        var byteCount = 0
        for entry in results {
            byteCount += entry.result.partial.count
            if byteCount <= WireLimits.opaqueBytes, inline.count < WireLimits.leases / 2 {
                inline.append(entry.result)
            } else {
                // Too much for one message: claimed as running, and reported after the welcome.
                later.append(entry.result.lease)
            }
        }
        greetedResults = Set(inline.map(\.lease))
        let hello = WorkerHello(
            workerID: identity.workerID,
            host: identity.host,
            processID: identity.processID,
            build: identity.build,
            slots: identity.slots,
            credit: identity.credit,
            memoryPerSlotBytes: identity.memoryPerSlotBytes,
            runID: welcome?.runID ?? "",
            running: running.filter { !$0.isCancelled }.map(\.lease) + failures.map(\.lease)
                + later,
            unacknowledged: inline,
            transportsObjects: identity.scratchDirectory != nil
        )
        effects.append(.send(.hello(hello)))
        log(.greeted(running: hello.running.count, unacknowledged: inline.count))
    }

    mutating func welcomed(_ new: Welcome, _ now: Duration) {
        switch phase {
        case .greeting, .inSession: break
        case .created, .connecting, .backingOff, .left: return
        }
        if let old = welcome, old.runID != new.runID {
            log(.runChanged(from: old.runID, to: new.runID))
            abandonRun()
        } else if let old = welcome, new.epoch < old.epoch {
            log(.outdatedCoordinator(epoch: new.epoch, newest: old.epoch))
            backOff(now)
            return
        } else if let old = welcome, new.planDigest != old.planDigest {
            // What is held, and the digests of what was committed, belong to the plan of before.
            leave(
                .incompatible(
                    "the run \(new.runID) has the plan \(new.planDigest.short) now, and had"
                        + " \(old.planDigest.short) when this worker joined it: a run keeps its plan;"
                        + " start the worker again with the join.json of that coordinator"
                )
            )
            return
        }
        let isStorageKnown =
            storage != .unknown && welcome?.runDirectory == new.runDirectory
            && welcome?.storageProbe == new.storageProbe
        welcome = new
        phase = .inSession
        outOfSessionSince = nil
        retryCount = 0
        handshakeFailureCount = 0
        log(.welcomed(runID: new.runID, epoch: new.epoch, session: new.session))
        if !isStorageKnown {
            storage = .verifying
            effects.append(.verifyStorage(new))
        }
        reportBacklog(now)
    }

    mutating func storageVerified(_ verified: Welcome, _ now: Duration) {
        guard storage == .verifying, isCurrentStorage(verified) else { return }
        storage = .verified
        log(.storageVerified(path: runDirectory ?? verified.runDirectory))
    }

    mutating func storageRejected(_ rejected: Welcome, _ reason: StorageRejection) {
        guard storage == .verifying, isCurrentStorage(rejected) else { return }
        releaseEverything(reason: reason.description)
        sendGoodbye(reason: reason.description)
        leave(.storageUnusable(reason.description))
    }

    mutating func refused(_ refusal: WireProtocol.Refusal, _ now: Duration) {
        switch phase {
        case .greeting, .inSession: break
        case .created, .connecting, .backingOff, .left: return
        }
        if refusal.code == .finished {
            leave(.finished)
        } else if refusal.code.isRetryable {
            backOff(now)
            if case .backingOff(let until) = phase {
                let reason =
                    "\(refusal.code.rawValue): has \(refusal.found), needs \(refusal.wanted)"
                log(.deferred(reason: reason, wait: until - now))
            }
        } else {
            leave(.refused(refusal))
        }
    }

    mutating func coordinatorLeft(_ reason: GoodbyeReason, _ now: Duration) {
        switch reason {
        case .finished: leave(.finished)
        case .cancelled: leave(.cancelled)
        case .restarting:
            log(.coordinatorRestarting)
            loseSession(.connecting(since: now), now)
        }
    }

    mutating func resynchronised(_ now: Duration) {
        // While a hello is on its way, it is the answer already.
        guard isInSession else { return }
        log(.resynchronising)
        greet(now)
    }

    /// Gives the session up: what waits is forgotten, what runs goes on.
    mutating func loseSession(_ next: Phase, _ now: Duration) {
        waiting = []
        briefs = []
        assembly = BriefAssembly()
        for index in results.indices { results[index].sentAt = nil }
        if outOfSessionSince == nil { outOfSessionSince = now }
        phase = next
    }

    /// Waits before the next try.
    mutating func backOff(_ now: Duration) {
        let wait = policy.backoff(retry: retryCount, worker: identity.workerID.text)
        retryCount += 1
        loseSession(.backingOff(until: now + wait), now)
    }

    /// Makes a new connection at once.
    mutating func redial(_ now: Duration) {
        loseSession(.connecting(since: now), now)
        effects.append(.reconnect)
    }

    /// How long silence is borne within a session or after a hello.
    var patience: Duration {
        welcome.map { .milliseconds($0.leaseMilliseconds) } ?? policy.greetingPatience
    }

    private func isCurrentStorage(_ other: Welcome) -> Bool {
        welcome?.runDirectory == other.runDirectory && welcome?.storageProbe == other.storageProbe
    }

    /// Drops what belongs to a run that is gone; its files are left to its owner.
    private mutating func abandonRun() {
        cancelRunning()
        results = []
        failures = []
        welcome = nil
        storage = .unknown
    }

    /// Tells a new session what it does not know yet.
    private mutating func reportBacklog(_ now: Duration) {
        for failure in failures { effects.append(.send(.failed(failure))) }
        failures = []
        for index in results.indices {
            guard results[index].sentAt == nil else { continue }
            results[index].sentAt = now
            if !greetedResults.contains(results[index].result.lease) {
                effects.append(.send(.completed(results[index].result)))
            }
        }
        greetedResults = []
    }
}
