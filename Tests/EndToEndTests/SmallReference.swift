import Testing

/// What undisturbed runs of the small country give, as one tile; each is computed once for all tests.
actor SmallReference {
    private static let shared = SmallReference()

    private var tasks: [Int: Task<RunOutcome, any Error>] = [:]

    /// What it gives on cells so many times finer.
    static func outcome(refinedBy factor: Int = 1) async throws -> RunOutcome {
        try await shared.outcome(factor)
    }

    private func outcome(_ factor: Int) async throws -> RunOutcome {
        if let task = tasks[factor] { return try await task.value }
        let task = Task {
            let scratch = try ScratchDirectory()
            var input = try SmallInput(in: scratch)
            input.refine(by: factor)
            input.replace("tileSizePixels: 16", with: "tileSizePixels: 256")
            return try RunOutcome(directory: try await input.run("reference"))
        }
        tasks[factor] = task
        return try await task.value
    }
}
