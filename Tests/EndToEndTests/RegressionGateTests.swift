import Foundation
import Regression
import Testing

extension EndToEnd {
    /// Local models on tiles are those of the whole grid, bit for bit.
    ///
    /// On a real window of 60 × 52 cells with every cell an observation, around Beijing, where emission
    /// and covariates are as rough as anywhere. `scripts/gate` does the same on the whole country.
    @Suite(.enabled(if: Program.canEvaluate, "the evaluation data are absent"))
    struct RegressionGateTests {
        static let window = [
            "name": "north", "originX": "200000", "originY": "4600000", "columns": "60",
            "rows": "52", "observations": "{ spacingMetres: none }",
            "bandwidth":
                "{ type: adaptive, criterion: aicc, minimum: 60, maximum: 300, bufferMetres: 20000 }",
        ]

        /// The same cells with observations 30 km apart, by buffered cross-validation.
        static let lattice = window.merging([
            "observations": "{ spacingMetres: 30000 }",
            "bandwidth":
                "{ type: adaptive, criterion: bcv, minimum: 40, maximum: 200, bufferMetres: 40000 }",
        ]) { $1 }

        private static func outcome(
            tileSizePixels: Int,
            workers: Int,
            level: String? = nil,
            of configuration: [String: String] = window,
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
            let reference = try await Self.outcome(tileSizePixels: 64, workers: 1, in: scratch)
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
                    of: Self.lattice,
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
            let reference = try await Self.outcome(tileSizePixels: 30, workers: 2, in: scratch)
            // The least of them always; those between it and the best, where there is time.
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
            let reference = try await Self.outcome(tileSizePixels: 64, workers: 1, in: scratch)
            let seed = UInt64.random(in: .min ... .max)
            print("killed workers of the regression: seed \(seed)")
            var random = SeededRandom(seed: seed)
            let input = try EvaluationInput(
                tileSizePixels: 16,
                replacing: Self.window,
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
            let reference = try await Self.outcome(tileSizePixels: 64, workers: 1, in: scratch)
            let input = try EvaluationInput(
                tileSizePixels: 16,
                replacing: Self.window,
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
