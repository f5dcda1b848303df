import Testing

extension SectileProcess {
    /// Runs a configuration whole, which must end well.
    ///
    /// - Parameters:
    ///   - configuration: its path.
    ///   - directory: the run directory.
    ///   - workers: nil for as many as the machine has room for.
    ///   - sourceLocation: where it is wanted.
    /// - Returns: what it said.
    /// - Throws: `ExpectationFailedError` when it ends otherwise.
    @discardableResult
    static func complete(
        _ configuration: String,
        to directory: String,
        workers: Int? = 1,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Finished {
        let count = workers.map { ["--workers", "\($0)"] } ?? []
        let command = ["run", configuration, "--output", directory] + count
        let finished = try await SectileProcess(command).finished()
        try #require(
            finished.exitCode == 0,
            "\(configuration): \(finished.errors)",
            sourceLocation: sourceLocation
        )
        return finished
    }

    /// Starts a coordinator whose workers are told this machine's loopback address.
    static func coordinator(
        _ configuration: String,
        to directory: String,
        listen: String = "tcp://127.0.0.1:0",
        _ further: [String] = [],
        environment: [String: String] = [:]
    ) throws -> SectileProcess {
        try SectileProcess(
            [
                "coordinator", configuration, "--output", directory, "--listen", listen,
                "--advertise", "127.0.0.1",
            ] + further,
            environment: environment
        )
    }

    /// Starts a worker of one slot that joins the run of a directory.
    static func worker(
        joining directory: String,
        _ further: [String] = [],
        environment: [String: String] = [:]
    ) throws -> SectileProcess {
        try SectileProcess(
            ["worker", "--join", "\(directory)/join.json", "--slots", "1"] + further,
            environment: environment
        )
    }
}
