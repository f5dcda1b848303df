import Messaging
import RunStore
import Tiling
import WireProtocol

// Workers come, stay in touch, and go.

extension RunState {
    /// Admits a worker or refuses it, and settles what it still has from an earlier session.
    mutating func admit(
        _ hello: WorkerHello,
        from peer: PeerID,
        userID: String,
        at now: MonotonicInstant
    ) {
        if let refusal = refusal(of: hello, peer: peer, userID: userID) {
            var fact = RunFact(
                .workerRefused,
                .warning,
                message: "\(refusal.code.rawValue): has \(refusal.found), needs \(refusal.wanted)"
            )
            fact.worker = hello.workerID
            fact.host = hello.host
            log(fact)
            effects.append(.send(.refuse(refusal), to: peer))
            return
        }
        // A process may start over on a connection that served another identity.
        if let other = slotOfPeer[peer], let id = workers[other]?.id, id != hello.workerID {
            endDrain(id)
            endSession(
                of: other,
                .workerLeft,
                .info,
                reason: "its connection took another identity",
                at: now
            )
        }
        let isKnown = roll.knownNumber(of: hello.workerID.text) != nil
        let slot = openSession(hello, peer: peer, userID: userID, at: now)
        welcome(hello, slot: slot, peer: peer, isKnown: isKnown)
        if !isKnown { inherit(slot, at: now) }
        // Leases are numbered within a run: what a worker still has of another run means nothing here.
        let isOfThisRun = hello.runID.isEmpty || hello.runID == identity.runID
        var own = hello
        if !isOfThisRun { (own.running, own.unacknowledged) = ([], []) }
        reconcile(own, slot: slot, peer: peer, at: now)
        dispatchScope = .everyone
    }

    private func refusal(of hello: WorkerHello, peer: PeerID, userID: String) -> Refusal? {
        if phase.isOver || isShuttingDown {
            return Refusal(
                code: .finished,
                found: "a worker of the run \(identity.runID)",
                wanted: "no workers any more"
            )
        }
        if hello.build != identity.build {
            return Refusal(
                code: .build,
                found: Self.text(hello.build),
                wanted: Self.text(identity.build)
            )
        }
        guard (1...policy.slotLimit).contains(hello.slots) else {
            return malformed("\(hello.slots) slots", "1 to \(policy.slotLimit) slots")
        }
        guard (hello.slots...max(hello.slots, policy.creditLimit)).contains(hello.credit) else {
            return malformed(
                "a credit of \(hello.credit)",
                "\(hello.slots) to \(policy.creditLimit)"
            )
        }
        // A process keeps its credit for life, so an honest one never holds more.
        let kept = keptCount(hello)
        guard hello.credit >= kept else {
            return malformed("a credit of \(hello.credit)", "\(kept) for what it holds")
        }
        guard hello.memoryPerSlotBytes >= 0, hello.processID >= 0, hello.host.utf8.count <= 255
        else { return malformed("a negative number or an overlong host name", "legal values") }
        let carried = hello.running.count + hello.unacknowledged.count
        guard carried <= 2 * policy.creditLimit else {
            return malformed("\(carried) leases", "at most \(2 * policy.creditLimit)")
        }
        if let slot = slotOfWorker[hello.workerID], let known = workers[slot]?.userID,
            known != userID
        {
            return Refusal(
                code: .identity,
                found: "the identity \(hello.workerID.short), which belongs to another key",
                wanted: "an identity of its own"
            )
        }
        let isNew = slotOfWorker[hello.workerID] == nil && slotOfPeer[peer] == nil
        if isNew, usedSlots.count >= policy.sessionLimit {
            return Refusal(
                code: .full,
                found: "\(usedSlots.count) workers",
                wanted: "at most \(policy.sessionLimit)"
            )
        }
        return nil
    }

    /// Leases that a worker goes on to hold when it is admitted: those that it names, and those whose
    /// results are looked at.
    private func keptCount(_ hello: WorkerHello) -> Int {
        guard let slot = slotOfWorker[hello.workerID], let worker = workers[slot] else { return 0 }
        let named = Set(hello.running + hello.unacknowledged.map(\.lease))
        return worker.held.count { key in
            !(leases[key]?.needsWorker ?? true) || named.contains(leaseID(key))
        }
    }

