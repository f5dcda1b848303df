import Foundation
import Testing
import Tiling

extension EndToEnd {
    /// Workers on their own that die, or whose slots do, beside others that go on.
    struct LostWorkerTests {
        private static let tile = TileID(row: 1, column: 1)

        @Test(.timeLimit(.minutes(1)))
        func `the tile of a killed worker goes to another, and what it had reported stands`()
            async throws
        {
            // Three heartbeats are a lease.
            let cluster = try await SmallCluster(heartbeat: 0.3, lease: 0.9)
            let victim = try cluster.worker(
                fault: "busy:stage=prepare,tile=\(Self.tile),attempts=1,seconds=60"
            )
            try await cluster.waitForBegin(.prepare, Self.tile)
            // What it computed before has been heard.
            try await wait(for: "its other results", while: { victim.isRunning }) {
                let begun = try cluster.workerLogs().count { $0.event == "tile.began" }
                return try cluster.count("tile.committed") == begun - 1
            }
            var committed = CommittedLeases()
            try committed.grow(to: cluster.directory)
            victim.signal(SIGKILL)
            _ = await victim.finished()
            #expect(cluster.objects(.prepare, Self.tile).isEmpty)
            let heir = try cluster.worker()
            try await cluster.finish([heir])
            try committed.grow(to: cluster.directory)

            let log = try cluster.log()
            func position(_ event: String, attempt: Int? = nil) throws -> Int {
                try #require(
                    log.firstIndex { line in
                        line.event == event
                            && (attempt.map { line.concerns(.prepare, Self.tile, attempt: $0) }
                                ?? true)
                    },
                    "\(event)"
                )
            }
            let lost = try position("worker.lost")
            #expect(try position("lease.granted", attempt: 1) < lost)
            #expect(try lost < position("lease.expired", attempt: 1))
            #expect(
                try position("lease.expired", attempt: 1) < position("lease.granted", attempt: 2)
            )
            let granted = log[try position("lease.granted", attempt: 2)]
            #expect(granted.worker != log[lost].worker)
            #expect(cluster.objects(.prepare, Self.tile, attempt: 1).isEmpty)
            // Nothing but the tile under way was begun again.
            let begun = try cluster.workerLogs().filter { $0.event == "tile.began" }
            let again = begun.filter { $0.attempt != "1" && $0.concerns(.prepare, Self.tile) }
            #expect(again.map(\.attempt) == ["2"])
            let others = begun.filter { !$0.concerns(.prepare, Self.tile) }
                .map { "\($0.stage ?? "") \($0.tile ?? "")" }
            #expect(others.count == Set(others).count)
            // Whose line it is, and of which session, stands in each.
            #expect(log.allSatisfy { $0.epoch != nil })
            #expect(begun.allSatisfy { $0.host != nil && $0.session != nil && $0.epoch != nil })
        }

        @Test(.timeLimit(.minutes(1)))
        func `a worker whose slots all crash is benched, and no tile pays for it`() async throws {
            let cluster = try await SmallCluster(lease: 5)
            // Slow enough for the other one to fail five tiles of the same stage.
            let sound = try cluster.worker(fault: "busy:stage=prepare,seconds=0.05")
            try await cluster.waitForCommits(1)
            let broken = try cluster.worker(fault: "exit:stage=prepare")
            try await cluster.finish([sound, broken])
            let benched = try cluster.log().filter { $0.event == "worker.benched" }
            let failed = try cluster.log().filter { $0.event == "attempt.failed" }
            #expect(benched.count == 1)
            #expect(failed.count >= 5)
            #expect(failed.allSatisfy { $0.worker == benched.first?.worker })
            #expect(failed.allSatisfy { $0.errorClass == "crash" })
            #expect(try cluster.count("tile.quarantined") == 0)
        }
    }
}
