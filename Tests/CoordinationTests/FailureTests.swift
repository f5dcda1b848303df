import Coordination
import RunStore
import SimulationKit
import Testing
import Tiling
import WireProtocol

/// What failures do to tiles and to workers.
struct FailureTests {
    private static let reason = "another attempt has other samples"

    @Test(arguments: [FailureClass.crash, .outOfMemory, .timeout, .bug])
    func `three charged failures on the only worker quarantine a tile`(failureClass: FailureClass) {
        var scene = Scene(tiles: 1)
        scene.join(1)
        var quarantined: [WorkUnit] = []
        var outcome: RunOutcome?
        for attempt in 1...3 {
            let effects = scene.fail(1, Scene.lease(0, attempt), failureClass)
            #expect(effects.ends.map(\.isCharged) == [true])
            quarantined += effects.quarantined
            outcome = outcome ?? effects.outcome
            for _ in 0..<12 {
                scene.wait(milliseconds: 250)
                scene.beat(1, held: attempt < 3 ? [Scene.lease(0, attempt + 1)] : [])
            }
        }
        #expect(quarantined == [Scene.lease(0).unit])
        #expect(outcome == .incomplete(quarantined: 1))
    }

    @Test func `with two workers a tile is quarantined only when both have failed it`() {
        var scene = Scene(tiles: 1)
        scene.join(1)
        scene.fail(1, Scene.lease(0, 1), .crash)
        scene.join(2)
        let waited = scene.wait(milliseconds: 600)
        #expect(waited.granted == [Scene.lease(0, 2)])
        // The worker that has not failed it yet is preferred.
        let toSecond = scene.fail(2, Scene.lease(0, 2), .crash)
        #expect(toSecond.ends.map(\.lease) == [Scene.lease(0, 2)])
        #expect(toSecond.quarantined.isEmpty)
    }

    @Test(arguments: [FailureClass.outOfMemory, .crash])
    func `a tile that ran out of memory is granted to run alone, and no other`(
        failureClass: FailureClass
    ) {
        var scene = Scene(tiles: 1)
        let first = scene.join(1)
        scene.fail(1, Scene.lease(0), failureClass)
        let second = scene.wait(milliseconds: 600)
        #expect(first.runAlone == [false])
        #expect(second.runAlone == [failureClass == .outOfMemory])
    }

    @Test func `what ran out of memory waits for its host to be idle and holds it back`() {
        var scene = Scene(tiles: 5)
        for worker in 1...2 { scene.join(worker, host: "node") }
        scene.fail(1, Scene.lease(4), .outOfMemory)
        // There is other work: the tile is left for the end.
        scene.wait(milliseconds: 750)
        #expect(scene.complete(1, Scene.lease(2)).granted == [Scene.lease(1)])
        #expect(scene.complete(1, Scene.lease(1)).granted == [Scene.lease(0)])
        #expect(scene.complete(1, Scene.lease(0)).granted.isEmpty)
        // The sibling still computes.
        #expect(scene.beat(1, held: []).granted.isEmpty)
        let alone = scene.complete(2, Scene.lease(3))
        #expect(alone.granted == [Scene.lease(4, 2)])
        #expect(alone.holders == [Scene.peer(2)])
        // What becomes free meanwhile waits for it on this host, and not on another.
        let back = scene.apply(.objectLost(Scene.lease(0).unit, reason: "gone"))
        #expect(back.granted.isEmpty)
        #expect(scene.beat(1, held: []).granted.isEmpty)
        #expect(scene.join(3).granted == [Scene.lease(0, 2)])
        scene.apply(.objectLost(Scene.lease(1).unit, reason: "gone"))
        let end = scene.complete(2, Scene.lease(4, 2))
        #expect(end.granted == [Scene.lease(1, 2)])
    }

    @Test func `where there is one worker, an unreadable input quarantines at once and uncharged`()
    {
        var scene = Scene(tiles: 2)
        scene.join(1)
        let effects = scene.fail(1, Scene.lease(1), .input)
        #expect(effects.quarantined == [Scene.lease(1).unit])
        #expect(effects.ends.map(\.isCharged) == [false])
        #expect(effects.granted == [Scene.lease(0)])
    }

    @Test func `a storage failure waits, doubles its wait, and is never charged`() {
        var scene = Scene(tiles: 1)
        scene.join(1)
        for (attempt, wait) in [(1, 500), (2, 1000), (3, 2000)] {
            let effects = scene.fail(1, Scene.lease(0, attempt), .storage)
            #expect(effects.ends.map(\.isCharged) == [false])
            #expect(scene.wait(milliseconds: wait - 250).granted.isEmpty)
            #expect(scene.wait(milliseconds: 500).granted == [Scene.lease(0, attempt + 1)])
        }
    }

    @Test func `an object that is not as described is a storage failure`() {
        var scene = Scene(tiles: 1)
        scene.join(1)
        let result = Scene.result(Scene.lease(0))
        scene.say(1, .completed(result))
        let effects = scene.apply(.objectVerified(Scene.lease(0), discrepancy: "cut short"))
        #expect(effects.ends.map(\.failureClass) == [.storage])
        #expect(effects.stale == [Scene.lease(0)])
        #expect(effects.contains(.discard(result.object.key)))
        #expect(effects.committed.isEmpty)
    }

