import Foundation
import Testing

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
    }
}
