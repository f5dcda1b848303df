import Messaging
import RunStore
import Tiling
import WireProtocol

// Attempts fail, are given back, or expire.

extension RunState {
    /// A worker reports a failed attempt.
    mutating func fail(
        _ failure: AttemptFailure,
        by slot: Int,
        peer: PeerID,
        at now: MonotonicInstant
    ) {
        guard let key = liveKey(failure.lease), leases[key]?.worker == slot else {
            answer([failure.lease], slot: slot, peer: peer)
            return
        }
        // A result that was reported is answered when it was looked at; calling it stale now would make its
        // worker remove a file that is about to be committed.
        guard leases[key]?.reported == nil else { return }
        modifyWorker(slot) { $0.failedCount += 1 }
        let round = current
        endLease(
            key,
            .failed,
            failure.failureClass,
            message: failure.message,
            peakResidentBytes: max(0, failure.peakResidentBytes),
            name: .attemptFailed,
            at: now
        )
        // The worker may forget the attempt as it may forget a stale one.
        effects.append(.send(.stale([failure.lease]), to: peer))
        if current == round { suspectInputs(of: failure, ordinal: key.ordinal) }
        dispatchScope = .everyone
        // A unit that is given up for its input was not this worker's fault.
        guard current == round,
            failure.failureClass != .input || rounds[current].state(of: key.ordinal) != .quarantined
        else { return }
        noteFailure(of: key.ordinal, by: slot, at: now)
    }

    /// Has the committed objects looked at that a unit reads: the reader may be innocent.
    ///
    /// At its first, second, fourth, … failure, because digests of large files take their time: the
    /// objects of its own tile, and any that the worker named.
    private mutating func suspectInputs(of failure: AttemptFailure, ordinal: Int32) {
        guard failure.failureClass == .storage, !phase.isOver,
            let count = rounds[current].tallies[ordinal]?.storageFailures, count > 0,
            count & (count - 1) == 0
        else { return }
        var objects = inputs(of: failure.lease.unit.tile)
        for key in TileObjectKey.keys(in: failure.message) {
            guard let object = committedObject(of: key.lease.unit), object.key == key,
                !objects.contains(object)
            else { continue }
            objects.append(object)
        }
        if !objects.isEmpty { effects.append(.inspect(objects)) }
    }

    /// Counts a failure against the worker, which may send it to the bench.
    mutating func noteFailure(of ordinal: Int32, by slot: Int, at now: MonotonicInstant) {
        guard !phase.isOver else { return }
        let limit = policy.benchAfterFailures
        modifyWorker(slot) { worker in
            worker.failedInRow.append(ordinal)
            let excess = worker.failedInRow.count - limit
            if excess > 0 { worker.failedInRow.removeFirst(excess) }
        }
        benchIfHopeless(slot, at: now)
    }

    /// A worker gives leases back.
    mutating func release(
        _ released: [LeaseID],
        reason: String,
        by slot: Int,
        at now: MonotonicInstant
    ) {
        for lease in released {
            guard let key = liveKey(lease), leases[key]?.worker == slot,
                leases[key]?.reported == nil
            else { continue }
            endLease(key, .released, message: reason, name: .leaseReleased, at: now)
        }
        // It would get the same units back before it has said goodbye.
        workers[slot]?.restsUntil = now.advanced(byMilliseconds: policy.heartbeatMilliseconds)
        dispatchScope = .everyone
    }

    /// Takes a lease out of every table; its unit's state is the caller's business.
    mutating func removeLease(_ key: LeaseKey) {
        guard let lease = leases.removeValue(forKey: key) else { return }
        // Its host was held back for it.
        if aloneKeys.remove(key) != nil { dispatchScope = .everyone }
        modifyWorker(lease.worker) { worker in
            if let place = worker.held.firstIndex(of: key) { worker.held.remove(at: place) }
        }
        var attempts = liveAttempts[key.ordinal] ?? []
        attempts.removeAll { $0 == key.attempt }
        liveAttempts[key.ordinal] = attempts.isEmpty ? nil : attempts
    }

