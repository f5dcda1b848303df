import Coordination
import Messaging
import RunStore
import SimulationKit
import Testing
import Tiling
import WireProtocol

/// What an operator can ask for.
struct OperatorTests {
    @Test func `a pause lets running tiles finish and begins nothing new`() {
        var scene = Scene(tiles: 3)
        scene.join(1)
        scene.apply(.pauseRequested)
        let commit = scene.complete(1, Scene.lease(2))
        #expect(commit.committed == [Scene.lease(2)])
        #expect(commit.granted.isEmpty)
        #expect(scene.apply(.resumeRequested).granted == [Scene.lease(1)])
    }

    @Test func `a cancelled run revokes its leases, and cancelling twice is as good as once`() {
        var scene = Scene()
        scene.join(1)
        let effects = scene.apply(.cancelRequested)
        #expect(effects.stale == [Scene.lease(1)])
        #expect(effects.ends.map(\.outcome) == [.revoked])
        #expect(effects.outcome == .cancelled)
        #expect(effects.contains(.send(.goodbye(.cancelled), to: Scene.peer(1))))
        #expect(scene.apply(.cancelRequested).isEmpty)
        #expect(scene.wait(milliseconds: 20_000).ends.isEmpty)
    }

    @Test func `a drained worker finishes what it has and gets nothing new`() {
        var scene = Scene(tiles: 3)
        scene.join(1)
        let effects = scene.apply(.drainRequested(Scene.id(1)))
        guard case .send(.drain, Scene.peer(1))? = effects.first else {
            Issue.record("not told: \(effects)")
            return
        }
        let commit = scene.complete(1, Scene.lease(2))
        #expect(commit.committed == [Scene.lease(2)])
        #expect(commit.granted.isEmpty)
        #expect(scene.say(1, .goodbye(reason: "drained")).ends.isEmpty)
        #expect(scene.join(2).granted == [Scene.lease(1)])
    }

    @Test func `a revoked key loses its session and its leases at once, uncharged`() {
        var scene = Scene(tiles: 3)
        scene.join(1)
        scene.join(2)
        let held = Scene.lease(2)
        let effects = scene.apply(.keysRevoked(["key1"]))
        #expect(effects.ends.map(\.lease) == [held])
        #expect(effects.ends.map(\.outcome) == [.released])
        #expect(effects.ends.map(\.isCharged) == [false])
        guard case .send(.refuse, Scene.peer(1))? = effects.first(where: Self.isSent) else {
            Issue.record("not told: \(effects)")
            return
        }
        // The other one is full; what is free comes to whoever joins next, not to the old connection.
        #expect(scene.join(3).granted == [Scene.lease(2, 2)])
        let late = scene.say(1, .completed(Scene.result(held)))
        #expect(late.committed.isEmpty && late.granted.isEmpty)
        #expect(scene.apply(.keysRevoked(["key1"])).isEmpty)
    }

    private static func isSent(_ effect: RunEffect) -> Bool {
        if case .send = effect { true } else { false }
    }

    /// The workers that are told to leave.
    private func drained(_ effects: [RunEffect]) -> [PeerID] {
        effects.compactMap { if case .send(.drain, let peer) = $0 { peer } else { nil } }
    }

    @Test func `a worker that is away is drained when it comes back`() {
        var scene = Scene(tiles: 3)
        scene.join(1)
        scene.apply(.connectionLost(Scene.peer(1)))
        #expect(drained(scene.apply(.drainRequested(Scene.id(1)))).isEmpty)
        let hello = Scene.hello(1, running: [Scene.lease(2)])
        let effects = scene.say(1, .hello(hello), peer: Scene.peer(9))
        #expect(drained(effects) == [Scene.peer(9)])
        #expect(effects.granted.isEmpty)
        // Also one that was lost meanwhile, and one of which only the journal knows.
        scene.wait(milliseconds: 9250)
        #expect(drained(scene.join(1)) == [Scene.peer(1)])
    }

    @Test func `a drain is said again until the worker has left`() {
        var scene = Scene(tiles: 3)
        scene.join(1)
        scene.join(2)
        scene.apply(.drainRequested(Scene.id(1)))
        for _ in 0..<3 {
            scene.wait(milliseconds: 3000)
            #expect(drained(scene.beat(1, held: [Scene.lease(2)])) == [Scene.peer(1)])
            #expect(drained(scene.beat(2, held: [Scene.lease(1)])).isEmpty)
        }
        scene.say(1, .goodbye(reason: "drained"))
        #expect(drained(scene.join(1)).isEmpty)
    }

    /// The journal of some effects.
    private func image(_ effects: [RunEffect], of scene: Scene) -> JournalImage {
        var image = JournalImage.opened(scene.plan)
        image.append(effects)
        return image
    }

