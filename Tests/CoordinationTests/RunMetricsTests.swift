import Coordination
import Synchronization
import Testing
import Tiling

/// A run in numbers.
struct RunMetricsTests {
    private func metrics(_ scene: Scene, facts: FactCounts = FactCounts()) -> RunMetrics {
        RunMetrics(
            progress: scene.state.progress(at: scene.now),
            workers: scene.state.workerReports(at: scene.now, wallSeconds: 2.5),
            facts: facts,
            commits: RunMetrics.JournalCommits(count: 4, seconds: 0.125)
        )
    }

    private static let written = """
        # HELP sectile_tiles Tiles of all stages by state.
        # TYPE sectile_tiles gauge
        sectile_tiles{state="waiting"} 3
        sectile_tiles{state="leased"} 2
        sectile_tiles{state="committed"} 1
        sectile_tiles{state="quarantined"} 0
        sectile_tiles{state="blocked"} 0
        # HELP sectile_tile_attempts_total Attempts at tiles that ended, by outcome and class of failure.
        # TYPE sectile_tile_attempts_total counter
        sectile_tile_attempts_total{outcome="committed",class=""} 1
        sectile_tile_attempts_total{outcome="released",class=""} 0
        sectile_tile_attempts_total{outcome="revoked",class=""} 0
        sectile_tile_attempts_total{outcome="expired",class=""} 1
        sectile_tile_attempts_total{outcome="failed",class="crash"} 2
        sectile_tile_attempts_total{outcome="failed",class="outOfMemory"} 0
        sectile_tile_attempts_total{outcome="failed",class="timeout"} 0
        sectile_tile_attempts_total{outcome="failed",class="input"} 0
        sectile_tile_attempts_total{outcome="failed",class="storage"} 0
        sectile_tile_attempts_total{outcome="failed",class="bug"} 0
        # HELP sectile_lease_expiries_total Leases that ended because their worker was not heard.
        # TYPE sectile_lease_expiries_total counter
        sectile_lease_expiries_total 1
        # HELP sectile_speculations_total Tiles given to a second worker because the first was slow.
        # TYPE sectile_speculations_total counter
        sectile_speculations_total 0
        # HELP sectile_sessions_rejected_total Peers that were not admitted, by the event of the log.
        # TYPE sectile_sessions_rejected_total counter
        sectile_sessions_rejected_total{reason="peer.refused"} 1
        sectile_sessions_rejected_total{reason="peer.handshakeFailed"} 0
        sectile_sessions_rejected_total{reason="worker.refused"} 0
        # HELP sectile_workers Workers by state.
        # TYPE sectile_workers gauge
        sectile_workers{state="active"} 1
        sectile_workers{state="draining"} 0
        sectile_workers{state="benched"} 0
        sectile_workers{state="away"} 0
        # HELP sectile_worker_slots Slots of the workers in session, by whether they have a tile.
        # TYPE sectile_worker_slots gauge
        sectile_worker_slots{busy="true"} 2
        sectile_worker_slots{busy="false"} 0
        # HELP sectile_workers_desired Workers for which there is work at once; 0 when the run is over.
        # TYPE sectile_workers_desired gauge
        sectile_workers_desired 1
        # HELP sectile_clock_skew_seconds Largest distance of a worker's clock from the coordinator's.
        # TYPE sectile_clock_skew_seconds gauge
        sectile_clock_skew_seconds 2.5
        # HELP sectile_journal_commit_seconds Time that commits into the journal took.
        # TYPE sectile_journal_commit_seconds summary
        sectile_journal_commit_seconds_sum 0.125
        sectile_journal_commit_seconds_count 4
        # HELP sectile_loop_stall_seconds_max Longest time for which the coordinator stood still.
        # TYPE sectile_loop_stall_seconds_max gauge
        sectile_loop_stall_seconds_max 1.5

        """

    @Test func `what is written of a run is this`() {
        var scene = Scene(tiles: 3)
        scene.join(1, slots: 2)
        scene.complete(1, Scene.lease(2))
        scene.beat(1, held: [Scene.lease(1), Scene.lease(0)])
        var crash = RunFact(.attemptFailed, .warning)
        crash.failureClass = .crash
        var stall = RunFact(.coordinatorStalled, .warning)
        stall.durationMilliseconds = 1500
        var facts = FactCounts()
        for fact in [
            crash, crash, stall, RunFact(.tileCommitted, .debug), RunFact(.leaseExpired, .info),
            RunFact(.peerRefused, .warning),
        ] { facts.add(fact) }
        #expect(metrics(scene, facts: facts).text == Self.written)
    }

    @Test func `so many workers are wanted as open tiles fill, none when the run is over`() {
        var scene = Scene(tiles: 5, stages: [.prepare])
        #expect(metrics(scene).desiredWorkerCount == 5)
        scene.join(1, slots: 2)
        #expect(metrics(scene).desiredWorkerCount == 3)
        scene.join(2, slots: 1)
        // Five tiles at one and a half slots.
        #expect(metrics(scene).desiredWorkerCount == 4)
        scene.apply(.pauseRequested)
        #expect(metrics(scene).desiredWorkerCount == 2)
        scene.apply(.cancelRequested)
        #expect(metrics(scene).desiredWorkerCount == 0)
    }

    @Test func `later stages want nobody before their turn`() {
        var scene = Scene(tiles: 2, stages: [.prepare, .balance])
        scene.join(1)
        scene.complete(1, Scene.lease(1))
        #expect(metrics(scene).desiredWorkerCount == 1)
    }

    @Test func `a counter passes everything on, and tells what is speculative`() {
        var policy = Scene.policy
        policy.speculates = true
        var scene = Scene(tiles: 3, stages: [.prepare], policy: policy)
        let next = KeptFacts()
        let counter = FactCounter(passingOnTo: next)
        // The second tile waits at a worker of one slot while another worker is idle.
        scene.join(1, slots: 1, credit: 2)
        scene.join(2)
        scene.complete(2, Scene.lease(0))
        scene.standStill(milliseconds: 250)
        var state = scene.state
        for case .log(let fact) in state.apply(.timePassed, at: scene.now) { counter.record(fact) }
        #expect(counter.counts.speculationCount == 1)
        #expect(counter.counts.count(of: .leaseGranted) == 1)
        #expect(next.facts.withLock { $0.map(\.name) } == [.leaseGranted])
    }
}

/// Keeps facts.
private final class KeptFacts: RunLog {
    let facts = Mutex<[RunFact]>([])

    func record(_ fact: RunFact) { facts.withLock { $0.append(fact) } }
}
