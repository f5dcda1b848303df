import Foundation
import Regression
import Testing

extension EndToEndCountries {
    /// Local models on tiles are those of the whole grid, bit for bit.
    ///
    /// On a real window (``EvaluationInput/window``); `scripts/gate` does the same on the whole country.
    @Suite(.enabled(if: Program.canEvaluate, "the evaluation data are absent"))
    struct RegressionGateTests {
        private static func outcome(
            tileSizePixels: Int,
            workers: Int,
            level: String? = nil,
            of configuration: [String: String] = EvaluationInput.window,
            in scratch: ScratchDirectory
        ) async throws -> RunOutcome {
            let input = try EvaluationInput(
                tileSizePixels: tileSizePixels,
                replacing: configuration,
                in: scratch
            )
            let directory = "\(scratch.path)/run-\(tileSizePixels)-\(workers)-\(level ?? "best")"
            let finished = try await SectileProcess(
                ["run", input.path, "--output", directory, "--workers", "\(workers)"],
                environment: level.map { ["SECTILE_INSTRUCTION_SET": $0] } ?? [:]
            ).finished()
            try #require(finished.exitCode == 0, "\(finished.errors)")
            return try RunOutcome(directory: directory)
        }

        @Test(.timeLimit(.minutes(4)))
        func `every band of the local models is the same for any tile size and number of workers`()
            async throws
        {
            let scratch = try ScratchDirectory()
            let reference = try await SharedRuns.windowOutcome()
            for (size, workers) in [(16, 2), (33, 7), (25, 1)] {
                let outcome = try await Self.outcome(
                    tileSizePixels: size,
                    workers: workers,
                    in: scratch
                )
                #expect(outcome == reference, "tiles of \(size), \(workers) workers")
            }
        }

        @Test(.timeLimit(.minutes(4)))
        func
            `observations on a lattice give the same bands for any tile size and number of workers`()
            async throws
        {
            func outcome(_ size: Int, _ workers: Int) async throws -> RunOutcome {
                // Directories go by size and workers: the lattice has its own.
                try await Self.outcome(
                    tileSizePixels: size,
                    workers: workers,
                    of: EvaluationInput.latticeWindow,
                    in: try ScratchDirectory()
                )
            }
            let reference = try await outcome(64, 1)
            for (size, workers) in [(16, 2), (25, 1)] {
                let outcome = try await outcome(size, workers)
                #expect(outcome == reference, "tiles of \(size), \(workers) workers")
            }
        }

        @Test(.timeLimit(.minutes(4)))
        func `every instruction set of the machine gives the same bits`() async throws {
            let scratch = try ScratchDirectory()
            let reference = try await SharedRuns.windowOutcome()
            // The reference has the best. The least always; those between them, where there is time.
            let levels = InstructionSet.available.map(\.rawValue)
            for level in Program.isThorough ? levels : ["baseline"] {
                let outcome = try await Self.outcome(
                    tileSizePixels: 30,
                    workers: 2,
                    level: level,
                    in: scratch
                )
                #expect(outcome == reference, "level \(level)")
            }
        }

        @Test(.timeLimit(.minutes(4)))
        func `a worker killed in every stage of the regression changes nothing`() async throws {
            let scratch = try ScratchDirectory()
            let reference = try await SharedRuns.windowOutcome()
            let seed = UInt64.random(in: .min ... .max)
            print("killed workers of the regression: seed \(seed)")
            var random = SeededRandom(seed: seed)
            let input = try EvaluationInput(
                tileSizePixels: 16,
                replacing: EvaluationInput.window,
                in: scratch
            )
            let directory = "\(scratch.path)/killed"
            let run = try SectileProcess(
                ["run", input.path, "--output", directory, "--workers", "2"]
            )
            for stage in ["bandwidth", "fit", "diagnose"] {
                try await wait(for: stage, while: { run.isRunning }) {
                    Self.isLogged("lease.granted", stage, in: directory)
                }
                let victim = try #require(run.children.randomElement(using: &random))
                kill(victim, SIGKILL)
            }
            let finished = await run.finished()
            #expect(finished.exitCode == 0, "seed \(seed): \(finished.errors)")
            #expect(try RunOutcome(directory: directory) == reference, "seed \(seed)")
            #expect(try CommittedTiles(directory: directory).unitsNotCommittedOnce().isEmpty)
        }

        /// True when the coordinator has said so of a stage.
        private static func isLogged(_ event: String, _ stage: String, in directory: String) -> Bool
        {
            let lines = try? LogLine.lines(of: "\(directory)/logs/coordinator.jsonl")
            return lines?.contains { $0.event == event && $0.stage == stage } ?? false
        }

        @Test(.timeLimit(.minutes(4)))
        func `a coordinator killed in every stage and after each reduction goes on there`()
            async throws
        {
            let scratch = try ScratchDirectory()
            let reference = try await SharedRuns.windowOutcome()
            let input = try EvaluationInput(
                tileSizePixels: 16,
                replacing: EvaluationInput.window,
                in: scratch
            )
            let directory = "\(scratch.path)/killed"
            let command = ["run", input.path, "--output", directory, "--workers", "2"]
            var run = try SectileProcess(command)
            var committed = CommittedLeases()
            for stage in ["prepare", "balance", "bandwidth", "fit", "diagnose"] {
                for event in ["lease.granted", "stage.reduced"] {
                    try await wait(for: "\(event) of \(stage)", while: { run.isRunning }) {
                        Self.isLogged(event, stage, in: directory)
                    }
                    run.signal(SIGKILL)
                    _ = await run.finished()
                    try committed.grow(to: directory)
                    run = try SectileProcess(command)
                }
            }
            let finished = await run.finished()
            #expect(finished.exitCode == 0, "\(finished.errors)")
            try committed.grow(to: directory)
            #expect(try RunOutcome(directory: directory) == reference)
            #expect(try CommittedTiles(directory: directory).unitsNotCommittedOnce().isEmpty)
        }
    }
}