    @Test func `a drain outlives the coordinator`() {
        var scene = Scene(tiles: 3)
        let effects = scene.join(1) + scene.apply(.drainRequested(Scene.id(1)))
        var next = Scene(tiles: 3, snapshot: image(effects, of: scene).snapshot)
        let hello = Scene.hello(1, running: [Scene.lease(2)])
        #expect(drained(next.say(1, .hello(hello))) == [Scene.peer(1)])
        #expect(next.complete(1, Scene.lease(2)).granted.isEmpty)
    }

    @Test func `a drain ends with the process of its worker, also in the journal`() {
        let other = RunEvent.received(
            .hello(Scene.hello(5)),
            from: Scene.peer(1),
            userID: "key1"
        )
        let ends: [RunEvent] = [
            .received(.goodbye(reason: "drained"), from: Scene.peer(1), userID: "key1"),
            .localWorkerExited(processID: 101, host: "node1", nil, reason: "signal 9"),
            other,
        ]
        for end in ends {
            var scene = Scene(tiles: 3)
            let wish = scene.join(1) + scene.apply(.drainRequested(Scene.id(1)))
            #expect(image(wish, of: scene).snapshot.drainedWorkers == [Scene.id(1).text])
            let effects = wish + scene.apply(end)
            #expect(image(effects, of: scene).snapshot.drainedWorkers.isEmpty)
        }
        // One that is only silent may come back.
        var scene = Scene(tiles: 3)
        let wish = scene.join(1) + scene.apply(.drainRequested(Scene.id(1)))
        var next = Scene(tiles: 3, snapshot: image(wish, of: scene).snapshot)
        let silence = wish + scene.wait(milliseconds: 9250)
        #expect(image(silence, of: scene).snapshot.drainedWorkers == [Scene.id(1).text])
        // Or its process is found to be gone when the next coordinator starts.
        let dead = next.apply(.workerFoundDead(Scene.id(1), reason: "gone"))
        #expect(dead.contains(.journal(.drainEnded(id: Scene.id(1).text))))
    }

    @Test func `a coordinator that leaves tells that it will be back and keeps leases open`() {
        var scene = Scene()
        scene.join(1)
        let effects = scene.apply(.shutdownRequested)
        #expect(effects.ends.isEmpty)
        #expect(effects.contains(.send(.goodbye(.restarting), to: Scene.peer(1))))
        #expect(effects.outcome == .interrupted)
        #expect(scene.state.phase == .running)
    }

    @Test func `a quarantined tile is tried again under the next attempt`() {
        var scene = Scene(tiles: 2)
        scene.join(1)
        scene.fail(1, Scene.lease(1), .input)
        let effects = scene.apply(.retryRequested(nil))
        #expect(effects.contains(.journal(.requeued(Scene.lease(1).unit))))
        let commit = scene.complete(1, Scene.lease(0))
        #expect(commit.granted == [Scene.lease(1, 2)])
    }