    private func malformed(_ found: String, _ wanted: String) -> Refusal {
        Refusal(code: .malformed, found: found, wanted: wanted)
    }

    private static func text(_ build: BuildIdentity) -> String {
        "Sectile \(build.version), GDAL \(build.gdal), PROJ \(build.proj)"
    }

    private mutating func openSession(
        _ hello: WorkerHello,
        peer: PeerID,
        userID: String,
        at now: MonotonicInstant
    ) -> Int {
        let slot = slotOfWorker[hello.workerID] ?? addWorker(hello.workerID, at: now)
        recall(slot, userID: userID)
        if let old = workers[slot]?.session { slotOfPeer[old.peer] = nil }
        lastSession += 1
        let session = Session(peer: peer, number: lastSession)
        let isDraining = drains.contains(hello.workerID.text)
        let deadline = now.advanced(byMilliseconds: policy.leaseMilliseconds)
        slotTotal += hello.slots - (workers[slot]?.slots ?? 0)
        modifyWorker(slot) { worker in
            worker.host = hello.host
            worker.processID = hello.processID
            worker.userID = userID
            worker.slots = hello.slots
            worker.credit = hello.credit
            worker.transportsObjects = hello.transportsObjects
            worker.session = session
            worker.deadline = deadline
            worker.heardAt = now
            worker.isDraining = isDraining
            worker.restsUntil = nil
        }
        roll.enter(hello.workerID.text, host: hello.host, key: userID)
        slotOfPeer[peer] = slot
        return slot
    }

    /// Lays to a new worker what is known of its host and key: a process that starts anew is no better.
    private mutating func inherit(_ slot: Int, at now: MonotonicInstant) {
        inheritDistrust(slot)
        guard let place = workers[slot]?.place, let bench = benches[place] else { return }
        workers[slot]?.benchCount = bench.count
        if bench.until > now { workers[slot]?.benchedUntil = bench.until }
    }

    /// Gives a worker that was away for too long what is remembered of it, if it has the same key.
    private mutating func recall(_ slot: Int, userID: String) {
        guard let id = workers[slot]?.id else { return }
        for lease in departures.take(id, userID: userID) {
            workers[slot]?.remember(revoked: lease)
        }
    }

    /// Changes a worker in place.
    mutating func modifyWorker(_ slot: Int, _ change: (inout WorkerRecord) -> Void) {
        workers[slot]?.change(change)
    }

    /// Makes a place for a worker.
    mutating func addWorker(_ id: WorkerID, at now: MonotonicInstant) -> Int {
        let record = WorkerRecord(
            id: id,
            number: roll.number(of: id.text),
            isDistrusted: distrustedWorkers.contains(id.text),
            deadline: now
        )
        let free = usedSlots.count < workers.count ? workers.firstIndex { $0 == nil } : nil
        let slot = free ?? workers.count
        if free == nil { workers.append(record) } else { workers[slot] = record }
        slotOfWorker[id] = slot
        let place = usedSlots.firstIndex { $0 > slot } ?? usedSlots.endIndex
        usedSlots.insert(slot, at: place)
        return slot
    }

    private mutating func welcome(_ hello: WorkerHello, slot: Int, peer: PeerID, isKnown: Bool) {
        journal(
            .workerJoined(
                WorkerDescription(
                    id: hello.workerID.text,
                    host: hello.host,
                    processID: hello.processID,
                    slots: hello.slots,
                    build: Self.text(hello.build),
                    session: lastSession,
                    key: workers[slot]?.userID ?? ""
                )
            )
        )
        var fact = RunFact(
            isKnown ? .workerRejoined : .workerJoined,
            .notice,
            message: "process \(hello.processID), \(hello.slots) slots"
                + (hello.transportsObjects ? ", without shared storage" : "")
        )
        fact.worker = hello.workerID
        fact.host = hello.host
        fact.session = lastSession
        log(fact)
        let welcome = Welcome(
            runID: identity.runID,
            epoch: identity.epoch,
            session: lastSession,
            heartbeatMilliseconds: policy.heartbeatMilliseconds,
            leaseMilliseconds: policy.leaseMilliseconds,
            planDigest: plan.digest,
            specification: plan.specification,
            runDirectory: identity.runDirectory,
            storageProbe: identity.storageProbe
        )
        effects.append(.send(.welcome(welcome), to: peer))
        remindOfDrain(slot)
    }

