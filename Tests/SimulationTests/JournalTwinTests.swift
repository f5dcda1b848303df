import Coordination
import Foundation
import RunStore
import SimulationKit
import Testing
import Tiling

/// The journal in memory, which simulations trust, against the one on disk.
struct JournalTwinTests {
    @Test(arguments: [UInt64(1), 2, 3, 4, 5])
    func `the tables hold what the journal in memory holds`(seed: UInt64) async throws {
        var options = SimulatedCluster.Options()
        options.network.loss = 0.1
        options.attemptFailure = 0.2
        options.disk.writeFailure = 0.1
        options.workerKillMilliseconds = 500
        options.coordinatorKillMilliseconds = 900
        options.unreadable = [3]
        var cluster = SimulatedCluster(seed: seed, options: options)
        try cluster.run()
        #expect(cluster.violations.isEmpty)

        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("sectile-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(
            atPath: directory,
            withIntermediateDirectories: true
        )
        defer { try? FileManager.default.removeItem(atPath: directory) }
        var journal = try open(directory, cluster)
        let entries = cluster.journal.entries
        var image = JournalImage(runID: "run", planDigest: cluster.work.plan.digest)
        image.raiseEpoch()
        for start in stride(from: 0, to: entries.count, by: 40) {
            let batch = Array(entries[start..<min(start + 40, entries.count)])
            image.append(batch)
            try await journal.append(batch)
            #expect(try journal.snapshot() == image.snapshot)
            try expectCounts(of: image.snapshot, in: directory)
            if start % 400 == 0 {
                try journal.close()
                journal = try open(directory, cluster)
                image.raiseEpoch()
            }
        }
        let partials = try await journal.partials(stage: .bandwidth, round: 1)
        let expected = image.partials(stage: .bandwidth, round: 1)
        #expect(partials.map(\.tile) == expected.map(\.tile))
        #expect(partials.map(\.partial) == expected.map(\.partial))
    }

    /// The counters that status reads instead of the rows.
    private func expectCounts(of snapshot: JournalSnapshot, in directory: String) throws {
        let reader = try JournalReader(
            path: directory + "/journal.sqlite",
            files: PosixFileSystem()
        )
        for counts in try reader.status(wallSeconds: 0).rounds {
            let units = snapshot.units.filter {
                $0.unit.stage == counts.stage && $0.unit.round == counts.round
            }
            let open = snapshot.openAttempts.filter {
                $0.lease.unit.stage == counts.stage && $0.lease.unit.round == counts.round
            }
            #expect(counts.committedCount == units.count { $0.state == .committed })
            #expect(counts.quarantinedCount == units.count { $0.state == .quarantined })
            #expect(counts.retriedCount == units.count { $0.attempts > 1 })
            #expect(counts.openLeaseCount == open.count)
        }
    }

    private func open(_ directory: String, _ cluster: SimulatedCluster) throws -> RunJournal {
        try RunJournal.open(
            at: directory + "/journal.sqlite",
            plan: cluster.work.plan,
            runID: "run",
            wallSeconds: 0,
            files: PosixFileSystem()
        )
    }
}
