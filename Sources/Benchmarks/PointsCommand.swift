import ArgumentParser
import Foundation

/// The command `Benchmarks points`.
struct PointsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "points",
        abstract: "Writes the points that the other commands compute with, for other programs."
    )

    @OptionGroup var points: PointOptions
    @Argument(help: "The CSV file to write.")
    var file: String

    func run() throws {
        try Data(points.make().csv().utf8).write(to: URL(fileURLWithPath: file))
    }
}

/// Which points are made.
struct PointOptions: ParsableArguments {
    @Option(help: "Number of points.")
    var count = 1_000
    @Option(help: "Coefficients with the intercept.")
    var parameters = 6
    @Option(help: "Seed of the points.")
    var seed: UInt64 = 20_261_123

    /// The points.
    func make() -> NationalPoints {
        NationalPoints(count: count, parameterCount: parameters, seed: seed)
    }
}
