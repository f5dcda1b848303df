import Foundation
import Testing

extension EndToEndCountries {
    @Suite(.enabled(if: Program.canEvaluate, "the evaluation data are absent"))
    struct KilledWorkerTests {
        /// Twenty where there is time for them.
        private static let killCount = Program.isThorough ? 20 : 7

        @Test(.timeLimit(.minutes(3)))
        func `workers killed at random moments change nothing`() async throws {
            let reference = try await SharedRuns.outcome()
            var kills = 0
            var round = 0
            while kills < Self.killCount, round < 10 {
                round += 1
                let seed = UInt64.random(in: .min ... .max)
                print("killed workers: round \(round), seed \(seed)")
                let scratch = try ScratchDirectory()
                let done = try await killRandomWorkers(
                    seed: seed,
                    upTo: min(7, Self.killCount - kills),
                    in: scratch
                )
                kills += done
                let directory = "\(scratch.path)/run"
                #expect(try RunOutcome(directory: directory) == reference, "seed \(seed)")
                let tiles = try CommittedTiles(directory: directory)
                #expect(try tiles.unitsNotCommittedOnce().isEmpty, "seed \(seed)")
                #expect(try tiles.leases().count == 5 * 8 * 8)
            }
            #expect(kills == Self.killCount)
        }

        /// Runs the evaluation on small tiles and kills random workers at random moments.
        ///
        /// - Returns: how many were killed before the run was over.
        private func killRandomWorkers(
            seed: UInt64,
            upTo limit: Int,
            in scratch: ScratchDirectory
        ) async throws -> Int {
            var random = SeededRandom(seed: seed)
            let input = try EvaluationInput(tileSizePixels: 64, in: scratch)
            let run = try SectileProcess(
                ["run", input.path, "--output", "\(scratch.path)/run", "--workers", "2"]
            )
            var kills = 0
            while kills < limit, run.isRunning {
                try await wait(for: "a worker", while: { run.isRunning }) {
                    !run.isRunning || !run.children.isEmpty
                }
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...700, using: &random)))
                guard let victim = run.children.randomElement(using: &random) else { continue }
                if kill(victim, SIGKILL) == 0 { kills += 1 }
            }
            let finished = await run.finished()
            #expect(finished.exitCode == 0, "seed \(seed): \(finished.errors)")
            return kills
        }
    }
}
