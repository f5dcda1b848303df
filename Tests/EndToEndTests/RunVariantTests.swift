import Foundation
import RunStore
import Testing
import Tiling

extension EndToEnd {
    /// Other ways to a result: in shards, from a run.json, interrupted, hopeless, with fewer files left.
    struct RunVariantTests {
        private let scratch: ScratchDirectory
        private let configuration: String
        private let directory: String

        init() throws {
            scratch = try ScratchDirectory()
            configuration = try SmallInput(in: scratch).write()
            directory = "\(scratch.path)/run"
        }

        private func run(_ place: String, _ further: String..., expecting code: Int32 = 0)
            async throws -> Finished
        {
            let arguments = ["run", configuration, "--output", place, "--workers", "1"] + further
            let finished = try await SectileProcess(arguments).finished()
            #expect(finished.exitCode == code, "\(finished.errors)")
            return finished
        }

        private func objects(_ place: String, _ stage: String) -> Int {
            let names = try? FileManager.default.contentsOfDirectory(
                atPath: "\(place)/tiles/\(stage)"
            )
            return (names ?? []).filter { $0.hasSuffix(".tif") }.count
        }

        @Test(.timeLimit(.minutes(1)))
        func `shards are merged by digest and the run goes on from them`() async throws {
            var shards: [String] = []
            for index in 1...3 {
                let place = "\(scratch.path)/shard\(index)"
                shards.append(place)
                let arguments = [
                    "worker", "--shard", "\(index)/3", "--config", configuration,
                    "--output", place, "--slots", "1",
                ]
                let finished = try await SectileProcess(arguments).finished()
                #expect(finished.exitCode == 0, "\(finished.errors)")
                #expect(finished.output.contains("4 tiles computed"), "\(finished.output)")
                let again = try await SectileProcess(arguments).finished()
                #expect(again.output.contains("0 tiles computed, 4 were there"), "\(again.output)")
            }
            // One tile of the third shard is damaged after it was computed.
            let folder = "\(shards[2])/tiles/prepare"
            let name = try #require(
                try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
                    .first { $0.hasSuffix(".tif") }
            )
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(folder)/\(name)"))
            try file.seekToEnd()
            try file.write(contentsOf: Data([1]))
            try file.close()
            let merged = try await SectileProcess(["merge", directory] + shards).finished()
            #expect(merged.exitCode == 1, "\(merged.errors)")
            #expect(merged.output.contains("11 tiles adopted, 0 were there, 1 refused"))
            let twice = try await SectileProcess(["merge", directory] + shards.prefix(2)).finished()
            #expect(twice.exitCode == 0, "\(twice.errors)")
            #expect(twice.output.contains("0 tiles adopted, 8 were there"), "\(twice.output)")
            var committed = CommittedLeases()
            try committed.grow(to: directory)
            #expect(committed.leases.count == 11)
            _ = try await run(directory)
            try committed.grow(to: directory)
            let reference = try await SmallReference.outcome()
            #expect(try RunOutcome(directory: directory) == reference)
        }

        @Test(
            .timeLimit(.minutes(1)),
            arguments: [
                ["--shard", "0/3"], ["--shard", "4/3"], ["--shard", "x"], ["--shard", "1/2"],
                ["--shard", "1/2", "--config", "a.yaml"], ["--config", "a.yaml"],
            ]
        )
        func `a shard that cannot be is a usage error`(_ arguments: [String]) async throws {
            let finished = try await SectileProcess(["worker"] + arguments).finished()
            #expect(finished.exitCode == 2)
            #expect(finished.complaints.count == 1, "\(finished.errors)")
        }

