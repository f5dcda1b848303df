import Testing

extension SmallInput {
    /// Adds layers: a line of keys and values for each.
    mutating func addLayers(_ lines: String...) {
        let layers = lines.flatMap { $0.split(separator: "\n") }.map { "  - {\($0)}\n" }.joined()
        replace("zones:\n  path", with: layers + "zones:\n  path")
    }

    /// Puts one zone around the whole grid in place of the three: every cell counts once.
    func writeWholeGridZone() throws {
        let ring = "[100,25],[116,25],[116,42],[100,42],[100,25]"
        try scratch.write(Self.zones([("1", "all", ring)]), to: "zones.geojson")
    }

    /// Plans it.
    func plan(_ arguments: String...) async throws -> Finished {
        try await SectileProcess(["plan", try write()] + arguments).finished()
    }

    /// Runs it whole with one worker, under a name of its own, which must end well.
    ///
    /// - Returns: the run directory.
    func run(
        _ name: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> String {
        let directory = "\(scratch.path)/run-\(name)"
        try await SectileProcess.complete(
            try write("\(name).yaml"),
            to: directory,
            sourceLocation: sourceLocation
        )
        return directory
    }
}
