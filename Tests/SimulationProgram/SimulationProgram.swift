import ArgumentParser
import Coordination
import Foundation
import SimulationKit

/// Runs clusters in virtual time from seeds, for as many seeds as one likes.
@main
struct SimulationProgram: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Runs clusters in virtual time, each from a seed, and checks every promise."
    )

    @Option(help: "Seeds for each world.")
    var seeds = 1000

    @Option(help: "The first seed.")
    var start: UInt64 = 1

    @Option(help: "One world instead of all but the day; a wrong name lists them.")
    var world: SimulatedWorld?

    @Option(help: "Threads.")
    var jobs = ProcessInfo.processInfo.activeProcessorCount

    @Flag(help: "Prints the last happenings of a seed that fails.")
    var trace = false

    func validate() throws {
        guard seeds >= 1, jobs >= 1, start <= UInt64.max - UInt64(seeds) else {
            throw ValidationError("--seeds and --jobs are at least 1")
        }
    }

    func run() async throws {
        var failures: [Failure] = []
        for world in world.map({ [$0] }) ?? SimulatedWorld.quick {
            let tally = try await run(world)
            failures += tally.failures
            print(
                "\(world.rawValue): \(tally.seeds) seeds, \(tally.steps) steps, "
                    + "\(tally.restarts) restarts of the coordinator, "
                    + "\(tally.failures.count) failed"
            )
        }
        for failure in failures.prefix(20) {
            print(
                "FAILED: scripts/simulate --trace --world \(failure.world.rawValue)"
                    + " --start \(failure.seed) --seeds 1"
            )
            for line in failure.lines { print("  \(line)") }
        }
        if !failures.isEmpty { throw ExitCode.failure }
    }

    private struct Failure: Sendable {
        var world: SimulatedWorld
        var seed: UInt64
        var lines: [String]
    }

    private struct Tally: Sendable {
        var seeds = 0
        var steps = 0
        var restarts = 0
        var failures: [Failure] = []
    }

    private func run(_ world: SimulatedWorld) async throws -> Tally {
        let (jobs, start, seeds, trace) = (UInt64(jobs), start, UInt64(seeds), trace)
        return try await withThrowingTaskGroup(of: Tally.self) { group in
            for job in 0..<jobs {
                group.addTask {
                    var tally = Tally()
                    for seed in stride(from: start + job, to: start + seeds, by: Int(jobs)) {
                        let cluster = try world.run(seed: seed)
                        tally.seeds += 1
                        tally.steps += cluster.stepCount
                        tally.restarts += cluster.restartCount
                        guard !cluster.violations.isEmpty else { continue }
                        let happenings = trace ? cluster.trace.suffix(80) : []
                        tally.failures.append(
                            Failure(
                                world: world,
                                seed: seed,
                                lines: Array(cluster.violations.prefix(5) + happenings)
                            )
                        )
                    }
                    return tally
                }
            }
            return try await group.reduce(into: Tally()) { sum, part in
                sum.seeds += part.seeds
                sum.steps += part.steps
                sum.restarts += part.restarts
                sum.failures += part.failures
            }
        }
    }
}

extension SimulatedWorld: ExpressibleByArgument {}
