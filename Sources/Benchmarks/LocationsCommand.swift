import ArgumentParser
import Regression

/// The command `Benchmarks locations`.
struct LocationsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "locations",
        abstract: "Cost per location with a given number of neighbours, search for them included."
    )

    @OptionGroup var points: PointOptions
    @Option(help: "Neighbours per location.")
    var neighbours = 200
    @Option(help: "Threads.")
    var threads = 1
    @Option(help: "Runs; the median counts.")
    var runs = 3

    /// What is printed.
    struct Report: Encodable {
        let n, p, neighbours, threads, runs: Int
        let prepareMicroseconds, sweepMicroseconds, fitMicroseconds: Double
        let peakMemoryMebibytes: Double
    }

    func run() throws {
        let table = try points.make().table()
        var prepared: GeographicallyWeightedRegression?
        let preparing = try Measurement(runs: 1) {
            prepared = try GeographicallyWeightedRegression(
                table: table,
                kernel: .bisquare,
                threadCount: threads
            )
        }
        guard let model = prepared else { return }
        // A ladder to the given number, as a search has it.
        let candidates = (1...32).map {
            Bandwidth.adaptive(neighbours: max(20, neighbours * $0 / 32))
        }
        let sweep = try Measurement(runs: runs) { _ = try model.scores(of: candidates) }
        let fit = try Measurement(runs: runs) {
            _ = try model.fit(bandwidth: .adaptive(neighbours: neighbours), options: [])
        }
        let micro = 1e6 / Double(points.count)
        try report(
            Report(
                n: points.count,
                p: points.parameters,
                neighbours: neighbours,
                threads: threads,
                runs: runs,
                prepareMicroseconds: preparing.median * micro,
                sweepMicroseconds: sweep.median * micro,
                fitMicroseconds: fit.median * micro,
                peakMemoryMebibytes: peakMemoryMebibytes()
            )
        )
    }
}