    /// Ends a lease without a result, and decides what becomes of its unit.
    mutating func endLease(
        _ key: LeaseKey,
        _ outcome: AttemptOutcome,
        _ failureClass: FailureClass? = nil,
        message: String,
        peakResidentBytes: Int = 0,
        name: RunFact.Name,
        at now: MonotonicInstant
    ) {
        guard let lease = leases[key] else { return }
        let id = leaseID(key)
        let elapsed = max(0, now.seconds(since: lease.grantedAt))
        let isCharged = failureClass?.isCharged ?? false
        var fact = fact(
            name,
            outcome == .failed ? .warning : .info,
            id,
            worker: lease.worker,
            message: message
        )
        fact.failureClass = failureClass
        fact.durationMilliseconds = Int(elapsed * 1000)
        if peakResidentBytes > 0 { fact.peakMebibytes = peakResidentBytes >> 20 }
        log(fact)
        journal(
            .attemptEnded(
                AttemptEnd(
                    lease: id,
                    outcome: outcome,
                    failureClass: failureClass,
                    message: message,
                    isCharged: isCharged,
                    elapsedSeconds: elapsed,
                    peakResidentBytes: peakResidentBytes
                )
            )
        )
        removeLease(key)
        // What came of the object so far belongs to nobody.
        if lease.isCollecting, let reported = lease.reported {
            effects.append(.discard(reported.object.key))
        }
        if failureClass != nil || outcome == .lost {
            rounds[current].tallies[key.ordinal, default: FailureTally()].add(
                failureClass,
                by: workers[lease.worker]?.id.text ?? "",
                on: workers[lease.worker].map { host(of: $0) } ?? "",
                isLoss: outcome == .lost
            )
        }
        if failureClass == .outOfMemory {
            rounds[current].tallies[key.ordinal]?.exceededMemory = true
        }
        guard rounds[current].state(of: key.ordinal) == .leased else { return }
        if let verdict = quarantineVerdict(key.ordinal, failureClass, message: message, at: now) {
            quarantine(key.ordinal, verdict.failureClass, message: verdict.message, at: now)
        } else if liveAttempts[key.ordinal] == nil {
            requeue(key.ordinal, hasFailed: outcome == .failed, at: now)
        }
    }

    /// Why a unit should not be tried again; nil when it should.
    private func quarantineVerdict(
        _ ordinal: Int32,
        _ failureClass: FailureClass?,
        message: String,
        at now: MonotonicInstant
    ) -> (failureClass: FailureClass, message: String)? {
        guard let tally = rounds[current].tallies[ordinal] else { return nil }
        if failureClass == .input {
            return isConfirmed(by: tally.inputWorkers, at: now) ? (.input, message) : nil
        }
        let charges = tally.chargedWorkers.count
        if let failureClass, charges >= policy.chargeLimit,
            charges >= 2 * policy.chargeLimit
                || isConfirmed(by: Set(tally.chargedWorkers), at: now)
        {
            return (failureClass, message)
        }
        if tally.storageFailures >= policy.storageFailureLimit {
            return (.storage, "\(tally.storageFailures) attempts failed, the last: \(message)")
        }
        if tally.losses >= policy.lossLimit,
            isConfirmed(by: tally.lostWorkers, on: tally.lostHosts, at: now)
        {
            return (.crash, "\(tally.losses) workers were lost computing it, the last: \(message)")
        }
        return nil
    }

    private func isConfirmed(by witnesses: Set<String>, at now: MonotonicInstant) -> Bool {
        isConfirmed(by: witnesses, on: Set(witnesses.map { roll.host(of: $0) }), at: now)
    }

    /// True when what some workers found about a unit need not be asked of another one: they are on two
    /// hosts, or two on the only host, or nobody else is there.
    private func isConfirmed(
        by witnesses: Set<String>,
        on hosts: Set<String>,
        at now: MonotonicInstant
    ) -> Bool {
        guard hosts.count < 2 else { return true }
        var hasOthers = false
        for slot in usedSlots {
            guard let worker = workers[slot], !witnesses.contains(worker.id.text),
                worker.isTrusted(at: now)
            else { continue }
            if !hosts.contains(host(of: worker)) { return false }
            hasOthers = true
        }
        return witnesses.count >= 2 || !hasOthers
    }

    /// The host of a worker, also of one that has not come back since a restart.
    func host(of worker: WorkerRecord) -> String { roll.entry(worker.number)?.host ?? "" }

    private mutating func requeue(_ ordinal: Int32, hasFailed: Bool, at now: MonotonicInstant) {
        dispatchScope = .everyone
        let tally = rounds[current].tallies[ordinal] ?? FailureTally()
        // One that takes its workers with it again and again is not tried at once, either.
        let excess = max(0, tally.losses - policy.lossLimit + 1)
        guard hasFailed || excess > 0 else {
            rounds[current].set(ordinal, .pending)
            return
        }
        let failures =
            tally.chargedWorkers.count + tally.inputFailures + tally.storageFailures + excess
        let doublings = min(max(0, failures - 1), 20)
        let wait = min(policy.backoffLimitMilliseconds, policy.backoffMilliseconds << doublings)
        rounds[current].backOff(ordinal, until: now.advanced(byMilliseconds: wait))
    }

