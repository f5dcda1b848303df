import Coordination
import RunStore
import SimulationKit
import Testing
import Tiling
import WireProtocol

/// A coordinator that was killed starts again from the journal.
struct RestoringTests {
    /// The journal after one tile of two is committed and the other is leased to worker 1.
    private func image() -> JournalImage {
        var scene = Scene()
        var image = JournalImage.opened(scene.plan)
        image.append(scene.join(1))
        image.append(scene.complete(1, Scene.lease(1)))
        image.raiseEpoch()
        return image
    }

    @Test func `a tile that is still being computed is taken over, not started again`() {
        var scene = Scene(snapshot: image().snapshot)
        scene.apply(.timePassed)
        #expect(scene.join(2).granted.isEmpty)
        let effects = scene.say(1, .hello(Scene.hello(1, running: [Scene.lease(0)])))
        #expect(effects.ends.isEmpty)
        #expect(effects.stale.isEmpty)
        let commit = scene.complete(1, Scene.lease(0))
        #expect(commit.committed == [Scene.lease(0)])
        #expect(commit.reductions == ["prepare 0"])
    }

    @Test func `a result that was not acknowledged before the kill is committed after it`() {
        var scene = Scene(snapshot: image().snapshot)
        scene.apply(.timePassed)
        let hello = Scene.hello(
            1,
            unacknowledged: [
                Scene.result(Scene.lease(0)), Scene.result(Scene.lease(1)),
            ]
        )
        let effects = scene.say(1, .hello(hello))
        // The one was committed already, the other still is to be looked at.
        #expect(effects.committed == [Scene.lease(1)])
        #expect(effects.contains(.verify(Scene.result(Scene.lease(0)))))
    }

    @Test func `a worker that does not come back has twice the lease, then others get its tiles`() {
        var scene = Scene(snapshot: image().snapshot)
        scene.apply(.timePassed)
        scene.join(2)
        var granted: [LeaseID] = []
        for _ in 0..<5 {
            granted += scene.wait(milliseconds: 3000).granted
            scene.beat(2, held: [])
        }
        #expect(granted.isEmpty)
        for _ in 0..<2 {
            granted += scene.wait(milliseconds: 3000).granted
            scene.beat(2, held: granted)
        }
        #expect(granted == [Scene.lease(0, 2)])
    }

    @Test func `another key cannot take over an identity from before the restart while it is used`()
    {
        var scene = Scene(snapshot: image().snapshot)
        scene.apply(.timePassed)
        scene.say(1, .hello(Scene.hello(1, running: [Scene.lease(0)])))
        let effects = scene.say(
            1,
            .hello(Scene.hello(1)),
            peer: Scene.peer(9),
            key: "another"
        )
        #expect(effects.refusals == [.identity])
    }

    @Test func `a run that is done stays done`() {
        var scene = Scene(tiles: 1, stages: [.prepare])
        var image = JournalImage.opened(scene.plan)
        image.append(scene.join(1))
        image.append(scene.complete(1, Scene.lease(0)))
        image.append(
            scene.apply(.reductionFinished(.prepare, round: 0, .finished(constants: [4])))
        )
        var again = Scene(tiles: 1, stages: [.prepare], snapshot: image.snapshot)
        let effects = again.apply(.timePassed)
        #expect(effects == [.finish(.done)])
    }

    @Test func `a run killed between two stages goes on with the journaled constants`() {
        var image = image()
        var scene = Scene(snapshot: image.snapshot)
        scene.apply(.timePassed)
        image.append(scene.say(1, .hello(Scene.hello(1, running: [Scene.lease(0)]))))
        image.append(scene.complete(1, Scene.lease(0)))
        image.append(
            scene.apply(.reductionFinished(.prepare, round: 0, .finished(constants: [8])))
        )
        image.raiseEpoch()
        var again = Scene(snapshot: image.snapshot)
        again.apply(.timePassed)
        #expect(again.join(3).granted.isEmpty == false)
        let progress = again.state.progress(at: again.now)
        #expect(progress.rounds.map(\.committedCount) == [2, 0])
        #expect(progress.epoch == 3)
    }

    @Test func `a run killed before its reduction was journaled reduces again`() {
        var image = image()
        var scene = Scene(snapshot: image.snapshot)
        scene.apply(.timePassed)
        image.append(scene.say(1, .hello(Scene.hello(1, running: [Scene.lease(0)]))))
        image.append(scene.complete(1, Scene.lease(0)))
        var again = Scene(snapshot: image.snapshot)
        #expect(again.apply(.timePassed).reductions == ["prepare 0"])
    }