    /// Takes over what the worker still computes or has computed; takes back what it has lost.
    private mutating func reconcile(
        _ hello: WorkerHello,
        slot: Int,
        peer: PeerID,
        at now: MonotonicInstant
    ) {
        var named = Set(hello.running)
        for result in hello.unacknowledged { named.insert(result.lease) }
        for key in workers[slot]?.held ?? [] where leases[key]?.needsWorker ?? false {
            let lease = leaseID(key)
            if named.contains(lease) {
                leases[key]?.confirmedAt = now
                log(fact(.leaseAdopted, .info, lease, worker: slot))
            } else {
                endLease(
                    key,
                    .released,
                    message: "the worker came back without it",
                    name: .leaseReleased,
                    at: now
                )
            }
        }
        answer(hello.running, slot: slot, peer: peer)
        for result in hello.unacknowledged { complete(result, by: slot, peer: peer, at: now) }
    }

    /// Tells a worker which of the leases that it names are committed or no longer its own.
    mutating func answer(_ named: [LeaseID], slot: Int, peer: PeerID) {
        var committed: [LeaseID] = []
        var stale: [LeaseID] = []
        for lease in named {
            if let key = liveKey(lease), leases[key]?.worker == slot { continue }
            // A late word about a lease that was committed must not make its holder delete the file.
            if committedObject(of: lease.unit)?.key.lease == lease {
                committed.append(lease)
            } else {
                stale.append(lease)
            }
        }
        if !committed.isEmpty { effects.append(.send(.committed(committed), to: peer)) }
        if !stale.isEmpty { effects.append(.send(.stale(stale), to: peer)) }
    }

    /// Renews a worker's leases and compares its list with ours.
    mutating func receive(
        _ heartbeat: WorkerHeartbeat,
        from slot: Int,
        peer: PeerID,
        at now: MonotonicInstant
    ) {
        effects.append(.send(.heartbeat(sequence: heartbeat.sequence), to: peer))
        if workers[slot]?.session?.isOutdated ?? false {
            effects.append(.send(.resync, to: peer))
        }
        remindOfDrain(slot)
        modifyWorker(slot) { worker in
            worker.residentBytes = max(0, heartbeat.residentBytes)
            worker.wallClockSeconds = heartbeat.wallClockSeconds
            worker.beatAt = now
        }
        answer(heartbeat.held, slot: slot, peer: peer)
        let named = Set(heartbeat.held)
        for key in workers[slot]?.held ?? [] {
            guard let lease = leases[key], lease.reported == nil else { continue }
            let id = leaseID(key)
            if named.contains(id) {
                leases[key]?.confirmedAt = now
            } else if now.milliseconds(since: lease.confirmedAt) > policy.leaseMilliseconds {
                // The grant or the result was lost on the way: silence about it counts as silence.
                endLease(
                    key,
                    .released,
                    message: "the worker does not know of it",
                    name: .leaseExpired,
                    at: now
                )
                workers[slot]?.remember(revoked: id)
                // The constants may have gone the same way; without them no lease is of use.
                workers[slot]?.session?.briefedRound = nil
            }
        }
        dispatchScope = merge(dispatchScope, .worker(slot))
    }

    /// Ends a connection that broke the protocol; what it held goes back uncharged.
    mutating func rejectMessage(_ refusal: Refusal, from peer: PeerID, at now: MonotonicInstant) {
        effects.append(.send(.refuse(refusal), to: peer))
        let message = "\(refusal.code.rawValue): \(refusal.found); legal: \(refusal.wanted)"
        guard let slot = slotOfPeer[peer] else {
            log(RunFact(.peerUnknown, .warning, message: message))
            return
        }
        endSession(of: slot, .workerLeft, .warning, reason: message, at: now)
    }

    /// Forgets a connection; its worker keeps its leases until their deadline and may come back.
    mutating func loseConnection(_ peer: PeerID) {
        guard let slot = slotOfPeer.removeValue(forKey: peer) else { return }
        workers[slot]?.session = nil
    }

