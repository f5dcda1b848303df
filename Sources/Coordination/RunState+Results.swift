import ContentDigest
import Messaging
import RunStore
import Tiling
import WireProtocol

// Results come in, are looked at, and are committed once.

extension RunState {
    /// A worker reports a computed unit.
    mutating func complete(
        _ result: TileResult,
        by slot: Int,
        peer: PeerID,
        at now: MonotonicInstant
    ) {
        let lease = result.lease
        guard result.object.key.lease == lease, result.object.bytes >= 0,
            result.partial.count <= TileResult.maximumPartialBytes
        else {
            rejectMessage(
                Refusal(
                    code: .malformed,
                    found: "a result of \(lease) with the object \(result.object.key)",
                    wanted: "an object that bears its lease"
                ),
                from: peer,
                at: now
            )
            return
        }
        if let key = liveKey(lease), leases[key]?.worker == slot {
            report(result, of: key, by: slot, peer: peer)
            return
        }
        if let committed = committedObject(of: lease.unit), committed.key.lease == lease {
            if committed == result.object {
                effects.append(.send(.committed([lease]), to: peer))
                return
            }
            // The same attempt cannot have two files: one of them was not written by its holder.
            log(fact(.resultRejected, .warning, lease, worker: slot, message: "a second file"))
            effects.append(.send(.stale([lease]), to: peer))
            return
        }
        refuseStale(result, slot: slot, peer: peer, at: now)
    }

    /// A result of a lease under way: its object is looked at, once it is here.
    private mutating func report(
        _ result: TileResult,
        of key: LeaseKey,
        by slot: Int,
        peer: PeerID
    ) {
        guard let reported = leases[key]?.reported else {
            leases[key]?.reported = result
            if workers[slot]?.transportsObjects ?? false {
                leases[key]?.isCollecting = true
                effects.append(.collect(result, from: peer))
            } else {
                effects.append(.verify(result))
            }
            return
        }
        // A report that comes again while the first is looked at gets the answer to that one; but
        // what is still with the worker may have to come over another connection now.
        if leases[key]?.isCollecting ?? false { effects.append(.collect(reported, from: peer)) }
    }

    /// The object of a reported result is in place.
    mutating func finishCollecting(_ lease: LeaseID) {
        // The lease may have ended meanwhile; what is in place then was discarded with it.
        guard let key = liveKey(lease), let result = leases[key]?.reported,
            leases[key]?.isCollecting ?? false
        else { return }
        leases[key]?.isCollecting = false
        var fact = fact(.objectStored, .debug, lease, worker: leases[key]?.worker)
        fact.bytes = result.object.bytes
        log(fact)
        effects.append(.verify(result))
    }

    /// A result whose lease is over: it is not taken, but it must agree with what was.
    private mutating func refuseStale(
        _ result: TileResult,
        slot: Int,
        peer: PeerID,
        at now: MonotonicInstant
    ) {
        let lease = result.lease
        log(fact(.resultStale, .info, lease, worker: slot))
        effects.append(.send(.stale([lease]), to: peer))
        // Only what this worker was really granted speaks about determinism, and only its own file
        // may be removed; a stranger's claim proves nothing.
        guard workers[slot]?.revoked.contains(lease) ?? false else { return }
        effects.append(.discard(result.object.key))
        challenge(result, by: slot, at: now)
    }

    /// The object of a reported result was looked at.
    mutating func finishVerification(
        of lease: LeaseID,
        discrepancy: String?,
        at now: MonotonicInstant
    ) {
        // The lease may have lost to another attempt, or the run may be over.
        guard let key = liveKey(lease), let result = leases[key]?.reported,
            let slot = leases[key]?.worker
        else { return }
        let peer = workers[slot]?.session?.peer
        let wasCollecting = leases[key]?.isCollecting ?? false
        if let discrepancy {
            log(fact(.resultRejected, .warning, lease, worker: slot, message: discrepancy))
            endLease(
                key,
                .failed,
                .storage,
                message: discrepancy,
                name: .attemptFailed,
                at: now
            )
            if let peer { effects.append(.send(.stale([lease]), to: peer)) }
            if !wasCollecting { effects.append(.discard(result.object.key)) }
            noteFailure(of: key.ordinal, by: slot, at: now)
            forget(slot, at: now)
            return
        }
        guard let verdict = verdict(on: result, by: slot, at: now) else { return }
        commit(result, key: key, slot: slot, at: now)
        if let peer { effects.append(.send(.committed([lease]), to: peer)) }
        let rival = rival(of: result, ordinal: key.ordinal)
        revokeOthers(of: key.ordinal, at: now)
        if let rival { challenge(rival.result, by: rival.slot, at: now) }
        carryOut(verdict, at: now)
        forget(slot, at: now)
        dispatchScope = merge(dispatchScope, .worker(slot))
        settleRound(at: now)
    }