    @Test func `a cancelled run stays so until an operator resumes it`() {
        var image = image()
        var scene = Scene(snapshot: image.snapshot)
        scene.apply(.timePassed)
        image.append(scene.apply(.cancelRequested))
        // Not by a start, not by a request for a file that is not there.
        var again = Scene(snapshot: image.snapshot)
        #expect(again.apply(.timePassed) == [.finish(.cancelled)])
        #expect(again.apply(.objectLost(Scene.lease(1).unit, reason: "gone")).isEmpty)
        #expect(again.state.phase == .cancelled)
        #expect(again.join(2).refusals == [.finished])

        image.append(again.apply(.resumeRequested))
        #expect(again.state.phase == .running)
        #expect(again.join(2).granted == [Scene.lease(0, 2)])
        // The record alone is enough.
        #expect(image.phase == .running)
        var next = Scene(snapshot: image.snapshot)
        next.apply(.timePassed)
        #expect(next.join(3).granted == [Scene.lease(0, 2)])
    }

    @Test func `a cancelled run goes on where its start says so`() {
        var image = image()
        var scene = Scene(snapshot: image.snapshot)
        scene.apply(.timePassed)
        image.append(scene.apply(.cancelRequested))
        var state = RunState.restored(
            from: image.snapshot,
            plan: scene.plan,
            identity: scene.state.identity,
            policy: Scene.policy,
            revivesCancelled: true
        )
        let effects = state.apply(.timePassed, at: scene.now)
        #expect(effects.contains(.journal(.phaseChanged(.running, message: "resumed"))))
        #expect(effects.outcome == nil)
        #expect(state.phase == .running)
    }

    @Test func `a run with too many quarantined tiles stops at its start, unless they are retried`()
    {
        var first = Scene()
        var image = JournalImage.opened(first.plan)
        image.append(first.join(1))
        image.append(first.fail(1, Scene.lease(1), .input))
        var snapshot = image.snapshot
        snapshot.phase = .failed
        snapshot.phaseMessage = "1 tiles are quarantined, more than 0"
        var policy = Scene.policy
        policy.quarantineLimit = 0
        var scene = Scene(policy: policy, snapshot: snapshot)
        guard case .failed(let message)? = scene.apply(.timePassed).outcome else {
            Issue.record("the run went on")
            return
        }
        #expect(message.contains("more than 0"))
        #expect(scene.state.phase == .failed)

        var retried = Scene(policy: policy, snapshot: snapshot)
        #expect(retried.apply(.retryRequested(nil)).outcome == nil)
        #expect(retried.state.phase == .running)
        #expect(retried.join(2).granted == [Scene.lease(1, 2)])
    }

    @Test func `a worker that comes back after a restart is heard although its unit is settled`() {
        var image = image()
        // The second tile was committed by another attempt while the first one's end was on its way.
        let other = Scene.lease(0, 2)
        image.append(
            [
                .journal(.granted(other, worker: Scene.id(2).text, isSpeculative: true)),
                .journal(
                    .committed(
                        Scene.result(other),
                        worker: Scene.id(2).text,
                        elapsedSeconds: 1
                    )
                ),
            ]
        )
        var scene = Scene(snapshot: image.snapshot)
        #expect(scene.apply(.timePassed).ends.map(\.outcome) == [.revoked])
        let late = Scene.result(Scene.lease(0), samples: "other")
        let effects = scene.say(1, .hello(Scene.hello(1, unacknowledged: [late])))
        #expect(effects.claims.map(\.lease) == [other, Scene.lease(0)])
        let again = RunEvent.received(
            .hello(Scene.hello(2)),
            from: Scene.peer(2),
            userID: "key2"
        )
        #expect(scene.facts(again).contains(.workerRejoined))
    }

    @Test func `charges survive the restart`() {
        var scene = Scene(tiles: 1)
        var image = JournalImage.opened(scene.plan)
        image.append(scene.join(1))
        image.append(scene.fail(1, Scene.lease(0, 1), .crash))
        var again = Scene(tiles: 1, snapshot: image.snapshot)
        again.apply(.timePassed)
        again.join(1)
        again.fail(1, Scene.lease(0, 2), .crash)
        again.wait(milliseconds: 2000)
        #expect(again.fail(1, Scene.lease(0, 3), .crash).quarantined == [Scene.lease(0).unit])
    }

