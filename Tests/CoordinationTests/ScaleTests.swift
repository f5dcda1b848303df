import ContentDigest
import Coordination
import Lattice
import Messaging
import RunStore
import SimulationKit
import Testing
import Tiling
import WireProtocol

/// A hundred thousand tiles: what holds for two holds for them, in bounded memory.
struct ScaleTests {
    private static let tileCount = 100_000
    private static let workerCount = 16
    private static let credit = 64

    private static let plan: RunPlan = {
        let tiles = (0..<tileCount).map { index in
            Tile(
                id: TileID(row: index / 400, column: index % 400),
                core: CellWindow(
                    rows: index / 400..<index / 400 + 1,
                    columns: index % 400..<index % 400 + 1
                ),
                cost: 1 + index % 7
            )
        }
        return RunPlan(
            name: "scale",
            stages: [StagePlan(stage: .prepare, tiles: tiles, modelDigest: .init(of: "m"))],
            specification: []
        )
    }()

    /// A run that is driven by hand: what is granted is computed at once, in order.
    private struct Drive {
        var state: RunState
        var journal: JournalImage
        var granted: [LeaseID: Int] = [:]
        var grantCount = 0
        var committed: Set<WorkUnit> = []
        var mostLeases = 0
        private var open = 0

        init(_ state: RunState, _ journal: JournalImage) {
            self.state = state
            self.journal = journal
        }

        private let now = MonotonicInstant(nanoseconds: 0)

        mutating func join() {
            for worker in 0..<ScaleTests.workerCount {
                take(.hello(Scene.hello(worker, slots: 8, credit: ScaleTests.credit)), worker)
            }
        }

        mutating func take(_ message: WorkerMessage, _ worker: Int) {
            apply(.received(message, from: Scene.peer(worker), userID: "key\(worker)"))
        }

        mutating func apply(_ event: RunEvent) {
            for effect in state.apply(event, at: now) {
                switch effect {
                case .journal(let record):
                    journal.append([JournalEntry(record, cause: "1.1", wallSeconds: 0)])
                    if case .committed(let result, _, _) = record {
                        committed.insert(result.lease.unit)
                        open -= 1
                    }
                case .send(.lease(let grants), let peer):
                    for grant in grants { granted[grant.lease] = Int(peer.bytes[0]) }
                    grantCount += grants.count
                    open += grants.count
                    mostLeases = max(mostLeases, open)
                default: break
                }
            }
        }

        /// Computes what is granted until so many units are committed, or nothing is granted any more.
        mutating func compute(until limit: Int) {
            while committed.count < limit, !granted.isEmpty {
                let batch = granted
                granted = [:]
                for (lease, worker) in batch {
                    take(.completed(Scene.result(lease, samples: "\(lease.unit.tile)")), worker)
                    apply(.objectVerified(lease, discrepancy: nil))
                }
            }
        }
    }

    private func identity(epoch: UInt64) -> RunIdentity {
        RunIdentity(
            runID: "run",
            epoch: epoch,
            build: Scene.build,
            runDirectory: "/run",
            storageProbe: "probe"
        )
    }

    @Test func `100,000 tiles are each committed once, also over a restart half way`() {
        var journal = JournalImage(runID: "run", planDigest: Self.plan.digest)
        journal.raiseEpoch()
        var first = Drive(RunState(plan: Self.plan, identity: identity(epoch: 1)), journal)
        first.apply(.timePassed)
        first.join()
        first.compute(until: Self.tileCount / 2)
        #expect(first.state.invariantViolations().isEmpty)
        #expect(first.mostLeases <= Self.workerCount * Self.credit)

        journal = first.journal
        journal.raiseEpoch()
        let restored = RunState.restored(
            from: journal.snapshot,
            plan: Self.plan,
            identity: identity(epoch: 2)
        )
        let moment = MonotonicInstant(nanoseconds: 0)
        var second = Drive(restored, journal)
        second.apply(.timePassed)
        let (before, after) = (first.state.progress(at: moment), second.state.progress(at: moment))
        #expect(after.rounds == before.rounds)
        #expect(after.committedCount == first.committed.count)
        for index in stride(from: 0, to: Self.tileCount, by: 9973) {
            let unit = WorkUnit(stage: .prepare, tile: Self.plan.stages[0].tiles[index].id)
            #expect(journal.object(of: unit) == first.journal.object(of: unit))
        }
        second.join()
        second.compute(until: Self.tileCount)
        #expect(second.state.invariantViolations().isEmpty)
        #expect(first.committed.isDisjoint(with: second.committed))
        #expect(first.committed.count + second.committed.count == Self.tileCount)
    }

    @Test func `a thousand idle workers are answered for minutes, and nothing else comes of it`() {
        let workerCount = 1000
        func peer(_ worker: Int) -> PeerID {
            PeerID(bytes: [UInt8(worker >> 8), UInt8(worker & 255)])
        }
        var scene = Scene(tiles: 1)
        scene.apply(.pauseRequested)
        for worker in 0..<workerCount {
            let hello = Scene.hello(worker)
            // Invariants are looked at once, below: a thousand times a thousand would take minutes.
            scene.applyUnchecked(
                .received(.hello(hello), from: peer(worker), userID: "key\(worker)")
            )
        }
        let beat = WorkerHeartbeat(held: [], residentBytes: 1, wallClockSeconds: 0, sequence: 1)
        var effects: [RunEffect] = []
        for _ in 0..<60 {
            scene.standStill(milliseconds: 3000)
            for worker in 0..<workerCount {
                effects += scene.applyUnchecked(
                    .received(.heartbeat(beat), from: peer(worker), userID: "key\(worker)")
                )
            }
            effects += scene.applyUnchecked(.timePassed)
        }
        let answers = effects.count {
            if case .send(.heartbeat, _) = $0 { true } else { false }
        }
        #expect(answers == 60 * workerCount)
        #expect(effects.count == answers)
        #expect(scene.state.invariantViolations().isEmpty)
        let workers = scene.state.progress(at: scene.now).workers
        #expect(workers.count == workerCount)
        #expect(workers.allSatisfy { $0.session != nil && $0.leaseCount == 0 })
    }

    @Test func `a unit takes 128 bytes at most, whatever it has been through`() {
        #expect(RunState.bytesPerUnit <= 128)
    }
}
