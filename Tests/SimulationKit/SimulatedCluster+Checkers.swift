import Coordination
import RunStore
import Tiling
import WireProtocol

// What is looked at after every step, before every message, and at the end.

extension SimulatedCluster {

    /// What a message says must be on disk before it leaves.
    ///
    /// A grant goes to its holder alone. So no more workers compute a unit under live leases than it has
    /// live attempts, whose number the state's invariants and the journal limit: an attempt is granted once.
    mutating func checkPromise(_ message: CoordinatorMessage, to receiver: Int?) {
        switch message {
        case .committed(let leases):
            for lease in leases where !journal.everCommitted.contains(lease) {
                violations.append("\(lease) is acknowledged but not durable")
            }
        case .lease(let grants):
            for grant in grants {
                guard let holder = journal.holder(of: grant.lease) else {
                    violations.append("\(grant.lease) is sent but not durable")
                    continue
                }
                guard let id = receiver.flatMap({ workers[$0]?.id.text }), id != holder else {
                    continue
                }
                violations.append("\(grant.lease) of \(holder) is sent to \(id)")
            }
        default: break
        }
    }

    /// A sum counts each tile of its round once, and no tile of another.
    mutating func checkPartials(
        _ partials: [(tile: TileID, partial: [UInt8])],
        stage: Stage,
        round: Int
    ) {
        let tiles = work.plan.plan(of: stage)?.tiles.map(\.id) ?? []
        let wanted = Set(tiles).subtracting(work.unreadable)
        if partials.count != wanted.count || Set(partials.map(\.tile)) != wanted {
            violations.append(
                "the sum of \(stage) \(round) has \(partials.map(\.tile)) instead of each once"
            )
        }
    }

    mutating func check() {
        if stepCount % options.checkInterval == 0 || outcome != nil { checkState() }
        violations += journal.violations
        // Only an arbitration, a lost object or a retry may take a commit back.
        let mayUndo =
            options.wrongResult > 0 || options.rotMilliseconds != nil
            || options.operatorMilliseconds != nil
        if journal.undoneCount > 0, !mayUndo {
            violations.append("\(journal.undoneCount) commits undone")
        }
        for worker in workers { violations += worker?.violations ?? [] }
    }

    private mutating func checkState() {
        guard let state else { return }
        violations += state.invariantViolations()
        guard options.boundsMemory else { return }
        // The latest durations and commits (two rings of 256, and 512 from before a restart), fewer units with
        // failures than tiles, and what the roll and departures keep of each worker that ever joined: itself
        // and some leases that were taken from it.
        let limit = 1280 + work.plan.stages[0].tiles.count + 16 * startedCount
        let count = state.rememberedCount
        if count > limit { violations.append("\(count) things are remembered, more than \(limit)") }
    }

    /// A run that is over has the samples of a run without faults, no more and no less.
    mutating func checkEnd() throws {
        if options.wrongResult > 0 {
            // Where two wrong workers met, there was no majority; where nobody computed a wrong unit
            // a second time, nobody could know.
            if case .failed(let reason)? = outcome, reason.contains("no majority") { return }
            let found = journal.snapshot.distrustedWorkers
            let unnoticed = wrongWorkers.subtracting(found)
            let workers = Set(journal.snapshot.units.compactMap(\.committedBy))
            if !unnoticed.isDisjoint(with: workers) { return }
            clearedCount = found.count
        }
        let expected = try work.faultlessSamples()
        let found = journal.objects
        for (unit, samples) in expected.sorted(by: { $0.key < $1.key })
        where found[unit]?.samplesDigest != samples {
            let whose = found[unit].map { "other samples, \($0.key)" } ?? "no samples"
            violations.append("\(unit) has \(whose)")
        }
        for unit in found.keys where expected[unit] == nil {
            violations.append("\(unit) is committed and should not be")
        }
        for object in found.values where !rotten.contains(object.key) {
            if let discrepancy = disk.discrepancy(of: object) { violations.append(discrepancy) }
        }
        for reduction in journal.snapshot.reductions {
            let wanted = try work.faultlessReduction(
                of: reduction.stage,
                round: reduction.round
            )
            if reduction.reduction != wanted {
                violations.append("\(reduction.stage) \(reduction.round) has another sum")
            }
        }
        let wanted: RunOutcome =
            work.unreadable.isEmpty ? .done : .incomplete(quarantined: work.unreadable.count)
        if outcome != wanted {
            violations.append("the run ended as \(outcome.map { "\($0)" } ?? "nothing")")
        }
    }

    static func short(_ message: WorkerMessage) -> String {
        switch message {
        case .hello(let hello):
            "hello running \(hello.running) unacknowledged \(hello.unacknowledged.map(\.lease))"
        case .heartbeat(let beat): "heartbeat \(beat.sequence) held \(beat.held)"
        case .completed(let result): "completed \(result.lease)"
        case .failed(let failure): "failed \(failure.lease) \(failure.failureClass)"
        case .released(let leases, _): "released \(leases)"
        case .goodbye: "goodbye"
        case .request(let request): "request \(request.file)"
        case .piece(let piece): "piece \(piece.file)"
        }
    }

    static func short(_ message: CoordinatorMessage) -> String {
        switch message {
        case .welcome(let welcome): "welcome to session \(welcome.session)"
        case .stage(let brief): "stage \(brief.stage) \(brief.round)"
        case .lease(let grants): "lease \(grants.map(\.lease))"
        case .heartbeat(let sequence): "heartbeat \(sequence)"
        default: "\(message)"
        }
    }
}
