import Foundation
import Testing

/// Runs on the evaluation data that several claims look at; each is made once, when first wanted.
actor SharedRuns {
    /// The runs of the suite that is under way.
    @TaskLocal static var current: SharedRuns?

    /// A run that came to its end.
    struct Completed: Sendable {
        let directory: String
        let configuration: String
        let finished: Finished
    }

    private let scratch: ScratchDirectory
    private var tasks: [String: Task<Completed, any Error>] = [:]

    init() throws { scratch = try ScratchDirectory() }

    /// A run of `config/<name>.yaml` as one tile with one worker.
    ///
    /// Nobody may change its directory.
    func completed(_ name: String = "china-grid01") async throws -> Completed {
        if let task = tasks[name] { return try await task.value }
        let task = Task { [scratch] in
            let input = try EvaluationInput(name, tileSizePixels: 512, in: scratch)
            let directory = "\(scratch.path)/\(name)"
            let finished = try await SectileProcess.run(
                "run",
                input.path,
                "--output",
                directory,
                "--workers",
                "1"
            )
            return Completed(
                directory: directory,
                configuration: input.path,
                finished: finished
            )
        }
        tasks[name] = task
        return try await task.value
    }

    /// The run of the suite, which must have ended well.
    static func reference(_ name: String = "china-grid01") async throws -> Completed {
        let runs = try #require(current)
        let run = try await runs.completed(name)
        try #require(run.finished.exitCode == 0, "\(run.finished.errors)")
        return run
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

/// Real processes, real sockets, real signals; one after the other, because they measure each
/// other's machine.
@Suite(.serialized, .enabled(if: Program.isBuilt, "the program is not built"), .sharedRuns)
enum EndToEnd {}