    @Test func `a coordinator that dies again and again costs no tile its losses`() {
        let plan = Scene.plan(tiles: 1, stages: [.prepare])
        var image = JournalImage(runID: "run", planDigest: plan.digest)
        for life in 1...25 {
            image.raiseEpoch()
            var scene = Scene(tiles: 1, stages: [.prepare], snapshot: image.snapshot)
            var effects = scene.apply(.timePassed)
            if life % 2 == 0 {
                effects += scene.apply(.workerFoundDead(Scene.id(life - 1), reason: "gone"))
            } else {
                // The worker of the life before went with its coordinator.
                effects += scene.wait(milliseconds: 18_250)
            }
            effects += scene.join(life)
            #expect(effects.quarantined.isEmpty)
            #expect(effects.granted == [Scene.lease(0, life)])
            image.append(effects)
        }
        #expect(image.snapshot.units.map(\.losses) == [0])
    }

    @Test func `what ran out of memory still runs alone after a restart`() {
        var scene = Scene(tiles: 1, stages: [.prepare])
        var image = JournalImage.opened(scene.plan)
        image.append(scene.join(1))
        image.append(scene.fail(1, Scene.lease(0), .outOfMemory))
        var again = Scene(tiles: 1, stages: [.prepare], snapshot: image.snapshot)
        #expect(again.join(2).runAlone == [true])
    }

    /// The journal of a run of two tiles that ended with one of them quarantined in its last stage.
    private func incompleteImage() -> JournalImage {
        var scene = Scene()
        var image = JournalImage.opened(scene.plan)
        image.append(scene.join(1))
        image.append(scene.complete(1, Scene.lease(1)))
        image.append(scene.complete(1, Scene.lease(0)))
        image.append(
            scene.apply(.reductionFinished(.prepare, round: 0, .finished(constants: [1])))
        )
        image.append(scene.fail(1, Scene.lease(1, 1, .balance), .input))
        image.append(scene.complete(1, Scene.lease(0, 1, .balance)))
        image.append(
            scene.apply(.reductionFinished(.balance, round: 0, .finished(constants: [2])))
        )
        #expect(image.phase == .incomplete)
        return image
    }

    @Test func `an incomplete run stays so until its tiles are put back`() {
        var image = incompleteImage()
        var scene = Scene(snapshot: image.snapshot)
        #expect(scene.apply(.timePassed) == [.finish(.incomplete(quarantined: 1))])

        var retried = Scene(snapshot: image.snapshot)
        image.append(retried.apply(.retryRequested(nil)))
        #expect(retried.state.phase == .running)
        #expect(retried.join(2).granted == [Scene.lease(1, 2, .balance)])

        // The records alone are enough: a coordinator started on them goes on as well.
        var again = Scene(snapshot: image.snapshot)
        again.apply(.timePassed)
        #expect(again.join(3).granted == [Scene.lease(1, 2, .balance)])
    }

    @Test func `a run that is over computes an object again that was lost`() {
        var image = incompleteImage()
        var scene = Scene(snapshot: image.snapshot)
        let effects = scene.apply(.objectLost(Scene.lease(0).unit, reason: "gone"))
        #expect(effects.outcome == nil)
        image.append(effects)
        image.append(scene.join(2))
        image.append(scene.complete(2, Scene.lease(0, 2)))
        // Nothing else is left to do: the reductions of both stages stand.
        #expect(image.phase == .incomplete)
        #expect(scene.state.phase == .incomplete)
    }

    @Test(arguments: [false, true])
    func `a run that is over computes objects of two stages again, whichever is missed first`(
        isLaterFirst: Bool
    ) {
        var scene = Scene(snapshot: incompleteImage().snapshot)
        let units = [Scene.lease(0).unit, Scene.lease(0, 1, .balance).unit]
        for unit in isLaterFirst ? units.reversed() : units {
            #expect(scene.apply(.objectLost(unit, reason: "gone")).discarded == [unit])
        }
        #expect(scene.join(2).granted == [Scene.lease(0, 2)])
        #expect(scene.complete(2, Scene.lease(0, 2)).granted == [Scene.lease(0, 2, .balance)])
        let end = scene.complete(2, Scene.lease(0, 2, .balance))
        #expect(end.outcome == .incomplete(quarantined: 1))
    }
}
