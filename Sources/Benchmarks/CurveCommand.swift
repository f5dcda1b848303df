import ArgumentParser
import Foundation
import Regression

/// The command `Benchmarks curve`.
struct CurveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "curve",
        abstract:
            "The criteria at every bandwidth of a range, for the comparison with a sweep in numpy."
    )

    @OptionGroup var points: PointOptions
    @Option(help: "Smallest number of neighbours.")
    var minimum = 52
    @Option(help: "Largest number of neighbours.")
    var maximum = 600
    @Option(help: "Threads.")
    var threads = 1
    @Option(help: "Runs; the median counts.")
    var runs = 3
    @Option(help: "The file for the curve: k, tr S, RSS, AICc.")
    var file: String?

    /// What is printed.
    struct Report: Encodable {
        let n, p, threads, runs, minimum, maximum: Int
        let seconds: Double
    }

    func run() throws {
        let table = try points.make().table()
        let candidates = (minimum...maximum).map { Bandwidth.adaptive(neighbours: $0) }
        var scores: [CandidateScore] = []
        // With the preparation of the table, which the other side's time contains, too.
        let taken = try Measurement(runs: runs) {
            let model = try GeographicallyWeightedRegression(
                table: table,
                kernel: .bisquare,
                threadCount: threads
            )
            scores = try model.scores(of: candidates)
        }
        if let file {
            let lines = zip(minimum...maximum, scores).map {
                "\($0),\($1.traceS),\($1.rss),\($1.aicc)"
            }
            try Data((lines.joined(separator: "\n") + "\n").utf8).write(
                to: URL(fileURLWithPath: file)
            )
        }
        try report(
            Report(
                n: points.count,
                p: points.parameters,
                threads: threads,
                runs: runs,
                minimum: minimum,
                maximum: maximum,
                seconds: taken.median
            )
        )
    }
}
