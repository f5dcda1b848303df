import ArgumentParser

/// Measures the library on this machine; `scripts/bench` runs it beside its peers.
@main
struct Benchmarks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "Benchmarks",
        abstract: "Measures one thing and prints it as a line of JSON.",
        discussion: """
            Times are those of this process's own clock, medians over several runs. See scripts/bench \
            for the comparison with other programs.
            """,
        subcommands: [
            PointsCommand.self, KernelsCommand.self, RegressionCommand.self, CurveCommand.self,
            LocationsCommand.self, EngineCoordinatorCommand.self, EngineWorkersCommand.self,
        ]
    )
}
