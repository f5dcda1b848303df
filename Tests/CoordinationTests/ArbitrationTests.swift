import Coordination
import RunStore
import SimulationKit
import Testing
import Tiling
import WireProtocol

/// Two workers say different things about a tile, and a third decides.
struct ArbitrationTests {
    /// A cluster in which worker 1 loses a lease that it goes on computing while it is in session.
    private static func speculated(tiles: Int = 6, stages: [Stage] = [.prepare]) -> Scene {
        var policy = Scene.policy
        policy.speculates = true
        policy.speculationFloorMilliseconds = 1000
        var scene = Scene(tiles: tiles, stages: stages, policy: policy)
        scene.join(1)
        scene.join(2)
        for column in (0..<tiles - 1).reversed() {
            scene.wait(milliseconds: 250)
            scene.complete(2, Scene.lease(column), samples: "s\(column)")
        }
        scene.wait(milliseconds: 500)
        return scene
    }

    private static let last = Scene.lease(5).unit

    @Test func `the third worker agrees with the commit, and the challenger is benched`() {
        var scene = Self.speculated()
        scene.complete(2, Scene.lease(5, 2), samples: "right")
        let conflict = scene.say(
            1,
            .completed(Scene.result(Scene.lease(5, 1), samples: "wrong"))
        )
        #expect(conflict.discarded == [Self.last])
        scene.join(3)
        let verdict = scene.complete(3, Scene.lease(5, 3), samples: "right")
        #expect(verdict.distrusted == [Scene.id(1).text])
        #expect(verdict.committed == [Scene.lease(5, 3)])
        // Nothing of the others' work is touched, and the round goes on to its end.
        #expect(verdict.discarded.isEmpty)
        #expect(verdict.reductions == ["prepare 0"])
        #expect(scene.join(4).outcome == nil)
    }

    @Test func `the third worker contradicts the commit, and all of that worker is done again`() {
        var scene = Self.speculated()
        scene.complete(2, Scene.lease(5, 2), samples: "wrong")
        scene.say(1, .completed(Scene.result(Scene.lease(5, 1), samples: "right")))
        scene.join(3)
        let verdict = scene.complete(3, Scene.lease(5, 3), samples: "right")
        #expect(verdict.distrusted == [Scene.id(2).text])
        #expect(verdict.discarded == (0..<5).map { Scene.lease($0).unit })
        #expect(verdict.reductions.isEmpty)
        // The others compute it again; the one that was wrong gets nothing.
        let granted = verdict.granted
        #expect(granted == [Scene.lease(4, 2), Scene.lease(3, 2)])
        #expect(scene.wait(milliseconds: 2000).granted.isEmpty)
        let reports = scene.state.workerReports(at: scene.now, wallSeconds: 0)
        #expect(reports.map(\.state) == [.active, .benched, .active])
    }

    @Test func `what followed from a wrong tile is made again`() {
        var scene = Self.speculated(stages: [.prepare, .balance])
        scene.complete(2, Scene.lease(5, 2), samples: "wrong")
        scene.join(3)
        scene.apply(.reductionFinished(.prepare, round: 0, .finished(constants: [1])))
        scene.complete(3, Scene.lease(3, 1, .balance), samples: "follows")
        // The lost attempt of the stage before speaks only now.
        let conflict = scene.say(
            1,
            .completed(Scene.result(Scene.lease(5, 1), samples: "right"))
        )
        #expect(conflict.discarded == [Self.last])
        // What workers were told of the later stage does not hold any more: they begin anew.
        #expect(conflict.granted.isEmpty)
        #expect(scene.join(3).granted == [Scene.lease(5, 3)])
        let verdict = scene.complete(3, Scene.lease(5, 3), samples: "right")
        #expect(verdict.distrusted == [Scene.id(2).text])
        #expect(verdict.contains(.journal(.invalidated(from: .prepare))))
    }

