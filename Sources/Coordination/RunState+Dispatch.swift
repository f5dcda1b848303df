import Messaging
import RunStore
import Tiling
import WireProtocol

// Free workers get units: largest cost first, a worker's own tiles before others.

extension RunState {
    /// Grants what the event has made possible.
    mutating func dispatch(at now: MonotonicInstant) {
        guard phase == .running, !isShuttingDown, !isJournalDown, !isReducing,
            rounds.indices.contains(current), !rounds[current].isSettled
        else { return }
        switch dispatchScope {
        case .none: break
        case .worker(let slot): dispatch(among: [slot], at: now)
        case .everyone: dispatch(among: usedSlots, at: now)
        }
    }

    private mutating func dispatch(among slots: [Int], at now: MonotonicInstant) {
        var able = slots.filter { workers[$0]?.canServe(at: now) ?? false }
        // One unit each in turn, so that few units spread over many workers.
        fill(able, at: now) { $0.held.count < $0.slots }
        // Beyond its slots a worker gets units only while there are plenty: at the end of a stage
        // they would wait there although others are idle.
        let computing = slotTotal
        if rounds[current].pending.count > computing {
            fill(able, downTo: computing, at: now) { $0.held.count < $0.credit }
        }
        guard isTimeToSpeculate, rounds[current].pending.isEmpty else { return }
        able = able.filter { slot in
            workers[slot].map { $0.held.count < $0.slots } ?? false && !isHeldBack(slot)
        }
        speculate(among: able, at: now)
    }

    private mutating func fill(
        _ slots: [Int],
        downTo remaining: Int = 0,
        at now: MonotonicInstant,
        while hasRoom: (WorkerRecord) -> Bool
    ) {
        var able = slots
        while !able.isEmpty {
            var next: [Int] = []
            for slot in able {
                guard rounds[current].pending.count > remaining else { return }
                guard let worker = workers[slot], hasRoom(worker),
                    let ordinal = pick(for: slot, at: now)
                else { continue }
                grant(ordinal, to: slot, isSpeculative: false, at: now)
                next.append(slot)
            }
            able = next
        }
    }

    /// The pending unit that a worker should get, nil when there is none for it.
    private mutating func pick(for slot: Int, at now: MonotonicInstant) -> Int32? {
        func isAvoided(_ ordinal: Int32) -> Bool {
            if !disputes.isEmpty, isParty(slot, to: ordinal, at: now) { return true }
            return isForOthers(ordinal, than: slot, at: now)
        }
        func runsAlone(_ ordinal: Int32) -> Bool {
            rounds[current].tallies[ordinal]?.exceededMemory ?? false
        }
        guard aloneKeys.isEmpty || !isHeldBack(slot) else { return nil }
        if let own = rounds[current].preferred(by: workers[slot]?.number ?? -1),
            !isAvoided(own), !runsAlone(own)
        {
            return own
        }
        // What has to run alone comes last: the host has to be idle for it.
        var lastResort: Int32?
        var rank = rounds[current].pending.first()
        while let found = rank {
            let ordinal = rounds[current].order[found]
            if !isAvoided(ordinal) {
                if !runsAlone(ordinal) { return ordinal }
                lastResort = lastResort ?? ordinal
            }
            rank = rounds[current].pending.first(from: found + 1)
        }
        guard lastResort != nil, isHostIdle(of: slot) else { return nil }
        return lastResort
    }

    /// True while a unit runs on a worker's host that has to run alone there.
    private func isHeldBack(_ slot: Int) -> Bool {
        guard let host = workers[slot].map({ self.host(of: $0) }) else { return false }
        return aloneKeys.contains { key in
            leases[key].flatMap { workers[$0.worker] }.map { self.host(of: $0) == host } ?? false
        }
    }

    /// True when no worker of a worker's host holds anything.
    private func isHostIdle(of slot: Int) -> Bool {
        guard let host = workers[slot].map({ self.host(of: $0) }) else { return false }
        return usedSlots.allSatisfy { other in
            workers[other].map { $0.held.isEmpty || self.host(of: $0) != host } ?? true
        }
    }

