import Foundation
import Testing

/// Runs on the evaluation data that several claims look at; each is made once, when first wanted.
actor SharedRuns {
    /// The runs of the suite that is under way.
    @TaskLocal static var current: SharedRuns?

    private let scratch: ScratchDirectory
    private var tasks: [String: Task<String, any Error>] = [:]

    init() throws { scratch = try ScratchDirectory() }

    private func directory(
        _ name: String,
        tileSizePixels: Int,
        replacing values: [String: String]
    ) async throws -> String {
        let directory = "\(scratch.path)/\(name)-\(tileSizePixels)"
        if let task = tasks[directory] { return try await task.value }
        let task = Task { [scratch] in
            let input = try EvaluationInput(
                name,
                tileSizePixels: tileSizePixels,
                replacing: values,
                in: scratch
            )
            try await SectileProcess.complete(input.path, to: directory)
            return directory
        }
        tasks[directory] = task
        return try await task.value
    }

    /// The directory of a run of `config/<name>.yaml` as one tile with one worker.
    ///
    /// Nobody may change it.
    static func reference(_ name: String = "china-grid01") async throws -> String {
        let runs = try #require(current)
        return try await runs.directory(name, tileSizePixels: 512, replacing: [:])
    }

    /// What the whole country gives as one tile with one worker.
    static func outcome() async throws -> RunOutcome {
        try RunOutcome(directory: try await reference())
    }

    /// What ``EvaluationInput/window`` gives as one tile with one worker.
    static func windowOutcome() async throws -> RunOutcome {
        let runs = try #require(current)
        let directory = try await runs.directory(
            "china-grid01",
            tileSizePixels: 64,
            replacing: EvaluationInput.window
        )
        return try RunOutcome(directory: directory)
    }
}

/// Gives a suite its shared runs, and removes them when the suite is over.
struct SharedRunsTrait: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @Sendable @concurrent () async throws -> Void
    ) async throws {
        try await SharedRuns.$current.withValue(try SharedRuns()) { try await function() }
    }
}

extension Trait where Self == SharedRunsTrait {
    /// Claims about the same runs share them.
    static var sharedRuns: Self { SharedRunsTrait() }
}