        @Test(.timeLimit(.minutes(1)))
        func `tile files that are not to be kept go when the run is done, and are not missed`()
            async throws
        {
            _ = try await run(directory, "--keep-tiles", "results")
            #expect(objects(directory, "prepare") == 0)
            #expect(objects(directory, "balance") == 12)
            let outcome = try RunOutcome(directory: directory)
            let attempts = try CommittedTiles(directory: directory).attemptCount()
            _ = try await run(directory, "--keep-tiles", "results")
            #expect(try CommittedTiles(directory: directory).attemptCount() == attempts)
            let doctor = try await SectileProcess.run("doctor", directory)
            #expect(doctor.output.contains("12 committed tiles are as the journal says"))
            // A result that is lost needs what was removed: both are computed again.
            let folder = "\(directory)/tiles/balance"
            let name = try #require(
                try FileManager.default.contentsOfDirectory(atPath: folder)
                    .first { $0.hasSuffix(".tif") }
            )
            try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
            _ = try await run(directory, "--keep-tiles", "results")
            #expect(try CommittedTiles(directory: directory).attemptCount() == attempts + 2)
            #expect(try RunOutcome(directory: directory) == outcome)

            _ = try await run(directory, "--keep-tiles", "none")
            #expect(objects(directory, "balance") == 0)
            let again = try await run(directory, "--keep-tiles", "none")
            #expect(again.errors.contains("the results stand"), "\(again.errors)")
            let mosaic = try await SectileProcess.run("mosaic", directory)
            #expect(mosaic.exitCode == 2)
            #expect(try RunOutcome(directory: directory) == outcome)
        }

        @Test(.timeLimit(.minutes(1)))
        func `a run is repeated from its run json, and a new one moves the old aside`()
            async throws
        {
            _ = try await run(directory)
            let other = "\(scratch.path)/again"
            let repeated = try await SectileProcess.run(
                "run",
                "--from",
                "\(directory)/run.json",
                "--output",
                other,
                "--workers",
                "1"
            )
            #expect(repeated.exitCode == 0, "\(repeated.errors)")
            #expect(try RunOutcome(directory: other) == RunOutcome(directory: directory))
            let both = try await SectileProcess.run(
                "run",
                configuration,
                "--from",
                "\(directory)/run.json",
                "--output",
                other
            )
            #expect(both.exitCode == 2)
            let fresh = try await run(directory, "--new")
            #expect(fresh.errors.contains("\(directory).old-1"))
            #expect(try RunOutcome(directory: "\(directory).old-1") == RunOutcome(directory: other))
        }

        @Test(.timeLimit(.minutes(1)))
        func `more quarantined tiles than allowed end a hopeless run early`() async throws {
            let coordinator = try SectileProcess.coordinator(
                configuration,
                to: directory,
                ["--max-quarantined", "1"]
            )
            try await waitForJoin(directory, of: coordinator)
            // It can still be opened, so that workers join, but it ends in its first row.
            let raster = "\(scratch.path)/emission.asc"
            let whole = try String(contentsOfFile: raster, encoding: .utf8)
            let lines = whole.split(separator: "\n")
            try scratch.write(
                lines.prefix(6).joined(separator: "\n") + "\n" + lines[6].prefix(12),
                to: "emission.asc"
            )
            let worker = try SectileProcess.worker(joining: directory)
            let finished = await coordinator.finished()
            #expect(finished.exitCode == 1, "\(finished.errors)")
            #expect(finished.errors.contains("2 tiles are quarantined, more than 1"))
            #expect(await worker.finished().exitCode == 0)
            let status = try await SectileProcess.run("status", directory)
            #expect(status.exitCode == 3)
            try scratch.write(whole, to: "emission.asc")
            let again = try await SectileProcess.run(
                "coordinator",
                configuration,
                "--output",
                directory,
                "--max-quarantined",
                "1"
            )
            #expect(again.exitCode == 2, "\(again.errors)")
            #expect(again.errors.contains("--retry"), "\(again.errors)")
        }

        @Test(.timeLimit(.minutes(1)))
        func `publishing that is told to end does so at once, and the same command goes on`()
            async throws
        {
            let command = ["run", configuration, "--output", directory, "--workers", "1"]
            let publishing = try SectileProcess(command)
            while publishing.isRunning, !publishing.errorsSoFar.contains("publishing") {
                try await Task.sleep(for: .milliseconds(1))
            }
            publishing.signal(SIGTERM)
            let finished = await publishing.finished()
            #expect(finished.exitCode == 143, "\(finished.errors)")
            #expect(finished.errors.contains("interrupted while publishing"), "\(finished.errors)")
            let attempts = try CommittedTiles(directory: directory).attemptCount()
            _ = try await run(directory)
            #expect(try CommittedTiles(directory: directory).attemptCount() == attempts)
            let reference = try await SmallReference.outcome()
            #expect(try RunOutcome(directory: directory) == reference)
        }

        @Test(.timeLimit(.minutes(1)), arguments: [(SIGINT, Int32(130)), (SIGTERM, Int32(143))])
        func `an interrupted run closes its journal and goes on later`(
            _ signal: Int32,
            _ code: Int32
        ) async throws {
            let command = ["run", configuration, "--output", directory, "--workers", "1"]
            let run = try SectileProcess(command)
            try await wait(for: "the control directory", while: { run.isRunning }) {
                FileManager.default.fileExists(atPath: "\(directory)/join.json")
            }
            let workers = run.children
            run.signal(signal)
            let finished = await run.finished()
            // A run that was done already has nothing to be interrupted.
            #expect(finished.exitCode == code || finished.exitCode == 0, "\(finished.errors)")
            #expect(!workers.contains { SectileProcess.isAlive($0) })
            #expect(!FileManager.default.fileExists(atPath: "\(directory)/journal.sqlite-wal"))
            _ = try await self.run(directory)
            #expect(try CommittedTiles(directory: directory).unitsNotCommittedOnce().isEmpty)
        }

        @Test(.timeLimit(.minutes(1)), arguments: ["deficit", "status"])
        func `publishing that is killed half way shows no half mosaic and is done again`(
            mosaic: String
        ) async throws {
            // Large enough to be seen half done.
            var input = try SmallInput(in: scratch)
            input.refine(by: 8)
            input.replace("tileSizePixels: 16", with: "tileSizePixels: 128")
            let killed = try SectileProcess(
                ["run", try input.write(), "--output", directory, "--workers", "1"]
            )
            let place = "\(directory)/mosaic"
            let files = FileManager.default
            let partial = "\(place)/\(mosaic).tif.partial.tif"
            while killed.isRunning, !files.fileExists(atPath: partial) {
                try await Task.sleep(for: .milliseconds(1))
            }
            killed.signal(SIGKILL)
            _ = await killed.finished()
            try #require(files.fileExists(atPath: partial), "killed in the middle of \(mosaic)")
            #expect(!files.fileExists(atPath: "\(place)/\(mosaic).tif"))
            let shown = try ScratchDirectory.contents(of: place)
                .filter { ["deficit.tif", "status.tif"].contains($0.key) }
            #expect(shown.count == (mosaic == "deficit" ? 0 : 1))

            let attempts = try CommittedTiles(directory: directory).attemptCount()
            let again = try await SectileProcess.run("mosaic", directory)
            #expect(again.exitCode == 0, "\(again.errors)")
            #expect(try CommittedTiles(directory: directory).attemptCount() == attempts)
            // What had appeared was whole: the same bytes come out again.
            for (name, bytes) in shown {
                #expect(files.contents(atPath: "\(place)/\(name)") == bytes, "\(name)")
            }
            #expect(try CommittedTiles(directory: directory).unitsNotCommittedOnce().isEmpty)
            let reference = try await SmallReference.outcome(refinedBy: 8)
            #expect(try RunOutcome(directory: directory) == reference)
            let clean = try await SectileProcess.run("clean", directory)
            #expect(clean.exitCode == 0)
            #expect(!files.fileExists(atPath: partial))
        }
    }
}
