import Foundation
import RunStore
import Testing
import Tiling

extension EndToEnd {
    /// What an operator types while a run goes on, or when nobody coordinates it.
    struct OperatorCommandTests {
        private let scratch: ScratchDirectory
        private let configuration: String
        private let directory: String

        init() throws {
            scratch = try ScratchDirectory()
            configuration = try SmallInput(in: scratch).write()
            directory = "\(scratch.path)/run"
        }

        private func coordinator() async throws -> SectileProcess {
            let process = try SectileProcess.coordinator(configuration, to: directory)
            try? FileManager.default.removeItem(atPath: "\(directory)/join.json")
            try await waitForJoin(directory, of: process)
            return process
        }

        private func worker() throws -> SectileProcess {
            try SectileProcess.worker(joining: directory)
        }

        private func sectile(_ arguments: String..., expecting code: Int32 = 0) async throws
            -> String
        {
            let finished = try await SectileProcess(arguments).finished()
            #expect(finished.exitCode == code, "\(arguments): \(finished.errors)")
            return code == 0 ? finished.output : finished.errors
        }

        @Test(.timeLimit(.minutes(1)))
        func `a paused run begins nothing, also after a restart, until it is resumed`() async throws
        {
            var coordinator = try await coordinator()
            #expect(try await sectile("pause", directory).contains("paused"))
            #expect(try await sectile("pause", directory).contains("was paused already"))
            let status = try await sectile("status", directory)
            #expect(status.contains("paused") && status.contains("0.0 tiles/s"), "\(status)")
            #expect(status.contains("next: sectile resume \(directory)"), "\(status)")
            coordinator.signal(SIGKILL)
            _ = await coordinator.finished()
            coordinator = try await self.coordinator()
            let worker = try worker()
            try await wait(for: "the worker", while: { coordinator.isRunning }) {
                try workersKnown() == 1
            }
            #expect(CommittedTiles.count(in: directory) == 0)
            #expect(try await sectile("resume", directory).contains("resumed"))
            let finished = await coordinator.finished()
            #expect(finished.exitCode == 0, "\(finished.errors)")
            #expect(await worker.finished().exitCode == 0)
            #expect(try CommittedTiles(directory: directory).unitsNotCommittedOnce().isEmpty)
        }

        private func workersKnown() throws -> Int {
            try JournalReader(path: "\(directory)/journal.sqlite", files: PosixFileSystem())
                .workers().count
        }

        @Test(.timeLimit(.minutes(1)))
        func `a cancelled run ends, twice is as good as once, and nothing half done stays`()
            async throws
        {
            let coordinator = try await coordinator()
            let busy = FaultyInput.environment("busy:stage=balance,seconds=30")
            let worker = try SectileProcess.worker(joining: directory, environment: busy)
            try await wait(for: "a tile of the second stage", while: { worker.isRunning }) {
                try LogLine.workers(of: directory)
                    .contains { $0.event == "tile.began" && $0.stage == "balance" }
            }
            // What a slot may have begun to write, and what it may have written and not reported.
            for name in [".r000c000.a1.00000001.tif.tmp", "r000c000.a1.00000002.tif"] {
                try scratch.write("half done", to: "run/tiles/balance/\(name)")
            }
            #expect(try await sectile("cancel", directory).contains("cancelled"))
            let finished = await coordinator.finished()
            #expect(finished.exitCode == 1)
            #expect(finished.errors.contains("cancelled"), "\(finished.errors)")
            #expect(await worker.finished().exitCode == 0)
            let revoked = try LogLine.coordinator(of: directory)
                .filter { $0.event == "lease.revoked" && $0.stage == "balance" }
            #expect(!revoked.isEmpty)
            #expect(try await sectile("cancel", directory).contains("was cancelled already"))
            #expect(try await sectile("status", directory).contains("cancelled"))
            // All that was committed stays, and nothing else.
            let tiles = "\(directory)/tiles"
            let files = FileManager.default
            #expect(try files.contentsOfDirectory(atPath: "\(tiles)/balance").isEmpty)
            #expect(try files.contentsOfDirectory(atPath: "\(tiles)/prepare").count == 12)
            #expect(CommittedTiles.count(in: directory) == 12)
            // Whatever starts the coordinator again does not undo it.
            let command = ["run", configuration, "--output", directory, "--workers", "1"]
            let refused = try await SectileProcess(command).finished()
            #expect(refused.exitCode == 2, "\(refused.errors)")
            #expect(refused.errors.contains("sectile resume \(directory)"), "\(refused.errors)")
            #expect(CommittedTiles.count(in: directory) == 12)
            #expect(try await sectile("resume", directory).contains("resumed"))
            let again = try await SectileProcess(command).finished()
            #expect(again.exitCode == 0, "\(again.errors)")
            let reference = try await SmallReference.outcome()
            #expect(try RunOutcome(directory: directory) == reference)
        }