    private mutating func commit(
        _ result: TileResult,
        key: LeaseKey,
        slot: Int,
        at now: MonotonicInstant
    ) {
        let ordinal = Int(key.ordinal)
        guard let lease = leases[key], let packed = PackedObject(result.object) else { return }
        let elapsed = max(0, now.seconds(since: lease.grantedAt))
        removeLease(key)
        rounds[current].objects[ordinal] = packed
        rounds[current].committedBy[ordinal] = workers[slot]?.number ?? -1
        rounds[current].tallies[key.ordinal] = nil
        rounds[current].set(key.ordinal, .committed)
        if key.attempt > 1 { retriedCount += 1 }
        alarms.noteCommit(at: now)
        remember(elapsed, cost: rounds[current].tiles[ordinal].cost, at: now)
        if !benches.isEmpty, let place = workers[slot]?.place { benches[place] = nil }
        modifyWorker(slot) { worker in
            worker.failedInRow = []
            worker.benchCount = 0
            worker.committedCount += 1
        }
        journal(
            .committed(result, worker: workers[slot]?.id.text ?? "", elapsedSeconds: elapsed)
        )
        var fact = fact(.tileCommitted, .debug, result.lease, worker: slot)
        fact.durationMilliseconds = Int(elapsed * 1000)
        fact.bytes = result.object.bytes
        fact.peakMebibytes = max(0, result.cost.peakResidentBytes) >> 20
        log(fact)
    }

    /// Ends the other leases of a unit that has its result.
    private mutating func revokeOthers(of ordinal: Int32, at now: MonotonicInstant) {
        for attempt in liveAttempts[ordinal] ?? [] {
            let key = LeaseKey(ordinal: ordinal, attempt: attempt)
            revoke(key, .superseded, message: "another attempt was committed first", at: now)
        }
    }

    /// Takes a lease from its worker and tells it so.
    mutating func revoke(
        _ key: LeaseKey,
        _ outcome: AttemptOutcome,
        message: String,
        at now: MonotonicInstant
    ) {
        guard let lease = leases[key] else { return }
        let id = leaseID(key)
        endLease(key, outcome, message: message, name: .leaseRevoked, at: now)
        workers[lease.worker]?.remember(revoked: id)
        if let peer = workers[lease.worker]?.session?.peer {
            effects.append(.send(.stale([id]), to: peer))
        }
        if let reported = lease.reported, !lease.isCollecting {
            effects.append(.discard(reported.object.key))
        }
        dispatchScope = merge(dispatchScope, .worker(lease.worker))
    }

    /// Joins two scopes.
    func merge(_ first: DispatchScope, _ second: DispatchScope) -> DispatchScope {
        switch (first, second) {
        case (.none, let other), (let other, .none): other
        case (.worker(let left), .worker(let right)) where left == right: first
        default: .everyone
        }
    }

    /// Keeps a commit for rate and quartile.
    private mutating func remember(_ seconds: Double, cost: Int, at now: MonotonicInstant) {
        if durations.count < Self.historyLimit {
            durations.append(seconds)
        } else {
            durations[durationCursor] = seconds
            durationCursor = (durationCursor + 1) % Self.historyLimit
        }
        if commits.count < Self.historyLimit {
            commits.append((now, cost))
        } else {
            commits[commitCursor] = (now, cost)
            commitCursor = (commitCursor + 1) % Self.historyLimit
        }
    }
}
