import Foundation
import Testing

extension EndToEndCountries {
    @Suite(.enabled(if: Program.canEvaluate, "the evaluation data are absent"))
    struct TileIndependenceTests {
        @Test(.timeLimit(.minutes(2)))
        func `each round of a stage counts its own attempts`() async throws {
            let directory = try await SharedRuns.reference()
            let stages = try #require(
                try runDocument(of: directory)["stages"] as? [[String: Any]]
            )
            #expect(stages.count { $0["stage"] as? String == "bandwidth" } > 1)
            try expectNoRetries(directory)
        }

        @Test(
            .timeLimit(.minutes(2)),
            arguments: [(tileSizePixels: 64, workers: 2), (tileSizePixels: 100, workers: 1)]
        )
        func `mosaics and city table do not depend on tile size and number of workers`(
            tileSizePixels: Int,
            workers: Int
        ) async throws {
            let reference = try await SharedRuns.outcome()
            let scratch = try ScratchDirectory()
            let input = try EvaluationInput(tileSizePixels: tileSizePixels, in: scratch)
            let directory = "\(scratch.path)/run"
            try await SectileProcess.complete(input.path, to: directory, workers: workers)
            let outcome = try RunOutcome(directory: directory)
            #expect(outcome.mosaics == reference.mosaics)
            #expect(outcome.cities == reference.cities)
            #expect(outcome.cities.split(separator: "\n").count == 371)
        }
    }
}