    @Test func `three different results stop the run with all provenances`() {
        var scene = Self.speculated()
        scene.complete(2, Scene.lease(5, 2), samples: "a")
        scene.say(1, .completed(Scene.result(Scene.lease(5, 1), samples: "b")))
        scene.join(3)
        let end = scene.complete(3, Scene.lease(5, 3), samples: "c")
        guard case .failed(let message)? = end.outcome else {
            Issue.record("the run went on")
            return
        }
        for host in ["node1", "node2", "node3"] { #expect(message.contains(host)) }
        #expect(message.contains("no majority"))
    }

    @Test func `without a third worker the run stops after a while with both provenances`() {
        var scene = Self.speculated()
        scene.complete(2, Scene.lease(5, 2), samples: "a")
        scene.say(1, .completed(Scene.result(Scene.lease(5, 1), samples: "b")))
        var outcome: RunOutcome?
        for _ in 0..<90 where outcome == nil {
            scene.beat(1, held: [])
            scene.beat(2, held: [])
            outcome = scene.wait(milliseconds: 8000).outcome
        }
        guard case .failed(let message)? = outcome else {
            Issue.record("the run went on: \(String(describing: outcome))")
            return
        }
        #expect(message.contains("node1") && message.contains("node2"))
        #expect(message.contains("no third worker"))
    }

    /// Minutes of a dispute between the two workers that are there; how the run ended in them.
    private func outcome(_ scene: inout Scene, minutes: Int) -> RunOutcome? {
        var outcome: RunOutcome?
        for _ in 0..<minutes * 8 where outcome == nil {
            scene.beat(1, held: [])
            scene.beat(2, held: [])
            outcome = scene.wait(milliseconds: 7500).outcome
        }
        return outcome
    }

    private static func disputed() -> Scene {
        var scene = Self.speculated()
        scene.complete(2, Scene.lease(5, 2), samples: "a")
        scene.say(1, .completed(Scene.result(Scene.lease(5, 1), samples: "b")))
        return scene
    }

    @Test func `a dispute does not grow old while the run is paused`() {
        var scene = Self.disputed()
        #expect(outcome(&scene, minutes: 6) == nil)
        scene.apply(.pauseRequested)
        #expect(outcome(&scene, minutes: 30) == nil)
        scene.apply(.resumeRequested)
        // Its ten minutes begin anew.
        #expect(outcome(&scene, minutes: 9) == nil)
        #expect(outcome(&scene, minutes: 2) != nil)
    }

    @Test func `a dispute does not grow old while the journal is down`() {
        var scene = Self.disputed()
        scene.apply(.journalFailed("no space"))
        #expect(outcome(&scene, minutes: 30) == nil)
        scene.apply(.journalRecovered)
        #expect(outcome(&scene, minutes: 9) == nil)
        #expect(scene.join(3).granted == [Scene.lease(5, 3)])
    }

    @Test func `a dispute does not grow old while the coordinator stands still`() {
        var scene = Self.disputed()
        #expect(outcome(&scene, minutes: 1) == nil)
        scene.standStill(milliseconds: 3_600_000)
        scene.apply(.timePassed)
        #expect(outcome(&scene, minutes: 8) == nil)
        #expect(outcome(&scene, minutes: 2) != nil)
    }

    @Test func `a worker that starts again where one was wrong gets nothing, also after a restart`()
    {
        var scene = Self.speculated()
        var image = JournalImage.opened(scene.plan)
        func keep(_ effects: [RunEffect]) {
            image.append(
                effects.filter {
                    switch $0 {
                    case .journal(.workerJoined), .journal(.workerDistrusted): true
                    default: false
                    }
                }
            )
        }
        keep(scene.say(1, .hello(Scene.hello(1, running: [Scene.lease(5)]))))
        scene.complete(2, Scene.lease(5, 2), samples: "right")
        scene.say(1, .completed(Scene.result(Scene.lease(5, 1), samples: "wrong")))
        keep(scene.join(3))
        let verdict = scene.complete(3, Scene.lease(5, 3), samples: "right")
        #expect(verdict.distrusted == [Scene.id(1).text])
        keep(verdict)

        var next = Scene(tiles: 6, stages: [.prepare], snapshot: image.snapshot)
        for state in [scene, next] {
            var state = state
            var again = Scene.hello(1)
            again.workerID = Scene.id(77)
            let effects = state.say(7, .hello(again), key: "key1")
            #expect(effects.distrusted == [Scene.id(77).text])
            #expect(effects.granted.isEmpty)
        }
        // Another key of that host, and another host with that key, are not concerned.
        var other = Scene.hello(1)
        other.workerID = Scene.id(78)
        #expect(next.say(8, .hello(other), key: "key8").distrusted.isEmpty)
        #expect(next.say(9, .hello(Scene.hello(9)), key: "key1").distrusted.isEmpty)
    }

    @Test func `a dispute outlives the coordinator`() throws {
        var scene = Self.speculated()
        scene.complete(2, Scene.lease(5, 2), samples: "wrong")
        let conflict = scene.say(
            1,
            .completed(Scene.result(Scene.lease(5, 1), samples: "right"))
        )
        var snapshot = JournalSnapshot(runID: "run", planDigest: scene.plan.digest, epoch: 2)
        snapshot.claims = conflict.claims.sorted { $0.lease < $1.lease }
        snapshot.hosts = [Scene.id(1).text: "node1", Scene.id(2).text: "node2"]
        var unit = UnitSnapshot(unit: Self.last)
        unit.attempts = 2
        snapshot.units = (0..<5).map { column in
            var other = UnitSnapshot(unit: Scene.lease(column).unit)
            other.attempts = 1
            other.state = .committed
            other.object = Scene.result(Scene.lease(column)).object
            other.committedBy = Scene.id(2).text
            return other
        }
        snapshot.units.append(unit)
        var next = Scene(tiles: 6, stages: [.prepare], snapshot: snapshot)
        #expect(next.join(1).granted.isEmpty)
        #expect(next.join(2).granted.isEmpty)
        #expect(next.join(3).granted == [Scene.lease(5, 3)])
        let verdict = next.complete(3, Scene.lease(5, 3), samples: "right")
        #expect(verdict.distrusted == [Scene.id(2).text])
        #expect(verdict.discarded.count == 5)
    }
}
