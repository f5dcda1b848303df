import Foundation
import RunStore
import Testing
import Tiling

extension EndToEnd {
    struct DamageTests {
        private let scratch: ScratchDirectory

        init() throws { scratch = try ScratchDirectory() }

        @Test(
            .timeLimit(.minutes(1)),
            .enabled(if: Program.tool("gdal_translate") != nil, "gdal_translate is not installed")
        )
        func `a raster cut after the plan costs the tiles that need it and nothing else`()
            async throws
        {
            var input = try SmallInput(in: scratch)
            let raster = try await TiledRaster(of: "emission", in: scratch)
            input.replace("path: emission.asc", with: "path: emission.tif")
            let directory = "\(scratch.path)/run"
            let coordinator = try SectileProcess.coordinator(try input.write(), to: directory)
            try await waitForJoin(directory, of: coordinator)
            try raster.truncate(toShare: 0.6)
            let worker = try SectileProcess.worker(joining: directory)
            let finished = await coordinator.finished()
            #expect(finished.exitCode == 3, "\(finished.errors)")
            #expect(await worker.finished().exitCode == 0)

            let status = try await SectileProcess.run("status", directory)
            #expect(status.exitCode == 3)
            #expect(status.output.contains("quarantined"))
            #expect(status.output.contains("emission.tif"), "\(status.output)")
            let cities = try String(
                contentsOfFile: "\(directory)/tables/cities.csv",
                encoding: .utf8
            )
            #expect(cities.contains(",north,"))
            for name in ["report.html", "run.json", "stac/deficit.json"] {
                let text = try String(contentsOfFile: "\(directory)/\(name)", encoding: .utf8)
                #expect(text.lowercased().contains("incomplete"), "\(name)")
            }
            let mosaic = try Data(
                contentsOf: URL(fileURLWithPath: "\(directory)/mosaic/deficit.tif")
            )
            #expect(mosaic.range(of: Data("ncomplete".utf8)) != nil)
        }

        @Test(.timeLimit(.minutes(1)))
        func `tile files whose bits flipped are computed again by the same command`() async throws {
            let directory = "\(scratch.path)/run"
            let command = [
                "run", try SmallInput(in: scratch).write(), "--output", directory, "--workers", "2",
            ]
            let whole = try await SectileProcess(command).finished()
            #expect(whole.exitCode == 0, "\(whole.errors)")
            let outcome = try RunOutcome(directory: directory)
            let attempts = try CommittedTiles(directory: directory).attemptCount()
            for stage in ["prepare", "balance"] { try Self.flipBit(of: stage, in: directory) }
            let mosaic = try await SectileProcess.run("mosaic", directory)
            #expect(mosaic.exitCode != 0)
            #expect(mosaic.errors.contains("to compute the tile again"), "\(mosaic.errors)")
            let again = try await SectileProcess(command).finished()
            #expect(again.exitCode == 0, "\(again.errors)")
            #expect(try CommittedTiles(directory: directory).attemptCount() == attempts + 2)
            #expect(try RunOutcome(directory: directory) == outcome)
            let doctor = try await SectileProcess.run("doctor", directory)
            #expect(doctor.output.contains("24 committed tiles are as the journal says"))
        }

        /// Flips a bit in the middle of a stage's first tile file, whose size stays.
        private static func flipBit(of stage: String, in directory: String) throws {
            let folder = "\(directory)/tiles/\(stage)"
            let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            let name = try #require(names.first { $0.hasSuffix(".tif") })
            let file = URL(fileURLWithPath: "\(folder)/\(name)")
            var bytes = try Data(contentsOf: file)
            bytes[bytes.startIndex + bytes.count / 2] ^= 1
            try bytes.write(to: file)
        }

        @Test(.timeLimit(.minutes(1)), .enabled(if: SmallDisk.isPossible, "needs root to mount"))
        func `a full disk loses nothing and the same command goes on when there is room`()
            async throws
        {
            let input = try SmallInput(in: scratch)
            let configuration = try input.write()
            let disk = try SmallDisk(kibibytes: 420, in: scratch)
            let directory = "\(disk.path)/run"
            let command = ["run", configuration, "--output", directory, "--workers", "1"]
            // A run whose journal finds no room waits for it; one that cannot even publish ends. One that cannot
            // even begin says which file found none.
            let tiny = try SmallDisk(kibibytes: 60, in: ScratchDirectory())
            let refused = try await SectileProcess.run(
                "run",
                configuration,
                "--output",
                "\(tiny.path)/run",
                "--workers",
                "1"
            )
            #expect(refused.exitCode == 1)
            #expect(refused.errors.contains(tiny.path), "\(refused.errors)")
            #expect(refused.errors.lowercased().contains("no space left"), "\(refused.errors)")
            #expect(!refused.errors.contains("NSCocoaErrorDomain"), "\(refused.errors)")
            let run = try SectileProcess(command)
            try await wait(for: "a word about the full disk", while: { run.isRunning }) {
                run.errorsSoFar.contains("no space is left")
            }
            #expect(run.errorsSoFar.contains(disk.path), "\(run.errorsSoFar)")
            try disk.resize(kibibytes: 64 << 10)
            let finished = await run.finished()
            #expect(finished.exitCode == 0 || finished.exitCode == 1, "\(finished.errors)")
            let again = try await SectileProcess(command).finished()
            #expect(again.exitCode == 0, "\(again.errors)")
            #expect(try CommittedTiles(directory: directory).unitsNotCommittedOnce().isEmpty)
            let reference = try await SmallReference.outcome()
            #expect(try RunOutcome(directory: directory) == reference)
        }

