import Coordination
import Messaging
import RunStore
import SimulationKit
import Testing
import Tiling
import WireProtocol

/// Stages, rounds, and the end of a run.
struct StageTests {
    @Test func `a settled stage is reduced once and the next begins with its constants`() {
        var scene = Scene(tiles: 1)
        scene.join(1)
        #expect(scene.complete(1, Scene.lease(0)).reductions == ["prepare 0"])
        let effects = scene.apply(.reductionFinished(.prepare, round: 0, .finished(constants: [9])))
        guard case .journal(.reduced(.prepare, round: 0, _))? = effects.first else {
            Issue.record("the reduction is not journaled first: \(effects)")
            return
        }
        #expect(effects.granted == [Scene.lease(0, 1, .balance)])
        #expect(
            effects.briefs == [StageBrief(stage: .balance, round: 0, constants: [.prepare: [9]])]
        )
        let inputs = effects.flatMap { effect -> [TileObject] in
            if case .send(.lease(let grants), _) = effect { grants.flatMap(\.inputs) } else { [] }
        }
        #expect(inputs == [Scene.result(Scene.lease(0)).object])
    }

    @Test func `another round runs the same tiles with its own constants`() {
        var scene = Scene(tiles: 1, stages: [.bandwidth, .fit])
        scene.join(1)
        scene.complete(1, Scene.lease(0, 1, .bandwidth))
        let effects = scene.apply(
            .reductionFinished(.bandwidth, round: 0, .anotherRound(constants: [1]))
        )
        #expect(effects.granted == [Scene.lease(0, 1, .bandwidth, round: 1)])
        scene.complete(1, Scene.lease(0, 1, .bandwidth, round: 1))
        let next = scene.apply(
            .reductionFinished(.bandwidth, round: 1, .finished(constants: [2]))
        )
        #expect(next.granted == [Scene.lease(0, 1, .fit)])
        #expect(next.briefs.map(\.constants) == [[.bandwidth: [2]]])
    }

    @Test func `a late partial of an earlier round changes nothing`() {
        var scene = Scene(tiles: 1, stages: [.bandwidth])
        scene.join(1)
        scene.complete(1, Scene.lease(0, 1, .bandwidth))
        scene.apply(.reductionFinished(.bandwidth, round: 0, .anotherRound(constants: [1])))
        let again = scene.say(1, .completed(Scene.result(Scene.lease(0, 1, .bandwidth))))
        #expect(again.committed == [Scene.lease(0, 1, .bandwidth)])
        #expect(
            scene.apply(.reductionFinished(.bandwidth, round: 0, .finished(constants: [3]))).isEmpty
        )
    }

    @Test func `the last reduction ends the run and says goodbye`() {
        var scene = Scene(tiles: 1, stages: [.prepare])
        scene.join(1)
        scene.complete(1, Scene.lease(0))
        let effects = scene.apply(.reductionFinished(.prepare, round: 0, .finished(constants: [])))
        #expect(effects.outcome == .done)
        #expect(effects.contains(.send(.goodbye(.finished), to: Scene.peer(1))))
        #expect(effects.contains(.journal(.phaseChanged(.done, message: ""))))
        #expect(scene.join(2).refusals == [.finished])
    }

    @Test func `a reduction that is impossible stops the run with its reason`() {
        var scene = Scene(tiles: 1, stages: [.prepare])
        scene.join(1)
        scene.complete(1, Scene.lease(0))
        let effects = scene.apply(.reductionFailed(.prepare, round: 0, reason: "no variance"))
        #expect(effects.outcome == .failed("stage prepare cannot be reduced: no variance"))
    }

    @Test func `tiles quarantined in one stage are left out of the next`() {
        var scene = Scene(tiles: 2)
        scene.join(1)
        scene.fail(1, Scene.lease(1), .input)
        scene.complete(1, Scene.lease(0))
        let effects = scene.apply(.reductionFinished(.prepare, round: 0, .finished(constants: [])))
        #expect(effects.granted == [Scene.lease(0, 1, .balance)])
        scene.complete(1, Scene.lease(0, 1, .balance))
        let end = scene.apply(.reductionFinished(.balance, round: 0, .finished(constants: [])))
        #expect(end.outcome == .incomplete(quarantined: 1))
        #expect(scene.state.progress(at: scene.now).rounds[1].blockedCount == 1)
    }

    @Test func `a stage without tiles is reduced at once`() {
        var scene = Scene(tiles: 0, stages: [.prepare])
        #expect(scene.apply(.timePassed).reductions == ["prepare 0"])
    }

    @Test func `a worker keeps its tiles from stage to stage`() {
        var scene = Scene(tiles: 4)
        scene.join(1)
        scene.join(2)
        // Costliest first: worker 1 gets 3, worker 2 gets 2; then the other way round.
        scene.complete(2, Scene.lease(2))
        scene.complete(1, Scene.lease(3))
        scene.complete(1, Scene.lease(0))
        scene.complete(2, Scene.lease(1))
        let effects = scene.apply(.reductionFinished(.prepare, round: 0, .finished(constants: [])))
        var byPeer: [UInt8: [LeaseID]] = [:]
        for effect in effects {
            if case .send(.lease(let grants), let peer) = effect {
                byPeer[peer.bytes[0], default: []] += grants.map(\.lease)
            }
        }
        #expect(byPeer == [1: [Scene.lease(3, 1, .balance)], 2: [Scene.lease(2, 1, .balance)]])
        let next = scene.complete(1, Scene.lease(3, 1, .balance))
        #expect(next.granted == [Scene.lease(0, 1, .balance)])
    }

    private static let hasty: LeasePolicy = {
        var policy = LeasePolicy()
        policy.speculationFloorMilliseconds = 1000
        return policy
    }()

    @Test func `what the journal knows of durations tells a straggler after a restart`() {
        let plan = Scene.plan(tiles: 2, stages: [.prepare])
        var snapshot = JournalSnapshot(runID: "run", planDigest: plan.digest, epoch: 2)
        snapshot.durations = [1, 1, 2, 1].map {
            AttemptDuration(stage: .prepare, round: 0, seconds: $0)
        }
        var scene = Scene(tiles: 2, stages: [.prepare], policy: Self.hasty, snapshot: snapshot)
        scene.join(1)
        scene.join(2)
        scene.complete(2, Scene.lease(0))
        // Of 0, 1, 1, 1 and 2 s the third quartile is 1 s; twice that is a straggler.
        #expect(scene.wait(milliseconds: 2000).granted.isEmpty)
        #expect(scene.wait(milliseconds: 500).granted == [Scene.lease(1, 2)])
    }

    @Test func `while few of a stage have ended, the stage before tells a straggler`() {
        var scene = Scene(tiles: 5, policy: Self.hasty)
        for worker in 1...3 { scene.join(worker) }
        scene.wait(milliseconds: 1000)
        for (worker, column) in [(1, 4), (2, 3), (3, 2)] {
            scene.complete(worker, Scene.lease(column))
        }
        scene.wait(milliseconds: 1000)
        for (worker, column) in [(1, 1), (2, 0)] { scene.complete(worker, Scene.lease(column)) }
        let begun = scene.apply(
            .reductionFinished(.prepare, round: 0, .finished(constants: []))
        )
        #expect(begun.granted == [4, 3, 2].map { Scene.lease($0, 1, .balance) })
        #expect(
            scene.complete(3, Scene.lease(2, 1, .balance)).granted == [Scene.lease(1, 1, .balance)]
        )
        #expect(
            scene.complete(2, Scene.lease(3, 1, .balance)).granted == [Scene.lease(0, 1, .balance)]
        )
        scene.complete(3, Scene.lease(1, 1, .balance))
        #expect(scene.wait(milliseconds: 4000).granted.isEmpty)
        #expect(scene.wait(milliseconds: 500).granted == [Scene.lease(0, 2, .balance)])
    }

    @Test func `while the journal is down nothing is granted`() {
        var scene = Scene(tiles: 2)
        scene.apply(.journalFailed("no space left"))
        #expect(scene.join(1).granted.isEmpty)
        #expect(scene.apply(.journalRecovered).granted == [Scene.lease(1)])
    }
}
