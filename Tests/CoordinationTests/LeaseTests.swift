import Coordination
import Messaging
import RunStore
import SimulationKit
import Testing
import Tiling
import WireProtocol

/// The life of a lease, transition by transition.
struct LeaseTests {
    // The record of a grant stands before the message that depends on it.
    @Test func `a hello is answered with a welcome, the constants, then the costliest tile`() {
        var scene = Scene(tiles: 3)
        let effects = scene.join(1)
        let peer = Scene.peer(1)
        guard effects.count == 5,
            case .journal(.workerJoined(let worker)) = effects[0],
            case .send(.welcome(let welcome), peer) = effects[1],
            case .journal(.granted(Scene.lease(2), worker: worker.id, isSpeculative: false)) =
                effects[2],
            case .send(.stage(let brief), peer) = effects[3],
            case .send(.lease(let grants), peer) = effects[4]
        else {
            Issue.record("unexpected transcript: \(effects)")
            return
        }
        #expect(welcome.epoch == 1 && welcome.session == 1)
        #expect(welcome.planDigest == scene.plan.digest)
        #expect(brief == StageBrief(stage: .prepare, round: 0, constants: [:]))
        #expect(grants.map(\.core) == [scene.plan.stages[0].tiles[2].core])
    }

    @Test func `the next expiry is that of the first silent worker that holds something`() {
        var scene = Scene(tiles: 1)
        #expect(scene.state.nextExpiry(after: scene.now) == nil)
        scene.join(1)
        let granted = scene.now
        let expiry = granted.advanced(byMilliseconds: scene.state.policy.leaseMilliseconds)
        #expect(scene.state.nextExpiry(after: granted) == expiry)
        scene.wait(milliseconds: 1000)
        scene.join(2)
        #expect(scene.state.nextExpiry(after: scene.now) == expiry)
        scene.beat(1, held: [Scene.lease(0)])
        #expect(
            scene.state.nextExpiry(after: scene.now) == expiry.advanced(byMilliseconds: 1000)
        )
        scene.complete(1, Scene.lease(0))
        #expect(scene.state.nextExpiry(after: scene.now) == nil)
    }

    @Test func `a committed unit is journaled before it is acknowledged`() throws {
        var scene = Scene()
        scene.join(1)
        let verify = scene.say(1, .completed(Scene.result(Scene.lease(1))))
        #expect(verify == [.verify(Scene.result(Scene.lease(1)))])
        let effects = scene.apply(.objectVerified(Scene.lease(1), discrepancy: nil))
        let record = try #require(
            effects.firstIndex {
                if case .journal(.committed) = $0 { true } else { false }
            }
        )
        let message = try #require(
            effects.firstIndex {
                if case .send(.committed, _) = $0 { true } else { false }
            }
        )
        #expect(record < message)
        #expect(effects.granted == [Scene.lease(0)])
    }

    @Test func `a second report gets the same answer and no second commit`() {
        var scene = Scene()
        scene.join(1)
        scene.say(1, .completed(Scene.result(Scene.lease(1))))
        #expect(scene.say(1, .completed(Scene.result(Scene.lease(1)))).isEmpty)
        scene.apply(.objectVerified(Scene.lease(1), discrepancy: nil))
        let again = scene.say(1, .completed(Scene.result(Scene.lease(1))))
        #expect(again == [.send(.committed([Scene.lease(1)]), to: Scene.peer(1))])
    }

    @Test func `a silent worker loses its tiles after three heartbeats and not before`() {
        var scene = Scene()
        scene.join(1)
        #expect(scene.wait(milliseconds: 8750).ends.isEmpty)
        let effects = scene.wait(milliseconds: 500)
        #expect(effects.ends.map(\.outcome) == [.lost])
        #expect(effects.ends.map(\.isCharged) == [false])
        #expect(scene.join(2).granted == [Scene.lease(1, 2)])
    }

    @Test func `a heartbeat renews every lease and is answered`() {
        var scene = Scene()
        scene.join(1)
        scene.wait(milliseconds: 8000)
        let effects = scene.beat(1, held: [Scene.lease(1)])
        #expect(effects == [.send(.heartbeat(sequence: 7), to: Scene.peer(1))])
        #expect(scene.wait(milliseconds: 8000).ends.isEmpty)
    }

    @Test func `a late result of an expired lease is stale, and its file goes`() {
        var scene = Scene()
        scene.join(1)
        scene.wait(milliseconds: 9250)
        let resync = scene.say(1, .completed(Scene.result(Scene.lease(1))))
        #expect(resync == [.send(.resync, to: Scene.peer(1))])
        let hello = Scene.hello(1, unacknowledged: [Scene.result(Scene.lease(1))])
        let effects = scene.say(1, .hello(hello))
        #expect(effects.stale == [Scene.lease(1)])
        #expect(effects.contains(.discard(Scene.result(Scene.lease(1)).object.key)))
        #expect(effects.committed.isEmpty)
        #expect(effects.granted == [Scene.lease(1, 2)])
    }

    @Test func `a fenced worker that comes back is said to have rejoined, its late result stale`() {
        var scene = Scene()
        let first = RunEvent.received(
            .hello(Scene.hello(1)),
            from: Scene.peer(1),
            userID: "key1"
        )
        #expect(
            scene.facts(first) == [.runStarted, .stageStarted, .workerJoined, .leaseGranted]
        )
        scene.wait(milliseconds: 9250)
        let hello = Scene.hello(1, unacknowledged: [Scene.result(Scene.lease(1))])
        let facts = scene.facts(.received(.hello(hello), from: Scene.peer(1), userID: "key1"))
        #expect(facts == [.workerRejoined, .resultStale, .leaseGranted])
    }

    @Test func `a worker that reconnects in time goes on with its lease`() {
        var scene = Scene()
        scene.join(1)
        scene.apply(.connectionLost(Scene.peer(1)))
        scene.wait(milliseconds: 3000)
        let effects = scene.say(
            1,
            .hello(Scene.hello(1, running: [Scene.lease(1)])),
            peer: Scene.peer(9)
        )
        #expect(effects.ends.isEmpty)
        #expect(effects.stale.isEmpty)
        scene.say(1, .completed(Scene.result(Scene.lease(1))), peer: Scene.peer(9))
        let commit = scene.apply(.objectVerified(Scene.lease(1), discrepancy: nil))
        #expect(commit.committed == [Scene.lease(1)])
    }

    @Test func `a lease that the worker does not name when it comes back is free at once`() {
        var scene = Scene()
        scene.join(1)
        let effects = scene.say(1, .hello(Scene.hello(1)), peer: Scene.peer(9))
        #expect(effects.ends.map(\.outcome) == [.released])
        #expect(effects.granted == [Scene.lease(1, 2)])
    }

    @Test func `a grant that never arrived is taken back although the worker is alive`() {
        var scene = Scene(tiles: 1)
        scene.join(1)
        var ends: [AttemptEnd] = []
        var granted: [LeaseID] = []
        for _ in 0..<5 {
            scene.wait(milliseconds: 3000)
            let effects = scene.beat(1, held: [])
            ends += effects.ends
            granted += effects.granted
        }
        #expect(ends.map(\.lease) == [Scene.lease(0)])
        #expect(ends.map(\.isCharged) == [false])
        #expect(granted == [Scene.lease(0, 2)])
    }

    @Test func `a heartbeat that names a committed lease is not told that it is stale`() {
        var scene = Scene()
        scene.join(1)
        scene.complete(1, Scene.lease(1))
        let effects = scene.beat(1, held: [Scene.lease(1), Scene.lease(0)])
        #expect(effects.committed == [Scene.lease(1)])
        #expect(effects.stale.isEmpty)
    }

    @Test func `released leases are uncharged and go to another worker at once`() {
        var scene = Scene(tiles: 1)
        scene.join(1)
        scene.join(2)
        let effects = scene.say(1, .released([Scene.lease(0)], reason: "draining"))
        #expect(effects.ends.map(\.outcome) == [.released])
        #expect(effects.ends.map(\.isCharged) == [false])
        guard
            case .send(.lease, Scene.peer(2))? = effects.last(where: { effect in
                if case .send(.lease, _) = effect { true } else { false }
            })
        else {
            Issue.record("not granted to the other worker: \(effects)")
            return
        }
    }

    @Test func `a coordinator that stood still takes nobody for dead`() {
        var scene = Scene()
        scene.join(1)
        scene.wait(milliseconds: 3000)
        scene.standStill(milliseconds: 60_000)
        #expect(scene.apply(.timePassed).ends.isEmpty)
        #expect(scene.wait(milliseconds: 8500).ends.isEmpty)
        #expect(scene.wait(milliseconds: 1000).ends.map(\.outcome) == [.lost])
    }

    @Test func `a heartbeat from before a standstill does not count as silence about a lease`() {
        var scene = Scene()
        scene.join(1)
        scene.wait(milliseconds: 3000)
        scene.standStill(milliseconds: 60_000)
        // It was under way when the lease was granted, and is the first thing that is heard.
        #expect(scene.beat(1, held: []).ends.isEmpty)
        #expect(scene.apply(.timePassed).ends.isEmpty)
    }

    @Test func `prefetched leases of a lost worker are given back and not counted as lost`() {
        var scene = Scene(tiles: 8)
        scene.join(1, slots: 1, credit: 2)
        let effects = scene.wait(milliseconds: 9250)
        #expect(effects.ends.map(\.outcome) == [.lost, .released])
    }

    @Test func `a worker gets units beyond its slots only while there are plenty`() {
        var scene = Scene(tiles: 3)
        #expect(scene.join(1, slots: 1, credit: 4).granted == [Scene.lease(2), Scene.lease(1)])
        #expect(scene.join(2, slots: 1, credit: 4).granted == [Scene.lease(0)])
    }

    @Test func `few units are spread over many workers`() {
        var scene = Scene(tiles: 2)
        scene.apply(.pauseRequested)
        for worker in 1...2 { scene.join(worker, slots: 2) }
        let effects = scene.apply(.resumeRequested)
        #expect(effects.holders == [Scene.peer(1), Scene.peer(2)])
    }

    @Test func `a lease that its worker never ends is ended for it`() {
        var policy = Scene.policy
        policy.wallLimitSeconds = 10
        var scene = Scene(tiles: 1, policy: policy)
        scene.join(1)
        var ends: [AttemptEnd] = []
        var stale: [LeaseID] = []
        for _ in 0..<12 {
            let effects = scene.wait(milliseconds: 3000)
            ends += effects.ends
            stale += effects.stale
            scene.beat(1, held: [Scene.lease(0)])
        }
        #expect(ends.first?.failureClass == .timeout)
        #expect(ends.first?.isCharged == true)
        #expect(stale.contains(Scene.lease(0)))
    }
}
