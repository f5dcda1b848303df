import Foundation
import Testing

extension EndToEndCountries {
    /// Slips of units on the evaluation data: each is noticed before a tile runs, and named.
    @Suite(.enabled(if: Program.canEvaluate, "the evaluation data are absent"))
    struct PlausibilityTests {
        private let scratch: ScratchDirectory

        init() throws { scratch = try ScratchDirectory() }

        /// Plans the evaluation configuration with the first unit `unit` written otherwise.
        private func plan(_ unit: String, as other: String) async throws -> PlanReport {
            let input = try EvaluationInput(tileSizePixels: 128, in: scratch)
            var text = try String(contentsOfFile: input.path, encoding: .utf8)
            let place = try #require(text.range(of: "unit: \(unit)\n"))
            text.replaceSubrange(place, with: "unit: \(other)\n")
            return try await PlanReport(configuration: try scratch.write(text, to: "slip.yaml"))
        }

        @Test(.timeLimit(.minutes(1)))
        func `the true units raise no doubt`() async throws {
            let report = try await plan("tCO2/km2/yr", as: "tCO2/km2/yr")
            #expect(!report.hasWarning("plausible for China"), "\(report.warnings)")
        }

        @Test(
            .timeLimit(.minutes(1)),
            arguments: [
                ("tCO2/km2/yr", "tC/km2/yr", "emission", "CO2, declared as C (factor 3.67)"),
                ("tCO2/km2/yr", "tCO2/km2/month", "emission", "declared per month (factor 12)"),
                ("tCO2/km2/yr", "tCO2/ha/yr", "emission", "declared per hectare (factor 100)"),
                (
                    "tCO2/km2/yr", "tCO2/m2/yr", "emission",
                    "declared per m², or g declared as t (factor 10⁶)"
                ),
                ("persons/km2", "persons/ha", "population", "declared per hectare (factor 100)"),
            ]
        )
        func `a slip of the unit is named`(
            unit: String,
            other: String,
            layer: String,
            slip: String
        ) async throws {
            let report = try await plan(unit, as: other)
            let doubts = report.warnings.filter { $0.contains("plausible for China") }
            #expect(doubts.count == 1, "\(doubts)")
            #expect(report.hasWarning("\(layer): national", slip), "\(report.warnings)")
        }
    }
}