        @Test(.timeLimit(.minutes(1)), .enabled(if: SmallDisk.isPossible, "needs root to mount"))
        func `a journal without space grants nothing, and goes on when there is room`()
            async throws
        {
            let disk = try SmallDisk(kibibytes: 16 << 10, in: scratch)
            let directory = "\(scratch.path)/run"
            let coordinator = try SectileProcess.coordinator(
                try SmallInput(in: scratch).write(),
                to: directory,
                ["--journal", "\(disk.path)/journal.sqlite"]
            )
            try await waitForJoin(directory, of: coordinator)
            try disk.fill()
            let worker = try SectileProcess.worker(joining: directory)
            try await Self.waitForLine("journal.failed", in: directory, while: coordinator)
            try disk.makeRoom()
            let finished = await coordinator.finished()
            #expect(finished.exitCode == 0, "\(finished.errors)")
            #expect(await worker.finished().exitCode == 0)

            let log = try LogLine.coordinator(of: directory)
            let failed = try #require(log.firstIndex { $0.event == "journal.failed" })
            let recovered = try #require(log.firstIndex { $0.event == "journal.recovered" })
            try #require(failed < recovered)
            #expect(log[failed].detail?.contains("no space is left") == true)
            #expect(!log[failed..<recovered].contains { $0.event == "lease.granted" })
            #expect(!log.contains { $0.event == "attempt.failed" })
            #expect(try CommittedTiles(directory: disk.path).unitsNotCommittedOnce().isEmpty)
            let reference = try await SmallReference.outcome()
            #expect(try RunOutcome(directory: directory) == reference)
        }

        @Test(.timeLimit(.minutes(1)), .enabled(if: SmallDisk.isPossible, "needs root to mount"))
        func `tiles without space fail as storage, uncharged, and are tried until there is room`()
            async throws
        {
            let directory = "\(scratch.path)/run"
            let disk = try SmallDisk(kibibytes: 16 << 10, in: scratch, at: "run/tiles")
            let coordinator = try SectileProcess.coordinator(
                try SmallInput(in: scratch).write(),
                to: directory
            )
            try await waitForJoin(directory, of: coordinator)
            // A worker that could write nothing from the start would not join.
            _ = try await SectileProcess.run("pause", directory)
            let worker = try SectileProcess.worker(joining: directory)
            try await wait(for: "the worker", while: { worker.isRunning }) {
                try LogLine.workers(of: directory).contains { $0.event == "worker.storageVerified" }
            }
            try disk.fill()
            _ = try await SectileProcess.run("resume", directory)
            try await Self.waitForLine("attempt.failed", in: directory, while: coordinator)
            try disk.makeRoom()
            let finished = await coordinator.finished()
            #expect(finished.exitCode == 0, "\(finished.errors)")
            #expect(await worker.finished().exitCode == 0)

            let log = try LogLine.coordinator(of: directory)
            let failed = log.filter { $0.event == "attempt.failed" }
            #expect(failed.allSatisfy { $0.errorClass == "storage" })
            #expect(!log.contains { $0.event == "journal.failed" })
            #expect(!log.contains { $0.event == "tile.quarantined" })
            let tiles = try CommittedTiles(directory: directory)
            #expect(try tiles.unitsNotCommittedOnce().isEmpty)
            for tile in Set(failed.compactMap { $0.tile.flatMap { TileID($0) } }) {
                let attempts = try tiles.attempts(of: tile)
                #expect(!attempts.contains { $0.isCharged }, "\(tile)")
            }
            let reference = try await SmallReference.outcome()
            #expect(try RunOutcome(directory: directory) == reference)
        }

        /// Waits until the coordinator has logged an event.
        private static func waitForLine(
            _ event: String,
            in directory: String,
            while coordinator: SectileProcess
        ) async throws {
            try await wait(for: event, while: { coordinator.isRunning }) {
                try LogLine.coordinator(of: directory).contains { $0.event == event }
            }
        }
    }
}