    /// Ends a session for good: what the worker held goes back uncharged.
    mutating func endSession(
        of slot: Int,
        _ name: RunFact.Name,
        _ severity: RunFact.Severity,
        reason: String,
        at now: MonotonicInstant
    ) {
        guard let worker = workers[slot] else { return }
        var fact = RunFact(name, severity, message: reason)
        fact.worker = worker.id
        fact.host = worker.host
        fact.session = worker.session?.number
        log(fact)
        // Reports that are being looked at are ours already: they need no worker any more.
        let kept = worker.held.filter { !(leases[$0]?.needsWorker ?? true) }
        for key in worker.held where leases[key]?.needsWorker ?? false {
            endLease(key, .released, message: reason, name: .leaseReleased, at: now)
        }
        journal(.workerLeft(id: worker.id.text, reason: reason))
        if let peer = worker.session?.peer { slotOfPeer[peer] = nil }
        workers[slot]?.session = nil
        if kept.isEmpty { forget(slot, at: now) }
    }

    /// Takes back everything from a worker that fell silent or died.
    ///
    /// The leases being computed fail with `failureClass`; where it is nil, nothing speaks against their
    /// tiles. A loss counts unless it was the coordinator's own death that parted them.
    mutating func loseWorker(
        _ slot: Int,
        _ failureClass: FailureClass?,
        isCounted: Bool = true,
        reason: String,
        at now: MonotonicInstant
    ) {
        guard let worker = workers[slot] else { return }
        var fact = RunFact(.workerLost, .warning, message: reason)
        fact.worker = worker.id
        fact.host = worker.host
        fact.session = worker.session?.number
        fact.failureClass = failureClass
        log(fact)
        let computing = max(1, worker.slots)
        let lost = worker.held.filter { leases[$0]?.needsWorker ?? false }
        for (position, key) in lost.enumerated() {
            let lease = leaseID(key)
            if position >= computing {
                endLease(
                    key,
                    .released,
                    message: "waited at a worker that was lost: \(reason)",
                    name: .leaseExpired,
                    at: now
                )
            } else if let failureClass {
                endLease(
                    key,
                    .failed,
                    failureClass,
                    message: reason,
                    name: .attemptFailed,
                    at: now
                )
            } else {
                endLease(
                    key,
                    isCounted ? .lost : .released,
                    message: reason,
                    name: .leaseExpired,
                    at: now
                )
            }
            workers[slot]?.remember(revoked: lease)
        }
        journal(.workerLeft(id: worker.id.text, reason: reason))
        if let peer = worker.session?.peer { slotOfPeer[peer] = nil }
        workers[slot]?.session = nil
        forget(slot, at: now)
    }

    /// The parent of a local worker process saw it end.
    mutating func endLocalWorker(
        _ processID: Int,
        host: String,
        _ failureClass: FailureClass?,
        reason: String,
        at now: MonotonicInstant
    ) {
        let slot = usedSlots.first { slot in
            workers[slot].map { $0.processID == processID && $0.host == host } ?? false
        }
        guard let slot, let id = workers[slot]?.id else { return }
        endDrain(id)
        loseWorker(slot, failureClass, reason: reason, at: now)
    }

    /// Ends the sessions of keys that are no longer admitted; what they hold is others' at once, uncharged.
    mutating func endSessions(of keys: Set<String>, at now: MonotonicInstant) {
        for slot in usedSlots {
            guard let worker = workers[slot], let key = worker.userID, keys.contains(key) else {
                continue
            }
            if let peer = worker.session?.peer {
                let refusal = Refusal(
                    code: .identity,
                    found: "a key that was revoked",
                    wanted: "a key that this coordinator admits"
                )
                effects.append(.send(.refuse(refusal), to: peer))
            }
            loseWorker(slot, nil, isCounted: false, reason: "its key was revoked", at: now)
        }
        dispatchScope = .everyone
    }

    /// Drops a worker that is away and holds nothing, unless its bench has to be remembered.
    mutating func forget(_ slot: Int, at now: MonotonicInstant) {
        guard let worker = workers[slot], worker.session == nil, worker.held.isEmpty,
            worker.benchedUntil.map({ $0 <= now }) ?? true
        else { return }
        // A late result of a worker that is forgotten must still be heard, and its file go.
        departures.keep(
            Departures.Entry(userID: worker.userID, revoked: worker.revoked),
            of: worker.id,
            limit: policy.sessionLimit
        )
        workers[slot] = nil
        slotTotal -= worker.slots
        slotOfWorker[worker.id] = nil
        usedSlots.removeAll { $0 == slot }
    }
}