    /// True when a worker failed a unit and one that has not can take it, which tells more than a second
    /// failure of the same; inputs are tried on another host where there is one.
    private func isForOthers(
        _ ordinal: Int32,
        than slot: Int,
        at now: MonotonicInstant
    ) -> Bool {
        guard let tally = rounds[current].tallies[ordinal], let worker = workers[slot] else {
            return false
        }
        let hosts = Set(tally.inputWorkers.map { roll.host(of: $0) })
        let hasFailed = tally.wasFailed(by: worker.id.text)
        guard hasFailed || hosts.contains(worker.host) else { return false }
        return usedSlots.contains { other in
            guard let candidate = workers[other], candidate.canServe(at: now),
                !tally.wasFailed(by: candidate.id.text)
            else { return false }
            return hasFailed || !hosts.contains(candidate.host)
        }
    }

    /// Lets idle workers try what others are slow with or have not begun.
    private mutating func speculate(among idle: [Int], at now: MonotonicInstant) {
        guard !idle.isEmpty else { return }
        var candidates = stragglers(at: now)
        for slot in idle {
            while let worker = workers[slot], worker.held.count < worker.slots,
                let place = candidates.firstIndex(where: { leases[$0]?.worker != slot })
            {
                let key = candidates.remove(at: place)
                grant(key.ordinal, to: slot, isSpeculative: true, at: now)
            }
        }
    }

    /// Leases that a second worker may try: those not begun, then the slow ones, oldest first.
    ///
    /// Looks at every lease, so it is asked for only when the timer fires.
    private func stragglers(at now: MonotonicInstant) -> [LeaseKey] {
        var queued: [LeaseKey] = []
        var slow: [(grantedAt: MonotonicInstant, key: LeaseKey)] = []
        for slot in usedSlots {
            guard let holder = workers[slot] else { continue }
            for (position, key) in holder.held.enumerated() {
                guard let lease = leases[key], lease.reported == nil, !lease.runsAlone,
                    liveAttempts[key.ordinal]?.count == 1,
                    disputes.isEmpty || disputes[rounds[current].unit(key.ordinal)] == nil
                else { continue }
                if holder.session != nil, position >= holder.slots {
                    queued.append(key)
                } else if let age = speculationAgeMilliseconds,
                    now.milliseconds(since: lease.grantedAt) > age
                {
                    slow.append((lease.grantedAt, key))
                }
            }
        }
        slow.sort { ($0.grantedAt, $0.key.ordinal) < ($1.grantedAt, $1.key.ordinal) }
        return queued + slow.map(\.key)
    }

    /// Grants a unit to a worker under the next attempt number.
    private mutating func grant(
        _ ordinal: Int32,
        to slot: Int,
        isSpeculative: Bool,
        at now: MonotonicInstant
    ) {
        guard let worker = workers[slot]?.id, let session = workers[slot]?.session else { return }
        let number = max(attemptBase, rounds[current].attempts[Int(ordinal)]) + 1
        rounds[current].attempts[Int(ordinal)] = number
        rounds[current].set(ordinal, .leased)
        let key = LeaseKey(ordinal: ordinal, attempt: number)
        let runsAlone = rounds[current].tallies[ordinal]?.exceededMemory ?? false
        leases[key] = Lease(
            worker: slot,
            grantedAt: now,
            confirmedAt: now,
            isSpeculative: isSpeculative,
            runsAlone: runsAlone
        )
        if runsAlone { aloneKeys.insert(key) }
        liveAttempts[ordinal, default: []].append(number)
        let deadline = now.advanced(byMilliseconds: policy.leaseMilliseconds)
        modifyWorker(slot) { worker in
            worker.held.append(key)
            // Until now it had nothing to lose, and longer to say so.
            worker.deadline = min(worker.deadline, deadline)
        }
        let lease = leaseID(key)
        journal(.granted(lease, worker: worker.text, isSpeculative: isSpeculative))
        var granted = fact(
            .leaseGranted,
            .debug,
            lease,
            worker: slot,
            message: isSpeculative ? "a second worker tries" : ""
        )
        granted.isSpeculative = isSpeculative
        log(granted)
        if session.briefedRound != current {
            workers[slot]?.session?.briefedRound = current
            for part in briefOfRound() {
                effects.append(.send(.stage(part), to: session.peer))
            }
        }
        let tile = rounds[current].tiles[Int(ordinal)]
        let grant = LeaseGrant(
            lease: lease,
            core: tile.core,
            inputs: inputs(of: tile.id),
            wallLimitSeconds: policy.wallLimitSeconds,
            runsAlone: runsAlone
        )
        effects.append(.send(.lease([grant]), to: session.peer))
    }

    /// Committed objects of a tile: of each earlier stage its last round, in stage order.
    func inputs(of tile: TileID) -> [TileObject] {
        lastRoundsOfEarlierStages.compactMap { rounds[$0].object(of: tile) }
    }
}