    @Test func `a worker that fails everything is benched and its failures forgiven`() {
        var scene = Scene(tiles: 12)
        scene.join(1, slots: 1)
        scene.join(2, slots: 1)
        var forgiven = 0
        var failed = 0
        for _ in 0..<5 {
            let held = scene.state.progress(at: scene.now)
            #expect(held.workers[0].leaseCount == 1)
            // The first worker got the costliest, then always the next one.
            let lease = Scene.lease([11, 9, 8, 7, 6][failed])
            let effects = scene.fail(1, lease, .crash)
            failed += 1
            forgiven +=
                effects.filter {
                    if case .journal(.chargesForgiven) = $0 { true } else { false }
                }.count
        }
        #expect(forgiven == 5)
        #expect(scene.state.progress(at: scene.now).workers[0].isBenched)
        #expect(scene.state.progress(at: scene.now).workers[0].leaseCount == 0)
        var granted: [LeaseID] = []
        for _ in 0..<25 {
            granted += scene.wait(milliseconds: 2500).granted
            scene.beat(1, held: [])
            scene.beat(2, held: [Scene.lease(10)])
        }
        #expect(!scene.state.progress(at: scene.now).workers[0].isBenched)
        #expect(granted.count >= 1)
    }

    @Test func `a benched worker that starts again stays benched while another is there`() {
        var scene = Scene(tiles: 12)
        scene.join(1)
        scene.join(2)
        for column in [11, 9, 8, 7, 6] { scene.fail(1, Scene.lease(column), .crash) }
        scene.say(1, .goodbye(reason: "started again"))
        var hello = Scene.hello(1)
        hello.workerID = Scene.id(77)
        #expect(scene.say(7, .hello(hello), key: "key1").granted.isEmpty)
        #expect(scene.wait(milliseconds: 3000).granted.isEmpty)
        // When the other leaves, it is better than nobody.
        scene.say(2, .goodbye(reason: "done"))
        #expect(scene.wait(milliseconds: 250).granted == [Scene.lease(11, 2)])
    }

