import Foundation
import Testing

extension EndToEndCountries {
    @Suite(.enabled(if: Program.canEvaluate, "the evaluation data are absent"))
    struct KilledCoordinatorTests {
        @Test(.timeLimit(.minutes(2)))
        func `a killed run goes on with the same command and computes nothing twice`() async throws
        {
            let reference = try await SharedRuns.outcome()
            let scratch = try ScratchDirectory()
            let input = try EvaluationInput(tileSizePixels: 64, in: scratch)
            let directory = "\(scratch.path)/run"
            let command = ["run", input.path, "--output", directory, "--workers", "2"]
            var committed = CommittedLeases()
            // In the middle of each stage: 64 tiles are prepared, then 64 balanced.
            for threshold in [20, 84] {
                let run = try SectileProcess(command)
                try await wait(for: "\(threshold) commits", while: { run.isRunning }) {
                    CommittedTiles.count(in: directory) >= threshold
                }
                let workers = run.children
                run.signal(SIGKILL)
                #expect(await run.finished().exitCode == 128 + SIGKILL)
                try await wait(for: "the end of the workers") {
                    !workers.contains { SectileProcess.isAlive($0) }
                }
                #expect(workers.count == 2)
                let status = try await SectileProcess.run("status", directory)
                #expect(status.exitCode == 6, "\(status.output)")
                try committed.grow(to: directory)
            }
            let run = try SectileProcess(command)
            let finished = await run.finished()
            #expect(finished.exitCode == 0, "\(finished.errors)")
            try committed.grow(to: directory)
            let tiles = try CommittedTiles(directory: directory)
            #expect(try tiles.unitsNotCommittedOnce().isEmpty)
            #expect(try RunOutcome(directory: directory) == reference)
        }

        @Test(.timeLimit(.minutes(2)))
        func `workers on their own outlive their coordinator and join the next one`() async throws {
            let reference = try await SharedRuns.outcome()
            let scratch = try ScratchDirectory()
            let input = try EvaluationInput(tileSizePixels: 64, in: scratch)
            let directory = "\(scratch.path)/run"
            var coordinator = try SectileProcess.coordinator(input.path, to: directory)
            try await waitForJoin(directory, of: coordinator)
            let endpoint = try #require(try JoinText(directory: directory).endpoints.first)
            let workers = try (0..<2).map { _ in
                try SectileProcess.worker(joining: directory)
            }
            try await wait(for: "commits", while: { coordinator.isRunning }) {
                CommittedTiles.count(in: directory) >= 16
            }
            coordinator.signal(SIGKILL)
            #expect(await coordinator.finished().exitCode == 128 + SIGKILL)
            var committed = CommittedLeases()
            try committed.grow(to: directory)

            coordinator = try SectileProcess.coordinator(
                input.path,
                to: directory,
                listen: endpoint
            )
            try await wait(for: "more commits", while: { coordinator.isRunning }) {
                CommittedTiles.count(in: directory) >= 54
            }
            #expect(workers.filter(\.isRunning).count == 2)
            workers[0].signal(SIGTERM)
            let drained = await workers[0].finished()
            #expect(drained.exitCode == 0, "\(drained.errors)")
            #expect(coordinator.isRunning)

            let finished = await coordinator.finished()
            #expect(finished.exitCode == 0, "\(finished.errors)")
            let left = await workers[1].finished()
            #expect(left.exitCode == 0, "\(left.errors)")
            try committed.grow(to: directory)
            #expect(try CommittedTiles(directory: directory).unitsNotCommittedOnce().isEmpty)
            #expect(try RunOutcome(directory: directory) == reference)
        }
    }
}
