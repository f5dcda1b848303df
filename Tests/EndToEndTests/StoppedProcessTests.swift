import Foundation
import Testing
import Tiling

extension EndToEnd {
    /// Processes that are stopped and go on, killed and started again.
    struct StoppedProcessTests {
        @Test(.timeLimit(.minutes(1)))
        func `a worker stopped for less than the lease is not missed`() async throws {
            let cluster = try await SmallCluster(lease: 5)
            let worker = try cluster.worker()
            try await cluster.waitForCommits(10)
            worker.signal(SIGSTOP)
            try await cluster.expectStandstill(milliseconds: 300)
            worker.signal(SIGCONT)
            try await cluster.finish([worker])
            try cluster.expectNothingBegunAgain()
            #expect(try cluster.count("worker.lost") == 0)
            #expect(try cluster.count("lease.expired") == 0)
        }

        @Test(.timeLimit(.minutes(1)))
        func `a worker stopped for longer is fenced and works on afterwards`() async throws {
            let cluster = try await SmallCluster(lease: 0.5)
            let tile = TileID(row: 1, column: 1)
            let stopped = try cluster.worker(
                fault: "busy:stage=prepare,tile=\(tile),attempts=1,seconds=1"
            )
            try await cluster.waitForBegin(.prepare, tile)
            stopped.signal(SIGSTOP)
            try await wait(for: "the loss of the worker") {
                try cluster.count("worker.lost") >= 1
            }
            // Its slot is not stopped: what it computes is ready when the worker goes on.
            try await wait(for: "the result of the first attempt") {
                cluster.objects(.prepare, tile, attempt: 1).count == 1
            }
            let other = try cluster.worker()
            try await wait(for: "the commit of the second attempt", while: { other.isRunning }) {
                try cluster.log().contains {
                    $0.event == "tile.committed" && $0.concerns(.prepare, tile, attempt: 2)
                }
            }
            // Nothing is over before the late word is heard.
            let paused = try await SectileProcess.run("pause", cluster.directory)
            #expect(paused.exitCode == 0, "\(paused.errors)")
            stopped.signal(SIGCONT)
            try await wait(for: "the fence", while: { stopped.isRunning }) {
                try cluster.workerLogs().contains {
                    $0.event == "tile.fenced" && $0.concerns(.prepare, tile, attempt: 1)
                }
            }
            try await wait(for: "the end of the late result's file") {
                cluster.objects(.prepare, tile, attempt: 1).isEmpty
            }
            #expect(cluster.objects(.prepare, tile, attempt: 2).count == 1)
            let resumed = try await SectileProcess.run("resume", cluster.directory)
            #expect(resumed.exitCode == 0, "\(resumed.errors)")
            try await cluster.finish([stopped, other])
            #expect(try cluster.count("worker.rejoined") >= 1)
            #expect(try cluster.count("result.conflict") == 0)
            // A connection is no session yet, nor the one before any more.
            let connected = try cluster.workerLogs().filter { $0.event == "worker.connected" }
            #expect(connected.count >= 2)
            #expect(connected.allSatisfy { $0.session == nil })
        }

        @Test(.timeLimit(.minutes(1)))
        func `a coordinator that was stopped takes nobody for dead`() async throws {
            let cluster = try await SmallCluster(lease: 0.5)
            let workers = [try cluster.worker(), try cluster.worker()]
            try await cluster.waitForCommits(10)
            cluster.coordinator.signal(SIGSTOP)
            try await Task.sleep(for: .milliseconds(1500))
            cluster.coordinator.signal(SIGCONT)
            try await cluster.finish(workers)
            #expect(try cluster.count("coordinator.stalled") >= 1)
            #expect(try cluster.count("worker.lost") == 0)
            #expect(try cluster.count("lease.expired") == 0)
        }

        @Test(.timeLimit(.minutes(1)))
        func `what workers compute while the coordinator is killed is taken over, not begun again`()
            async throws
        {
            let cluster = try await SmallCluster(lease: 3)
            let workers = [try cluster.worker(), try cluster.worker()]
            var committed = CommittedLeases()
            for threshold in [10, 30, 50, 70] {
                try await cluster.waitForCommits(threshold)
                await cluster.kill()
                try committed.grow(to: cluster.directory)
                try cluster.restart()
            }
            try await cluster.finish(workers)
            try committed.grow(to: cluster.directory)
            // No worker lost what it had: each unit was begun once, by whoever was granted it.
            try cluster.expectNothingBegunAgain()
            #expect(try cluster.count("lease.adopted") >= 1)
        }

        @Test(.timeLimit(.minutes(1)))
        func `a worker looks for a coordinator that is gone as long as it is told to`() async throws
        {
            let cluster = try await SmallCluster(lease: 1)
            let impatient = try cluster.worker(["--give-up-after", "2s"])
            let patient = try cluster.worker()
            try await cluster.waitForCommits(4)
            await cluster.kill()
            let left = await impatient.finished()
            #expect(left.exitCode == 1, "\(left.errors)")
            #expect(left.errors.contains("the coordinator was not found for"), "\(left.errors)")
            #expect(patient.isRunning)
            try cluster.restart()
            try await cluster.finish([patient])
        }

        @Test(.timeLimit(.minutes(1)))
        func `workers of a coordinator that is told to end hear that it will be back, and wait`()
            async throws
        {
            let cluster = try await SmallCluster(lease: 3)
            let workers = [try cluster.worker(), try cluster.worker()]
            try await cluster.waitForCommits(10)
            cluster.coordinator.signal(SIGTERM)
            #expect(await cluster.coordinator.finished().exitCode == 143)
            // Whoever reads a coordinator's last words does so in its own time.
            try await wait(for: "both workers to be told") {
                try cluster.workerLogs().count { $0.event == "worker.coordinatorRestarting" } == 2
            }
            #expect(workers.allSatisfy { $0.isRunning })
            try cluster.restart()
            try await cluster.finish(workers)
        }

        @Test(.timeLimit(.minutes(1)))
        func `a coordinator killed again and again ends the run`() async throws {
            var random = SeededRandom(seed: 15)
            let cluster = try await SmallCluster(lease: 1)
            let workers = [try cluster.worker(), try cluster.worker()]
            var committed = CommittedLeases()
            try await cluster.waitForCommits(1)
            for _ in 0..<6 {
                try await Task.sleep(for: .milliseconds(Int.random(in: 50...500, using: &random)))
                await cluster.kill()
                try committed.grow(to: cluster.directory)
                try cluster.restart()
            }
            try await cluster.finish(workers)
        }

        @Test(.timeLimit(.minutes(1)))
        func `a run whose workers have all left waits for others`() async throws {
            let cluster = try await SmallCluster(lease: 0.5)
            let first = try cluster.worker()
            try await cluster.waitForCommits(10)
            first.signal(SIGTERM)
            #expect(await first.finished().exitCode == 0)
            let status = try await SectileProcess.run("status", cluster.directory)
            #expect(status.output.contains("0 workers"), "\(status.output)")
            // Longer than any lease; hours of it are virtual, in the simulator.
            try await Task.sleep(for: .milliseconds(1200))
            #expect(cluster.coordinator.isRunning)
            let second = try cluster.worker()
            try await cluster.finish([second])
        }
    }
}
