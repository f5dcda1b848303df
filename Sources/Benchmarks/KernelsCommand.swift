import ArgumentParser
import Regression

/// The command `Benchmarks kernels`.
struct KernelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kernels",
        abstract: "The kernels of every instruction-set level against the machine's own peak.",
        discussion: """
            One core, a dense grid, every neighbourhood given. Fused multiply-adds are counted as \
            p (p + 1) per neighbour and moment set: one set for the moments, three for the sweep \
            over 32 bandwidths, two for the fit with standard errors.
            """
    )

    @Option(help: "Coefficients with the intercept.")
    var parameters = 8
    @Option(help: "Neighbours per location.")
    var neighbours = 500
    @Option(help: "Locations per run.")
    var locations = 4_000
    @Option(help: "Runs; the median counts.")
    var runs = 7

    /// What is printed.
    struct Report: Encodable {
        /// One instruction-set level.
        struct Level: Encodable {
            /// Name of the level.
            let level: String
            /// Fused multiply-adds of numbers per second, all in registers, in 10⁹.
            let peakGigaFMA: Double
            /// Neighbours per second, and share of the peak: the moments of one set.
            let momentNeighboursPerSecond, momentShare: Double
            /// The same of the sweep with everything in it.
            let sweepNeighboursPerSecond, sweepShare: Double
            /// The same of the fit with standard errors.
            let fitNeighboursPerSecond, fitShare: Double
            /// The same with condition number, inflation and proportions.
            let collinearityNeighboursPerSecond: Double
            /// Microseconds per location.
            let sweepMicroseconds, fitMicroseconds: Double
        }

        let parameters, neighbours, locations, runs: Int
        let levels: [Level]
    }

    func run() throws {
        let grid = DenseGrid(parameterCount: parameters, neighbourCount: neighbours, seed: 1)
        let levels = InstructionSet.available.map { level in
            // The baseline calls a library function per product: a tenth of the work is enough.
            KernelMeasurement(
                grid: grid,
                level: level,
                locations: level == .baseline ? max(1, locations / 20) : locations,
                runs: runs
            ).result()
        }
        try report(
            Report(
                parameters: parameters,
                neighbours: neighbours,
                locations: locations,
                runs: runs,
                levels: levels
            )
        )
    }
}

/// The kernels of one level, measured one after another.
private struct KernelMeasurement {
    let grid: DenseGrid
    let level: InstructionSet
    let locations: Int
    let runs: Int

    func result() -> KernelsCommand.Report.Level {
        // The peak first and last: the processor's clock moves, the better one is the yardstick.
        let peak = peakPerSecond()
        let moments = neighboursPerSecond { momentPass() }
        let sweep = neighboursPerSecond(body: sweepPass())
        let fit = neighboursPerSecond(body: fitPass(includesCollinearity: false))
        let collinearity = neighboursPerSecond(body: fitPass(includesCollinearity: true))
        let yardstick = max(peak, peakPerSecond())
        let products = Double(grid.parameterCount * (grid.parameterCount + 1))
        let microseconds = 1e6 * Double(grid.neighbourCount)
        return KernelsCommand.Report.Level(
            level: level.rawValue,
            peakGigaFMA: yardstick / 1e9,
            momentNeighboursPerSecond: moments,
            momentShare: moments * products / yardstick,
            sweepNeighboursPerSecond: sweep,
            sweepShare: 3 * sweep * products / yardstick,
            fitNeighboursPerSecond: fit,
            fitShare: 2 * fit * products / yardstick,
            collinearityNeighboursPerSecond: collinearity,
            sweepMicroseconds: microseconds / sweep,
            fitMicroseconds: microseconds / fit
        )
    }

    private func neighboursPerSecond(body: () -> Void) -> Double {
        body()
        return Double(locations * grid.neighbourCount) / Measurement(runs: runs, body).median
    }

    private func peakPerSecond() -> Double {
        let kernels = unsafe KernelSet.of(level)
        let factors = AlignedBuffer(
            Array(repeating: 0.999_999, count: 8) + Array(repeating: 1e-6, count: 8)
        )
        let chains = AlignedBuffer(Array(repeating: 1, count: 96))
        let iterations = level == .baseline ? 50_000 : 2_000_000
        // Fewer chains suit sixteen short registers, more suit thirty-two long ones.
        let rates = [(false, 6.0), (true, 12.0)].map { isWide, count in
            let taken = Measurement(runs: runs) {
                unsafe kernels.multiplyAddChains(
                    isWide,
                    iterations,
                    factors.vectors,
                    chains.vectors
                )
            }
            return 8 * count * Double(iterations) / taken.least
        }
        return max(rates[0], rates[1])
    }

    /// One moment set of a neighbourhood, rows in cache as in every use of the kernel.
    private func momentPass() {
        let p = grid.parameterCount
        let kernels = unsafe KernelSet.of(level)
        let sums = AlignedBuffer(scalarCount: 8 * (p + 1) * ((p + 7) / 8))
        let bounds = AlignedBuffer(scalarCount: 8)
        unsafe bounds.counts[1] = grid.neighbourCount
        for _ in 0..<locations {
            unsafe kernels.accumulateMoments(
                p,
                grid.rows,
                grid.responses,
                grid.weights,
                bounds.counts,
                1,
                sums.vectors,
                true,
                nil,
                grid.weights,
                true
            )
        }
    }

    private func sweepPass() -> () -> Void {
        let candidates = (1...32).map { step in
            Bandwidth.adaptive(
                neighbours: max(grid.parameterCount + 2, grid.neighbourCount * step / 32)
            )
        }
        let sweep = NeighbourhoodSweep(
            parameterCount: grid.parameterCount,
            variances: grid.variances,
            kernel: .bisquare,
            instructionSet: level,
            candidates: candidates,
            bufferDistance: nil
        )
        return { unsafe grid.forEachLocation(count: locations) { unsafe sweep.evaluate($0) } }
    }

    private func fitPass(includesCollinearity: Bool) -> () -> Void {
        let fit = NeighbourhoodFit(
            parameterCount: grid.parameterCount,
            variances: grid.variances,
            scales: Array(repeating: 1, count: grid.parameterCount - 1),
            kernel: .bisquare,
            instructionSet: level
        )
        let reach = grid.reach
        return {
            unsafe grid.forEachLocation(count: locations) { neighbourhood in
                let failure = unsafe fit.fit(
                    neighbourhood,
                    bandwidth: reach,
                    includesCollinearity: includesCollinearity
                )
                precondition(failure == nil, "a dense grid fits everywhere, not \(failure as Any)")
            }
        }
    }
}