    private mutating func quarantine(
        _ ordinal: Int32,
        _ failureClass: FailureClass,
        message: String,
        at now: MonotonicInstant
    ) {
        let unit = rounds[current].unit(ordinal)
        rounds[current].set(ordinal, .quarantined)
        if failureClass == .input {
            for slot in usedSlots where workers[slot]?.failedInRow.contains(ordinal) ?? false {
                modifyWorker(slot) { $0.failedInRow.removeAll { $0 == ordinal } }
            }
        }
        journal(.quarantined(unit, failureClass: failureClass, message: message))
        var fact = RunFact(.tileQuarantined, .error, message: message)
        fact.concern(unit)
        fact.attempt = Attempt(max(1, Int(rounds[current].attempts[Int(ordinal)])))
        fact.failureClass = failureClass
        log(fact)
        for attempt in liveAttempts[ordinal] ?? [] {
            revoke(
                LeaseKey(ordinal: ordinal, attempt: attempt),
                .revoked,
                message: "the tile is quarantined",
                at: now
            )
        }
        stopBeyondQuarantineLimit(at: now)
        settleRound(at: now)
    }

    /// Ends a run with more quarantined tiles than the operator allows.
    mutating func stopBeyondQuarantineLimit(at now: MonotonicInstant) {
        guard let limit = policy.quarantineLimit, quarantinedCount > limit else { return }
        finishRun(
            .failed("\(quarantinedCount) tiles are quarantined, more than \(limit)"),
            at: now
        )
    }

    /// Benches a worker that fails everything while others are there to take over.
    private mutating func benchIfHopeless(_ slot: Int, at now: MonotonicInstant) {
        guard let worker = workers[slot], worker.failedInRow.count >= policy.benchAfterFailures,
            usedSlots.contains(where: { $0 != slot && workers[$0]?.canServe(at: now) ?? false })
        else { return }
        let wait = policy.benchMilliseconds << min(worker.benchCount, 6)
        let message = "\(worker.failedInRow.count) failures in a row"
        var fact = RunFact(.workerBenched, .warning, message: message)
        fact.worker = worker.id
        fact.host = worker.host
        fact.durationMilliseconds = wait
        log(fact)
        journal(.noted("worker.benched", message: message, worker: worker.id.text))
        for ordinal in Set(worker.failedInRow).sorted() { forgive(ordinal, worker: worker.id) }
        let probation = policy.benchAfterFailures - 1
        modifyWorker(slot) { worker in
            worker.benchedUntil = now.advanced(byMilliseconds: wait)
            worker.benchCount += 1
            // One more failure after the bench is enough to send it back.
            worker.failedInRow = Array(worker.failedInRow.suffix(probation))
        }
        if let place = worker.place {
            benches[place] = (now.advanced(byMilliseconds: wait), worker.benchCount + 1)
            forgetBenches()
        }
        for key in workers[slot]?.held ?? [] where leases[key]?.reported == nil {
            revoke(key, .revoked, message: "its worker is benched", at: now)
        }
        dispatchScope = .everyone
    }

    /// Keeps the memory of benches within its bound: those that end first are forgotten.
    private mutating func forgetBenches() {
        guard benches.count > policy.sessionLimit else { return }
        let first = benches.min {
            ($0.value.until, $0.key.host, $0.key.key) < ($1.value.until, $1.key.host, $1.key.key)
        }
        if let first { benches[first.key] = nil }
    }

    /// Lays failures to a worker instead of a unit.
    private mutating func forgive(_ ordinal: Int32, worker: WorkerID) {
        guard Int(ordinal) < rounds[current].tiles.count,
            var tally = rounds[current].tallies[ordinal]
        else { return }
        let isCharged = tally.chargedWorkers.contains(worker.text)
        tally.chargedWorkers.removeAll { $0 == worker.text }
        tally.inputWorkers.remove(worker.text)
        rounds[current].tallies[ordinal] = tally
        guard isCharged else { return }
        journal(.chargesForgiven(rounds[current].unit(ordinal), worker: worker.text))
    }
}

extension TileObjectKey {
    /// The most keys that a message is searched for.
    private static let keyLimit = 16

    /// The keys of the files that a message names by path.
    static func keys(in message: String) -> [TileObjectKey] {
        let words = message.split {
            !$0.isASCII || !($0.isLetter || $0.isNumber || "/._-".contains($0))
        }
        var keys: [TileObjectKey] = []
        for word in words where keys.count < keyLimit {
            // A full stop may end the sentence.
            var path = word.split(separator: "/").suffix(2).joined(separator: "/")
            while path.hasSuffix(".") { path.removeLast() }
            if let key = TileObjectKey(path: path) { keys.append(key) }
        }
        return keys
    }
}

extension FailureTally {
    /// Adds what went wrong.
    mutating func add(
        _ failureClass: FailureClass?,
        by worker: String,
        on host: String,
        isLoss: Bool
    ) {
        if failureClass?.isCharged ?? false { chargedWorkers.append(worker) }
        if failureClass == .input {
            inputFailures += 1
            inputWorkers.insert(worker)
        }
        if failureClass == .storage { storageFailures += 1 }
        if isLoss {
            losses += 1
            lostHosts.insert(host)
            if lostWorkers.count < 2 { lostWorkers.insert(worker) }
        }
    }
}
