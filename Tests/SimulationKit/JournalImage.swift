package import ContentDigest
package import RunStore
package import Tiling

/// The journal's content as a value: what entries make of it, without a disk.
///
/// The twin of the tables; a test holds both against each other.
package struct JournalImage: Sendable {
    private var snapshotHead: JournalSnapshot
    private var units: [WorkUnit: UnitSnapshot] = [:]
    private var openAttempts: [LeaseID: OpenAttempt] = [:]
    private var charged: [LeaseID: ChargedFailure] = [:]
    private var partials: [WorkUnit: [UInt8]] = [:]
    private var reductions: [ReductionSnapshot] = []
    private var commitNumbers: [WorkUnit: (number: Int, seconds: Double)] = [:]
    private var commitCount = 0
    private var granted: [LeaseID: String] = [:]
    /// Facts that may never become true; empty while all is well.
    package private(set) var violations: [String] = []
    /// Commits that were taken back.
    package private(set) var undoneCount = 0
    /// Every lease that was ever committed.
    package private(set) var everCommitted: Set<LeaseID> = []
    /// Every entry in order.
    package private(set) var entries: [JournalEntry] = []

    /// The journal of a run that has not begun.
    package init(runID: String, planDigest: ContentDigest) {
        snapshotHead = JournalSnapshot(runID: runID, planDigest: planDigest, epoch: 0)
    }

    /// Opens it for another coordinator.
    package mutating func raiseEpoch() {
        snapshotHead.epoch += 1
    }

    /// Incarnation of the coordinator.
    package var epoch: UInt64 { snapshotHead.epoch }

    /// Where the run stands.
    package var phase: RunPhase { snapshotHead.phase }

    /// The whole state, as the tables would give it.
    package var snapshot: JournalSnapshot {
        var snapshot = snapshotHead
        snapshot.units = units.values.sorted { $0.unit < $1.unit }
        snapshot.openAttempts = openAttempts.values.sorted { $0.lease < $1.lease }
        snapshot.chargedFailures = charged.sorted { $0.key < $1.key }
            .map(\.value)
        snapshot.durations = commitNumbers.filter { units[$0.key]?.object != nil }
            .sorted { $0.value.number < $1.value.number }.suffix(AttemptDuration.limit)
            .filter { $0.value.seconds > 0 }
            .map { unit, commit in
                AttemptDuration(stage: unit.stage, round: unit.round, seconds: commit.seconds)
            }
        snapshot.reductions = reductions.sorted { ($0.stage, $0.round) < ($1.stage, $1.round) }
        return snapshot
    }

    /// The worker that a lease was granted to; nil when it never was.
    package func holder(of lease: LeaseID) -> String? { granted[lease] }

    /// The committed object of a unit.
    package func object(of unit: WorkUnit) -> TileObject? { units[unit]?.object }

    /// The committed objects by unit.
    package var objects: [WorkUnit: TileObject] { units.compactMapValues(\.object) }

    /// The partials of a round in tile order.
    package func partials(stage: Stage, round: Int) -> [(tile: TileID, partial: [UInt8])] {
        partials.filter { $0.key.stage == stage && $0.key.round == round }
            .sorted { $0.key < $1.key }
            .map { ($0.key.tile, $0.value) }
    }

    /// Applies entries, all of them.
    package mutating func append(_ batch: [JournalEntry]) {
        for entry in batch {
            entries.append(entry)
            apply(entry.record)
        }
    }

    private mutating func change(_ unit: WorkUnit, _ body: (inout UnitSnapshot) -> Void) {
        body(&units[unit, default: UnitSnapshot(unit: unit)])
    }

    private mutating func apply(_ record: JournalRecord) {
        switch record {
        case .granted(let lease, let worker, let isSpeculative):
            if granted[lease] != nil { violations.append("\(lease) was granted twice") }
            granted[lease] = worker
            change(lease.unit) { $0.attempts = max($0.attempts, lease.attempt.number) }
            openAttempts[lease] = OpenAttempt(
                lease: lease,
                worker: worker,
                isSpeculative: isSpeculative
            )
            let live = openAttempts.keys.filter { $0.unit == lease.unit }.count
            if live > 2 { violations.append("\(live) open attempts at \(lease.unit)") }
        case .committed(let result, let worker, let seconds):
            commit(result, worker: worker)
            commitCount += 1
            commitNumbers[result.lease.unit] = (commitCount, seconds)
        case .attemptEnded(let end): finish(end)
        case .quarantined(let unit, _, let message):
            change(unit) {
                $0.state = .quarantined
                $0.message = message
            }
        case .requeued(let unit):
            change(unit) {
                $0.state = .open
                $0.charges = 0
                $0.storageFailures = 0
                $0.losses = 0
            }
            charged = charged.filter { $0.key.unit != unit }
        case .chargesForgiven(let unit, let worker):
            let count = charged.filter { $0.key.unit == unit && $0.value.worker == worker }.count
            charged = charged.filter { $0.key.unit != unit || $0.value.worker != worker }
            change(unit) { $0.charges = max(0, $0.charges - count) }
        case .resultDiscarded(let unit, let reason):
            partials[unit] = nil
            undoneCount += 1
            change(unit) {
                $0.state = .open
                $0.message = reason
                $0.object = nil
                $0.committedBy = nil
            }
        case .claimed(let claim):
            if !snapshotHead.claims.contains(where: { $0.lease == claim.lease }) {
                snapshotHead.claims.append(claim)
                snapshotHead.claims.sort { $0.lease < $1.lease }
            }
        case .claimsSettled(let unit, _):
            snapshotHead.claims.removeAll { $0.lease.unit == unit }
        case .workerDistrusted(let id, _):
            if snapshotHead.hosts[id] != nil { snapshotHead.distrustedWorkers.insert(id) }
        case .workerJoined(let worker):
            snapshotHead.hosts[worker.id] = worker.host
            snapshotHead.keys[worker.id] = worker.key
        case .drainRequested(let id):
            if snapshotHead.hosts[id] != nil { snapshotHead.drainedWorkers.insert(id) }
        case .drainEnded(let id): snapshotHead.drainedWorkers.remove(id)
        case .reduced(let stage, let round, let reduction):
            reductions.append(ReductionSnapshot(stage: stage, round: round, reduction: reduction))
        case .invalidated(let stage): invalidate(from: stage)
        case .phaseChanged(let phase, let message):
            snapshotHead.phase = phase
            snapshotHead.phaseMessage = message
        case .workerLeft, .noted: break
        }
    }

    private mutating func commit(_ result: TileResult, worker: String) {
        let unit = result.lease.unit
        everCommitted.insert(result.lease)
        if units[unit]?.object != nil { violations.append("\(unit) was committed twice") }
        if openAttempts[result.lease] == nil {
            violations.append("\(result.lease) was committed without being open")
        }
        change(unit) {
            $0.state = .committed
            $0.object = result.object
            $0.committedBy = worker
        }
        partials[unit] = result.partial
        openAttempts[result.lease] = nil
    }

    private mutating func finish(_ end: AttemptEnd) {
        guard let open = openAttempts.removeValue(forKey: end.lease) else {
            violations.append("\(end.lease) ended without being open")
            return
        }
        if end.isCharged {
            charged[end.lease] = ChargedFailure(
                unit: end.lease.unit,
                worker: open.worker,
                failureClass: end.failureClass
            )
        }
        let isStorage = end.failureClass == .storage
        guard end.isCharged || isStorage || end.outcome == .lost else { return }
        change(end.lease.unit) {
            $0.charges += end.isCharged ? 1 : 0
            $0.storageFailures += isStorage ? 1 : 0
            $0.losses += end.outcome == .lost ? 1 : 0
            $0.message = end.message
        }
    }

    private mutating func invalidate(from stage: Stage) {
        reductions.removeAll { $0.stage >= stage }
        for unit in units.keys where unit.stage > stage || (unit.stage == stage && unit.round > 0) {
            partials[unit] = nil
            if units[unit]?.object != nil { undoneCount += 1 }
            change(unit) {
                $0.state = .open
                $0.object = nil
                $0.committedBy = nil
                if unit.stage > stage {
                    $0.charges = 0
                    $0.storageFailures = 0
                    $0.losses = 0
                }
            }
        }
        charged = charged.filter { $0.key.unit.stage <= stage }
    }
}
