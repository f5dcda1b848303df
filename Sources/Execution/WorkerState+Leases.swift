internal import Tiling
internal import WireProtocol

// Leases: granted, begun, ended, acknowledged, fenced.

extension WorkerState {
    mutating func briefed(_ part: StageBrief) {
        guard isInSession, let brief = assembly.take(part) else { return }
        briefs.removeAll { $0.stage == brief.stage && $0.round == brief.round }
        briefs.append(brief)
        if briefs.count > Self.maximumBriefs { briefs.removeFirst() }
    }

    mutating func granted(_ grants: [LeaseGrant], _ now: Duration) {
        guard isInSession else { return }
        var returned: [LeaseID] = []
        for grant in grants where !isKnown(grant.lease) {
            if drain != nil || isFull || isEnding(grant.lease) {
                returned.append(grant.lease)
            } else if brief(for: grant.lease.unit) == nil {
                // Giving it back would only bring it again: a new session brings the constants.
                log(.briefMissing(grant.lease))
                backOff(now)
                return
            } else {
                waiting.append(grant)
            }
        }
        release(returned, reason: drain?.reason ?? "no room for it")
    }

    private var isFull: Bool { waiting.count + running.count >= identity.credit }

    /// True while a cancelled computation of the same name still has its slot: a lease of a run that
    /// was replaced can have the number of a lease of the new one.
    private func isEnding(_ lease: LeaseID) -> Bool {
        running.contains { $0.lease == lease && $0.isCancelled }
    }

    mutating func acknowledged(_ leases: [LeaseID]) {
        let acknowledged = Set(leases)
        if identity.scratchDirectory != nil {
            for entry in results where acknowledged.contains(entry.result.lease) {
                effects.append(.keep(entry.result.object))
            }
        }
        results.removeAll { acknowledged.contains($0.result.lease) }
    }

    mutating func fenced(_ leases: [LeaseID]) {
        for lease in leases {
            if let index = running.firstIndex(where: { $0.lease == lease && !$0.isCancelled }) {
                running[index].isCancelled = true
                effects.append(.cancel(lease))
                log(.fenced(lease))
            } else if let index = results.firstIndex(where: { $0.result.lease == lease }) {
                discard(results.remove(at: index).result)
                log(.fenced(lease))
            } else if let index = waiting.firstIndex(where: { $0.lease == lease }) {
                waiting.remove(at: index)
                log(.fenced(lease))
            } else {
                failures.removeAll { $0.lease == lease }
            }
        }
    }

    /// Begins what waits, as far as slots are free.
    ///
    /// Unacknowledged results are kept in memory: while there are too many of them, nothing is begun.
    mutating func beginWaiting(_ now: Duration) {
        guard isInSession, storage == .verified, drain == nil, let welcome else { return }
        while running.count < identity.slots, let next = waiting.first,
            running.count + results.count < identity.credit + identity.slots,
            // What ran out of memory before is tried without anything beside it.
            running.isEmpty || !next.runsAlone, !running.contains(where: \.runsAlone)
        {
            if let end = policy.endsAt, let longest = longest[next.lease.unit.stage],
                now + longest > end
            {
                startDrain(
                    deadline: end,
                    reason: "the time limit comes before the end of another tile of "
                        + next.lease.unit.stage.rawValue
                )
                return
            }
            let grant = waiting.removeFirst()
            guard let brief = brief(for: grant.lease.unit) else {
                log(.briefMissing(grant.lease))
                backOff(now)
                return
            }
            running.append(
                RunningTile(
                    lease: grant.lease,
                    wallLimitSeconds: grant.wallLimitSeconds,
                    startedAt: now,
                    deadline: now + .seconds(grant.wallLimitSeconds),
                    runsAlone: grant.runsAlone
                )
            )
            effects.append(
                .compute(
                    TileRequest(
                        lease: grant.lease,
                        core: grant.core,
                        inputs: grant.inputs,
                        specification: welcome.specification,
                        constants: brief.constants,
                        runDirectory: runDirectory ?? welcome.runDirectory,
                        halo: brief.halo,
                        runsAlone: grant.runsAlone
                    )
                )
            )
            log(.began(grant.lease))
        }
    }

    mutating func tileCompleted(_ lease: LeaseID, _ result: TileResult, _ now: Duration) {
        guard result.lease == lease, result.partial.count <= TileResult.maximumPartialBytes else {
            let fault =
                result.lease == lease
                ? "its partial has \(result.partial.count) bytes, at most"
                    + " \(TileResult.maximumPartialBytes) are legal"
                : "its result is of \(result.lease)"
            tileFailed(lease, TileFailure(.bug, "\(lease) was computed, but \(fault)"))
            return
        }
        if let begun = running.first(where: { $0.lease == lease })?.startedAt {
            longest[lease.unit.stage] = max(longest[lease.unit.stage] ?? .zero, now - begun)
        }
        guard freeSlot(of: lease) else {
            discard(result)
            return
        }
        log(.computed(lease, result.cost))
        if isInSession { effects.append(.send(.completed(result))) }
        results.append(UnacknowledgedResult(result: result, sentAt: isInSession ? now : nil))
    }

    mutating func tileFailed(_ lease: LeaseID, _ failure: TileFailure) {
        guard freeSlot(of: lease) else { return }
        report(
            AttemptFailure(
                lease: lease,
                failureClass: failure.failureClass,
                message: failure.description,
                peakResidentBytes: failure.peakResidentBytes
            )
        )
    }

    mutating func report(_ failure: AttemptFailure) {
        log(.failed(failure))
        if isInSession {
            effects.append(.send(.failed(failure)))
        } else {
            failures.append(failure)
        }
    }

    /// Gives leases back, where there is someone to give them to.
    mutating func release(_ leases: [LeaseID], reason: String) {
        guard isInSession, !leases.isEmpty else { return }
        effects.append(.send(.released(leases, reason: reason)))
        for lease in leases { log(.released(lease, reason: reason)) }
    }

    /// Gives back all that is not finished.
    mutating func releaseEverything(reason: String) {
        let leases =
            running.filter { !$0.isCancelled }.map(\.lease) + waiting.map(\.lease)
        cancelRunning()
        waiting = []
        release(leases, reason: reason)
    }

    mutating func cancelRunning() {
        for index in running.indices where !running[index].isCancelled {
            running[index].isCancelled = true
            effects.append(.cancel(running[index].lease))
        }
    }

    /// Takes a unit off its slot; true when its outcome is wanted.
    private mutating func freeSlot(of lease: LeaseID) -> Bool {
        guard let index = running.firstIndex(where: { $0.lease == lease }) else {
            preconditionFailure("\(lease) ended, but was not running")
        }
        return !running.remove(at: index).isCancelled
    }

    private mutating func discard(_ result: TileResult) {
        guard let directory = runDirectory else { return }
        effects.append(.discard(result.object.key, runDirectory: directory))
    }

    /// A grant may come twice; a lease is computed once.
    private func isKnown(_ lease: LeaseID) -> Bool {
        running.contains { $0.lease == lease && !$0.isCancelled }
            || waiting.contains { $0.lease == lease }
            || results.contains { $0.result.lease == lease }
            || failures.contains { $0.lease == lease }
    }

    private func brief(for unit: WorkUnit) -> RoundBrief? {
        briefs.last { $0.stage == unit.stage && $0.round == unit.round }
    }
}
