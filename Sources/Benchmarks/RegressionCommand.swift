import ArgumentParser
import Foundation
import Regression

/// The command `Benchmarks regression`.
struct RegressionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "regression",
        abstract: "Bandwidth search and fit with standard errors: adaptive bisquare, AICc."
    )

    @OptionGroup var points: PointOptions
    @Option(help: "Threads.")
    var threads = 1
    @Option(help: "Runs; the median counts.")
    var runs = 3
    @Flag(help: "With everything that the command regress reports per location.")
    var all = false
    @Option(help: "Fit at this bandwidth as well, outside the times, and write its coefficients.")
    var at: Int?
    @Option(help: "The file for the coefficients of --at: a row per point.")
    var coefficients: String?

    /// What is printed.
    struct Report: Encodable {
        let n, p, threads, runs: Int
        let level: String
        let prepareSeconds, searchSeconds, fitSeconds: Double
        let evaluated, bandwidth: Int
        let state: String
        let aicc: Double
        /// AICc at `--at`.
        let aiccAt: Double?
        let peakMemoryMebibytes: Double
    }

    func run() throws {
        let table = try points.make().table()
        var prepared: GeographicallyWeightedRegression?
        let preparing = try Measurement(runs: runs) {
            prepared = nil
            prepared = try GeographicallyWeightedRegression(
                table: table,
                kernel: .bisquare,
                threadCount: threads
            )
        }
        guard let model = prepared else { return }
        var profile: BandwidthProfile?
        let search = try Measurement(runs: runs) {
            profile = try model.searchBandwidth(BandwidthSearchSettings())
        }
        guard let profile else { return }
        let options: FitOptions = all ? .all : []
        var aicc = Double.nan
        let fit = try Measurement(runs: runs) {
            let result = try model.fit(bandwidth: profile.bandwidth, options: options)
            aicc = result.diagnostics.criteria.aicc
        }
        let memory = peakMemoryMebibytes()
        try report(
            Report(
                n: points.count,
                p: points.parameters,
                threads: threads,
                runs: runs,
                level: model.instructionSet.rawValue,
                prepareSeconds: preparing.median,
                searchSeconds: search.median,
                fitSeconds: fit.median,
                evaluated: profile.curve.count,
                bandwidth: Int(profile.bandwidth.value),
                state: profile.state.rawValue,
                aicc: aicc,
                aiccAt: try writeCoefficients(model),
                peakMemoryMebibytes: memory
            )
        )
    }

    private func writeCoefficients(_ model: GeographicallyWeightedRegression) throws -> Double? {
        guard let at else { return nil }
        let result = try model.fit(bandwidth: .adaptive(neighbours: at), options: [])
        if let coefficients {
            var text = ""
            for row in 0..<points.count {
                text += result.coefficients.map { "\($0[row])" }.joined(separator: ",") + "\n"
            }
            try Data(text.utf8).write(to: URL(fileURLWithPath: coefficients))
        }
        return result.diagnostics.criteria.aicc
    }
}