    @Test
    func `benches are remembered of as many places as there may be sessions, the latest ones`()
        throws
    {
        var policy = Scene.policy
        policy.sessionLimit = 3
        policy.benchAfterFailures = 1
        policy.benchMilliseconds = 1000
        var scene = Scene(tiles: 30, policy: policy)
        // It takes over from those that are benched.
        scene.join(9)
        /// How long a worker is benched that fails at once, in looks at the time.
        func bench(_ place: Int, as worker: Int) throws -> Int {
            var hello = Scene.hello(place)
            hello.workerID = Scene.id(worker)
            let granted = scene.say(place, .hello(hello)).granted
            scene.fail(place, try #require(granted.first), .crash)
            var looks = 0
            while scene.state.progress(at: scene.now).workers.contains(where: \.isBenched) {
                scene.wait(milliseconds: 250)
                scene.beat(9, held: [Scene.lease(29)])
                looks += 1
            }
            scene.say(place, .goodbye(reason: "started again"))
            return looks
        }
        let once = try bench(1, as: 1)
        #expect(once > 0)
        #expect(try bench(1, as: 11) > once)
        for place in 2...4 { #expect(try bench(place, as: place) == once) }
        #expect(try bench(1, as: 12) == once)
        #expect(try bench(4, as: 14) > once)
    }

    @Test func `the only worker is never benched`() {
        var scene = Scene(tiles: 12)
        scene.join(1)
        for column in (4...11).reversed() { scene.fail(1, Scene.lease(column), .crash) }
        #expect(!scene.state.progress(at: scene.now).workers[0].isBenched)
    }

    @Test func `a local worker that crashed charges what it computed, not what waited`() {
        var scene = Scene(tiles: 8)
        scene.join(1, slots: 1, credit: 2)
        let effects = scene.apply(
            .localWorkerExited(processID: 101, host: "node1", .crash, reason: "signal 11")
        )
        #expect(effects.ends.map(\.outcome) == [.failed, .released])
        #expect(effects.ends.map(\.isCharged) == [true, false])
    }

    @Test func `a local worker that was killed charges nobody`() {
        var scene = Scene(tiles: 1)
        scene.join(1)
        let effects = scene.apply(
            .localWorkerExited(processID: 101, host: "node1", nil, reason: "signal 9")
        )
        #expect(effects.ends.map(\.outcome) == [.lost])
        #expect(effects.ends.map(\.isCharged) == [false])
        #expect(scene.join(2).granted == [Scene.lease(0, 2)])
    }

    @Test func `a worker that was lost and comes back with other samples is heard`() {
        var scene = Scene(tiles: 1, stages: [.prepare])
        scene.join(1)
        scene.wait(milliseconds: 9250)
        scene.join(2)
        #expect(scene.complete(2, Scene.lease(0, 2)).reductions == ["prepare 0"])
        // The reduction is still to come; the first worker is back with another result.
        let other = Scene.result(Scene.lease(0, 1), samples: "other")
        let late = scene.say(1, .hello(Scene.hello(1, unacknowledged: [other])))
        #expect(late.stale == [Scene.lease(0, 1)])
        #expect(late.contains(.discard(other.object.key)))
        #expect(late.claims.map(\.worker) == [Scene.id(2).text, Scene.id(1).text])
        #expect(late.discarded == [Scene.lease(0).unit])
        #expect(late.outcome == nil)
        // Neither of the two decides.
        #expect(late.granted.isEmpty)
        #expect(scene.join(3).granted == [Scene.lease(0, 3)])
        #expect(scene.complete(3, Scene.lease(0, 3)).distrusted == [Scene.id(1).text])
    }

    @Test func `a late result under another key proves nothing`() {
        var scene = Scene(tiles: 1, stages: [.prepare])
        scene.join(1)
        scene.wait(milliseconds: 9250)
        scene.join(2)
        scene.complete(2, Scene.lease(0, 2))
        let other = Scene.result(Scene.lease(0, 1), samples: "other")
        let late = scene.say(
            1,
            .hello(Scene.hello(1, unacknowledged: [other])),
            key: "another key"
        )
        #expect(late.stale == [Scene.lease(0, 1)])
        #expect(late.claims.isEmpty)
        #expect(!late.contains(.discard(other.object.key)))
    }

    @Test func `a superseded attempt that reports other samples is arbitrated`() {
        var policy = Scene.policy
        policy.speculates = true
        policy.speculationFloorMilliseconds = 1000
        var scene = Scene(tiles: 6, stages: [.prepare], policy: policy)
        scene.join(1)
        scene.join(2)
        var granted: [LeaseID] = []
        for column in [4, 3, 2, 1, 0] {
            granted += scene.wait(milliseconds: 250).granted
            granted += scene.complete(2, Scene.lease(column)).granted
        }
        granted += scene.wait(milliseconds: 500).granted
        // Worker 1 still has the costliest tile: a second worker tries it, and is first.
        #expect(granted.last == Scene.lease(5, 2))
        let commit = scene.complete(2, Scene.lease(5, 2))
        #expect(commit.stale == [Scene.lease(5, 1)])
        #expect(commit.ends.map(\.outcome) == [.superseded])
        let late = scene.say(1, .completed(Scene.result(Scene.lease(5, 1), samples: "other")))
        #expect(late.outcome == nil)
        #expect(late.claims.map(\.worker) == [Scene.id(2).text, Scene.id(1).text])
        #expect(late.contains(.journal(.resultDiscarded(Scene.lease(5).unit, reason: Self.reason))))
        // Neither of the two may decide.
        #expect(late.granted.isEmpty)
        #expect(scene.join(3).granted == [Scene.lease(5, 3)])
    }

    @Test func `a tile that takes workers of two hosts with it is quarantined, of one it waits`() {
        var policy = Scene.policy
        policy.lossLimit = 3
        for hosts in [[1], [1, 2]] {
            var scene = Scene(tiles: 1, policy: policy)
            // It is there and could say otherwise, but has no room.
            scene.join(3, slots: 1)
            scene.say(3, .released([Scene.lease(0)], reason: "no room"))
            var quarantined: [WorkUnit] = []
            for loss in 0..<3 {
                let host = hosts[loss % hosts.count]
                scene.say(3, .released([], reason: "no room"))
                scene.join(host)
                quarantined +=
                    scene.apply(
                        .localWorkerExited(
                            processID: 100 + host,
                            host: "node\(host)",
                            nil,
                            reason: "signal 9"
                        )
                    ).quarantined
            }
            #expect(quarantined.count == hosts.count - 1)
            // It is not tried at once any more.
            #expect(scene.wait(milliseconds: 250).granted.isEmpty)
        }
    }

    @Test func `more quarantined tiles than allowed stop the run`() {
        var policy = Scene.policy
        policy.quarantineLimit = 1
        var scene = Scene(tiles: 4, policy: policy)
        scene.join(1)
        #expect(scene.fail(1, Scene.lease(3), .input).outcome == nil)
        guard case .failed? = scene.fail(1, Scene.lease(2), .input).outcome else {
            Issue.record("the run went on")
            return
        }
    }

    @Test func `a failure that is told of a reported result does not cost the result`() {
        var scene = Scene(tiles: 2)
        scene.join(1)
        let lease = Scene.lease(1)
        scene.say(1, .completed(Scene.result(lease)))
        let failure = AttemptFailure(lease: lease, failureClass: .crash, message: "too late")
        // Neither while its object is looked at, nor afterwards, is its file called stale.
        #expect(scene.say(1, .failed(failure)).stale.isEmpty)
        scene.apply(.objectVerified(lease, discrepancy: nil))
        let again = scene.say(1, .failed(failure))
        #expect(again.stale.isEmpty)
        #expect(again.contains(.send(.committed([lease]), to: Scene.peer(1))))
        #expect(scene.state.committedObject(of: lease.unit)?.key.lease == lease)
    }
}
