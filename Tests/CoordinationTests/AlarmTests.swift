import Coordination
import RunStore
import SimulationKit
import Testing
import Tiling
import WireProtocol

/// What an operator hears when nothing goes on.
struct AlarmTests {
    /// Lets time pass and returns the alarms in it.
    private func alarms(_ scene: inout Scene, seconds: Int, beats: [Int: [LeaseID]] = [:])
        -> [RunFact.Name]
    {
        var names: [RunFact.Name] = []
        for _ in 0..<seconds {
            for _ in 0..<4 {
                scene.standStill(milliseconds: 250)
                names += scene.facts(.timePassed)
            }
            for (worker, held) in beats.sorted(by: { $0.key < $1.key }) {
                scene.beat(worker, held: held)
            }
        }
        return names.filter { $0 == .runStalled || $0 == .runNoWorkers }
    }

    @Test func `work without workers is told once, and again after some were there`() {
        var scene = Scene(tiles: 2)
        #expect(alarms(&scene, seconds: 59).isEmpty)
        #expect(alarms(&scene, seconds: 3) == [.runNoWorkers])
        #expect(alarms(&scene, seconds: 200).isEmpty)
        scene.join(1)
        #expect(alarms(&scene, seconds: 5, beats: [1: [Scene.lease(1)]]).isEmpty)
        scene.say(1, .goodbye(reason: "done"))
        #expect(alarms(&scene, seconds: 59).isEmpty)
        #expect(alarms(&scene, seconds: 3) == [.runNoWorkers])
    }

    @Test func `a run that is paused waits for nobody`() {
        var scene = Scene(tiles: 2)
        scene.apply(.pauseRequested)
        #expect(alarms(&scene, seconds: 200).isEmpty)
    }

    @Test func `leases from which nothing comes are told once until the next commit`() {
        var scene = Scene(tiles: 3)
        scene.join(1)
        let first = [1: [Scene.lease(2)]]
        #expect(alarms(&scene, seconds: 899, beats: first).isEmpty)
        #expect(alarms(&scene, seconds: 3, beats: first) == [.runStalled])
        #expect(alarms(&scene, seconds: 1000, beats: first).isEmpty)
        scene.complete(1, Scene.lease(2))
        let second = [1: [Scene.lease(1)]]
        #expect(alarms(&scene, seconds: 890, beats: second).isEmpty)
        #expect(alarms(&scene, seconds: 20, beats: second) == [.runStalled])
    }
}
