import Coordination
import Foundation
import RunStore
import SimulationKit
import Testing
import Tiling

/// Whole clusters in virtual time, each from a seed.
///
/// `SECTILE_SIMULATION_SEED=n` replays one seed in every world; `SECTILE_SIMULATION_SEEDS=n` runs that
/// many.
struct SimulationTests {
    private static let environment = ProcessInfo.processInfo.environment

    private static var seeds: [UInt64] {
        if let text = environment["SECTILE_SIMULATION_SEED"], let seed = UInt64(text) {
            return [seed]
        }
        let count = environment["SECTILE_SIMULATION_SEEDS"].flatMap { Int($0) } ?? 40
        return (1...UInt64(max(1, count))).map { $0 }
    }

    /// Runs every seed in a world and returns what the runs logged.
    private func run(
        _ world: String,
        _ change: (inout SimulatedCluster.Options, inout SeededRandom) -> Void
    ) throws -> [RunFact.Name: Int] {
        var facts: [RunFact.Name: Int] = [:]
        for seed in Self.seeds {
            var random = SeededRandom(seed: seed ^ 0xC1A5)
            var options = SimulatedCluster.Options()
            change(&options, &random)
            var cluster = SimulatedCluster(seed: seed, options: options)
            try cluster.run()
            for (name, count) in cluster.factCounts { facts[name, default: 0] += count }
            guard cluster.violations.isEmpty else {
                Issue.record(
                    """
                    \(world): SECTILE_SIMULATION_SEED=\(seed), step \(cluster.stepCount)
                    \(cluster.violations.joined(separator: "\n"))
                    \(cluster.trace.suffix(60).joined(separator: "\n"))
                    """
                )
                return facts
            }
        }
        return facts
    }

    @Test func `a calm world finishes with every tile at its first attempt`() throws {
        let facts = try run("calm") { options, _ in
            options.network.delayMilliseconds = 0
        }
        #expect(facts[.leaseExpired] == nil)
        #expect(facts[.attemptFailed] == nil)
    }

    @Test func `a bad network only slows a run down`() throws {
        let facts = try run("network") { options, random in
            options.network.loss = Double.random(in: 0...0.3, using: &random)
            options.network.duplication = Double.random(in: 0...0.3, using: &random)
            options.network.longDelay = Double.random(in: 0...0.3, using: &random)
        }
        #expect(facts[.leaseExpired] ?? 0 > 0)
    }

    @Test func `cut connections in one or both directions lose nothing`() throws {
        let facts = try run("partitions") { options, random in
            options.partitionMilliseconds = random.integer(in: 200...1500)
        }
        #expect(facts[.workerLost] ?? 0 > 0)
        #expect(facts[.resultStale] ?? 0 > 0)
    }

    @Test func `killed workers cost their tiles in flight and nothing else`() throws {
        let facts = try run("worker kills") { options, random in
            options.workerKillMilliseconds = random.integer(in: 150...1500)
            options.workerCount = random.integer(in: 2...6)
        }
        #expect(facts[.workerLost] ?? 0 > 0)
    }

    @Test func `a coordinator killed at any point goes on where it was`() throws {
        let facts = try run("coordinator kills") { options, random in
            options.coordinatorKillMilliseconds = random.integer(in: 60...1500)
        }
        #expect(facts[.leaseAdopted] ?? 0 > 0)
    }

    @Test func `a coordinator that stood still takes nobody for dead`() throws {
        let facts = try run("stalls") { options, random in
            options.stallMilliseconds = random.integer(in: 300...1500)
        }
        #expect(facts[.coordinatorStalled] ?? 0 > 0)
        #expect(facts[.workerLost] == nil)
    }

    @Test func `disks that fill, fail and tear leave no torn tile`() throws {
        let facts = try run("disks") { options, random in
            options.disk.writeFailure = Double.random(in: 0...0.3, using: &random)
            options.disk.tear = Double.random(in: 0...0.3, using: &random)
            options.disk.journalFailure = Double.random(in: 0...0.5, using: &random)
        }
        #expect(facts[.resultRejected] ?? 0 > 0)
        #expect(facts[.journalFailed] ?? 0 > 0)
    }

    @Test func `everything at once still ends with the samples of a faultless run`() throws {
        let facts = try run("everything") { options, random in
            options.network.loss = Double.random(in: 0...0.15, using: &random)
            options.network.duplication = Double.random(in: 0...0.15, using: &random)
            options.network.longDelay = Double.random(in: 0...0.15, using: &random)
            options.disk.writeFailure = 0.05
            options.disk.tear = 0.05
            options.disk.journalFailure = 0.1
            options.workerCount = random.integer(in: 1...5)
            options.workerKillMilliseconds = random.integer(in: 300...2000)
            options.coordinatorKillMilliseconds = random.integer(in: 300...3000)
            options.partitionMilliseconds = random.integer(in: 300...2000)
            options.stallMilliseconds = random.integer(in: 500...4000)
            options.attemptFailure = 0.1
            options.unreadable = random.chance(0.5) ? [random.integer(in: 0...11)] : []
        }
        #expect(facts[.leaseAdopted] ?? 0 > 0)
        #expect(facts[.resultStale] ?? 0 > 0)
    }

    @Test func `the same seed gives the same run`() throws {
        var options = SimulatedCluster.Options()
        options.network.loss = 0.1
        options.workerKillMilliseconds = 500
        options.coordinatorKillMilliseconds = 700
        var first = SimulatedCluster(seed: 7, options: options)
        var second = SimulatedCluster(seed: 7, options: options)
        try first.run()
        try second.run()
        #expect(first.journal.entries == second.journal.entries)
        #expect(first.stepCount == second.stepCount)
    }
}