        @Test(.timeLimit(.minutes(1)))
        func `a cancelled run begins again with --retry`() async throws {
            let coordinator = try await coordinator()
            #expect(try await sectile("cancel", directory).contains("cancelled"))
            #expect(await coordinator.finished().exitCode == 1)
            let command = ["run", configuration, "--output", directory, "--workers", "1"]
            #expect(try await SectileProcess(command).finished().exitCode == 2)
            let again = try await SectileProcess(command + ["--retry"]).finished()
            #expect(again.exitCode == 0, "\(again.errors)")
        }

        @Test(.timeLimit(.minutes(1)))
        func `status tells a stalled run from one that waits, and a dead coordinator from both`()
            async throws
        {
            let coordinator = try await coordinator()
            try await Task.sleep(for: .milliseconds(1500))
            _ = try await sectile("status", directory)
            let stalled = try await SectileProcess.run("status", directory, "--stalled-after", "1")
            #expect(stalled.exitCode == 5, "\(stalled.errors)")
            #expect(stalled.output.contains("stalled"), "\(stalled.output)")
            // What an operator holds up does not stall.
            _ = try await sectile("pause", directory)
            _ = try await sectile("status", directory, "--stalled-after", "1")
            _ = try await sectile("resume", directory)
            coordinator.signal(SIGKILL)
            _ = await coordinator.finished()
            let dead = try await SectileProcess.run("status", directory, "--stalled-after", "1")
            #expect(dead.exitCode == 6, "\(dead.errors)")
            _ = try await sectile("status", directory, "--stalled-after", "soon", expecting: 2)
        }

        @Test(.timeLimit(.minutes(1)))
        func `status of a join file without its run directory says where to ask`() async throws {
            let coordinator = try await coordinator()
            let copy = "\(scratch.path)/join.json"
            try FileManager.default.copyItem(atPath: "\(directory)/join.json", toPath: copy)
            let refused = try await sectile("status", "--join", copy, expecting: 2)
            #expect(refused.contains("sectile status DIR"), "\(refused)")
            _ = try await sectile("status", "--join", "\(directory)/join.json")
            coordinator.signal(SIGKILL)
            _ = await coordinator.finished()
        }

        @Test(.timeLimit(.minutes(1)))
        func `with nobody at work, verbs are kept in the journal and say so`() async throws {
            let coordinator = try await coordinator()
            coordinator.signal(SIGTERM)
            #expect(await coordinator.finished().exitCode == 143)
            let kept = "no coordinator is at work"
            #expect(try await sectile("pause", directory).contains(kept))
            #expect(try await sectile("pause", directory).contains("was paused already"))
            #expect(try await sectile("resume", directory).contains(kept))
            #expect(try await sectile("cancel", directory).contains(kept))
            #expect(try await sectile("cancel", directory).contains("was cancelled already"))
            _ = try await sectile("pause", directory, expecting: 2)
            _ = try await sectile("retry", directory, expecting: 2)
            let drained = try await sectile("drain", directory, "node1", expecting: 2)
            #expect(drained.contains(kept))
        }