    @Test func `a retry in a reduced stage makes what follows from it again`() {
        var scene = Scene(tiles: 2)
        scene.join(1)
        scene.fail(1, Scene.lease(1), .input)
        scene.complete(1, Scene.lease(0))
        scene.apply(.reductionFinished(.prepare, round: 0, .finished(constants: [1])))
        scene.complete(1, Scene.lease(0, 1, .balance))
        let end = scene.apply(.reductionFinished(.balance, round: 0, .finished(constants: [2])))
        #expect(end.outcome == .incomplete(quarantined: 1))

        let effects = scene.apply(.retryRequested(TileID(row: 0, column: 1)))
        #expect(effects.contains(.journal(.invalidated(from: .prepare))))
        #expect(scene.state.phase == .running)
        // A worker that was told constants which no longer hold gets nothing before it has greeted anew, and is
        // asked to with every heartbeat.
        #expect(effects.granted.isEmpty)
        for answer in [effects, scene.beat(1, held: [])] {
            #expect(answer.contains(.send(.resync, to: Scene.peer(1))))
        }
        #expect(scene.join(1).granted == [Scene.lease(1, 2)])
        scene.complete(1, Scene.lease(1, 2))
        let next = scene.apply(.reductionFinished(.prepare, round: 0, .finished(constants: [3])))
        #expect(next.granted == [Scene.lease(1, 1, .balance)])
        // The number of the earlier attempt at the later stage stays used.
        #expect(
            scene.complete(1, Scene.lease(1, 1, .balance)).granted == [Scene.lease(0, 2, .balance)]
        )
    }

    @Test func `a lost object is computed again and what followed from it stays`() {
        var scene = Scene(tiles: 2)
        scene.join(1)
        scene.complete(1, Scene.lease(1))
        scene.complete(1, Scene.lease(0))
        scene.apply(.reductionFinished(.prepare, round: 0, .finished(constants: [1])))
        scene.complete(1, Scene.lease(1, 1, .balance))
        let effects = scene.apply(.objectLost(Scene.lease(1).unit, reason: "gone"))
        #expect(effects.stale == [Scene.lease(0, 1, .balance)])
        #expect(scene.join(1).granted == [Scene.lease(1, 2)])
        let back = scene.complete(1, Scene.lease(1, 2))
        #expect(back.reductions.isEmpty)
        #expect(back.granted == [Scene.lease(0, 2, .balance)])
    }

    @Test
    func `an object of a later stage that is lost while an earlier one has work is made again`() {
        var scene = Scene(tiles: 2)
        scene.join(1)
        scene.complete(1, Scene.lease(1))
        scene.complete(1, Scene.lease(0))
        scene.apply(.reductionFinished(.prepare, round: 0, .finished(constants: [1])))
        scene.complete(1, Scene.lease(1, 1, .balance))
        scene.apply(.objectLost(Scene.lease(0).unit, reason: "gone"))
        let later = Scene.lease(1, 1, .balance).unit
        #expect(scene.apply(.objectLost(later, reason: "gone")).discarded == [later])
        #expect(scene.state.committedObject(of: later) == nil)
        // Once is enough.
        #expect(scene.apply(.objectLost(later, reason: "gone")).isEmpty)
        #expect(scene.join(1).granted == [Scene.lease(0, 2)])
        let back = scene.complete(1, Scene.lease(0, 2))
        #expect(back.reductions.isEmpty)
        #expect(back.granted == [Scene.lease(1, 2, .balance)])
    }

    @Test func `when a reader's storage fails, what it reads is looked at before it is blamed`() {
        var scene = Scene(tiles: 2, stages: [.prepare, .balance])
        scene.join(1)
        scene.complete(1, Scene.lease(1))
        scene.complete(1, Scene.lease(0))
        scene.apply(.reductionFinished(.prepare, round: 0, .finished(constants: [1])))
        let input = Scene.result(Scene.lease(1)).object
        let other = Scene.result(Scene.lease(0)).object
        func inspected(_ effects: [RunEffect]) -> [[TileObject]] {
            effects.compactMap { if case .inspect(let objects) = $0 { objects } else { nil } }
        }
        var looks: [Int: [[TileObject]]] = [:]
        for attempt in 1...4 {
            let lease = Scene.lease(1, attempt, .balance)
            let failure = AttemptFailure(
                lease: lease,
                failureClass: .storage,
                message: attempt == 2
                    ? "/run/tiles/\(other.key.path) is not what was committed." : "cannot read"
            )
            looks[attempt] = inspected(scene.say(1, .failed(failure)))
            let waiting = Scene.lease(0, 1, .balance)
            if attempt == 1 { scene.complete(1, waiting) }
            scene.wait(milliseconds: 4500)
            scene.beat(1, held: [Scene.lease(1, attempt + 1, .balance)])
        }
        #expect(looks == [1: [[input]], 2: [[input, other]], 3: [], 4: [[input]]])
        // What is found to be damaged is computed again, and then its reader.
        let lost = scene.apply(.objectLost(input.key.lease.unit, reason: "another digest"))
        #expect(lost.contains(.send(.resync, to: Scene.peer(1))))
        #expect(scene.join(1).granted == [Scene.lease(1, 2)])
        #expect(scene.complete(1, Scene.lease(1, 2)).granted == [Scene.lease(1, 6, .balance)])
    }

    @Test func `reports say who works, on what, and who does not`() throws {
        var scene = Scene(tiles: 3)
        scene.join(1)
        scene.join(2)
        scene.fail(2, Scene.lease(1), .crash)
        scene.apply(.drainRequested(Scene.id(2)))
        scene.wait(milliseconds: 2000)
        scene.beat(1, held: [Scene.lease(2)])
        scene.apply(.connectionLost(Scene.peer(1)))
        let reports = scene.state.workerReports(at: scene.now, wallSeconds: -5)
        #expect(reports.map(\.id) == [Scene.id(1).text, Scene.id(2).text])
        #expect(reports.map(\.state) == [.away, .draining])
        #expect(reports.map(\.host) == ["node1", "node2"])
        #expect(reports.map(\.failedCount) == [0, 1])
        #expect(reports[0].running == ["prepare/r000c002"])
        #expect(reports[0].residentBytes == 1)
        #expect(reports[0].silentSeconds == 0)
        #expect(reports[1].silentSeconds == 2)
        // Its clock says 0 while the coordinator's says -5.
        #expect(reports[0].clockSkewSeconds == 5)
        #expect(reports[1].clockSkewSeconds == nil)
    }

    @Test func `a unit that is done has the recipe that its worker was given`() throws {
        var scene = Scene(tiles: 2)
        scene.join(1)
        scene.complete(1, Scene.lease(1))
        scene.complete(1, Scene.lease(0))
        scene.apply(.reductionFinished(.prepare, round: 0, .finished(constants: [1])))
        let unit = Scene.lease(1, 1, .balance).unit
        let recipe = try #require(scene.state.recipes(of: [unit])[unit])
        #expect(recipe.inputs == [Scene.result(Scene.lease(1)).object])
        #expect(recipe.constants == [.prepare: [1]])
        #expect(recipe.core == scene.plan.stages[1].tiles[1].core)
        let later = Scene.lease(1, 1, .fit).unit
        #expect(scene.state.recipes(of: [later]).isEmpty)
    }
}