        @Test(.timeLimit(.minutes(1)))
        func `a drained worker leaves in good order and the table tells who works`() async throws {
            let coordinator = try await coordinator()
            _ = try await sectile("pause", directory)
            let worker = try worker()
            try await wait(for: "the worker", while: { coordinator.isRunning }) {
                try workersKnown() == 1
            }
            let json = try await sectile("workers", directory, "--json")
            let rows = try JSONDecoder().decode([WorkerReport].self, from: Data(json.utf8))
            let row = try #require(rows.first)
            #expect(rows.count == 1)
            #expect(row.state == .active)
            #expect(row.processID == Int(worker.identifier))
            #expect(row.slots == 1)
            #expect(row.key.count == 19)
            let table = try await sectile("workers", directory)
            #expect(table.contains(row.id.prefix(8)))
            #expect(table.contains(row.key))
            let unknown = try await sectile("drain", directory, "zzzz", expecting: 2)
            #expect(unknown.contains("zzzz"))
            #expect(try await sectile("drain", directory, "\(row.id.prefix(8))").contains(row.host))
            #expect(await worker.finished().exitCode == 0)
            #expect(try await sectile("workers", directory).contains("no workers"))
            #expect(try await sectile("workers", directory, "--all").contains("left"))
            coordinator.signal(SIGINT)
            #expect(await coordinator.finished().exitCode == 130)
        }

        @Test(.timeLimit(.minutes(1)))
        func `what is no request is refused, logged and does no harm`() async throws {
            let coordinator = try await coordinator()
            let name = "\(String(repeating: "0", count: 32)).request"
            try Data([0xff, 0x00]).write(to: URL(fileURLWithPath: "\(directory)/control/\(name)"))
            try await wait(for: "the refusal", while: { coordinator.isRunning }) {
                coordinator.errorsSoFar.contains("control.refused")
            }
            #expect(coordinator.errorsSoFar.contains(name))
            coordinator.signal(SIGTERM)
            #expect(await coordinator.finished().exitCode == 143)
        }

        @Test(.timeLimit(.minutes(1)))
        func `logs, clean and verify look after a run that is done`() async throws {
            try await SectileProcess.complete(configuration, to: directory, workers: 2)
            let all = try await sectile("logs", directory, "--json")
            let times = all.split(separator: "\n").map { $0.dropFirst(9).prefix(24) }
            #expect(times.count > 50)
            #expect(zip(times, times.dropFirst()).allSatisfy { $0 <= $1 })
            let one = try await sectile("logs", directory, "--tile", "r001c002")
            let lines = one.split(separator: "\n")
            #expect(lines.contains { $0.contains("tile.committed") })
            #expect(lines.contains { $0.contains("tile.computed") })
            #expect(lines.allSatisfy { $0.contains("r001c002") })

            let committed = try CommittedTiles(directory: directory).leases()
            let stray = "tiles/prepare/r000c000.a9.0000000a.tif"
            for path in [stray, "tiles/prepare/.r000c000.a9.0000000b.tif.tmp", "run.json.tmp"] {
                try Data(count: 100).write(to: URL(fileURLWithPath: "\(directory)/\(path)"))
            }
            let wouldBe = try await sectile("clean", directory, "--dry-run")
            #expect(wouldBe.contains("300 bytes would be removed"), "\(wouldBe)")
            #expect(FileManager.default.fileExists(atPath: "\(directory)/\(stray)"))
            let cleaned = try await sectile("clean", directory)
            #expect(cleaned.contains("3 files, 300 bytes removed"), "\(cleaned)")
            #expect(try await sectile("clean", directory).contains("0 files, 0 bytes removed"))
            #expect(try CommittedTiles(directory: directory).leases() == committed)
            let doctor = try await sectile("doctor", directory, "--listen", "tcp://127.0.0.1:0")
            #expect(doctor.contains("24 committed tiles are as"))

            let verified = try await sectile("verify", directory, "--tiles", "30", "--seed", "7")
            #expect(verified.contains("24 of 24 tiles are as the journal says (--seed 7)"))
        }

        @Test(.timeLimit(.minutes(1)))
        func `verify names both provenances of a tile that is not what its inputs give`()
            async throws
        {
            try await SectileProcess.complete(configuration, to: directory)
            // Other numbers under the same plan: the committed tiles follow from what was there before.
            try SmallInput.writeLayer("emission", in: scratch) { Double($0 + $1) }
            let finished = try await SectileProcess.run(
                "verify",
                directory,
                "--tiles",
                "24",
                "--seed",
                "1"
            )
            #expect(finished.exitCode == 1)
            let line = try #require(
                finished.output.split(separator: "\n").first { $0.hasPrefix("DIFFERENT") }
            )
            #expect(line.contains("committed samples"))
            #expect(line.contains("by worker"))
            #expect(line.contains("computed again"))
            #expect(line.contains("sectile"))
        }
    }
}
