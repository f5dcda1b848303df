import Coordination
import Foundation
import RunStore
import SimulationKit
import Testing
import Tiling

/// Whole clusters in virtual time, each from a seed; `scripts/simulate` runs thousands.
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

    @Test(arguments: SimulatedWorld.quick)
    func `whatever goes wrong, a run ends with the samples and sums of a faultless one`(
        world: SimulatedWorld
    ) throws {
        var facts: [RunFact.Name: Int] = [:]
        var speculationCount = 0
        for seed in Self.seeds {
            let cluster = try world.run(seed: seed)
            for (name, count) in cluster.factCounts { facts[name, default: 0] += count }
            speculationCount += cluster.speculationCount
            for fact in world.excludedFacts(seed: seed) {
                #expect(cluster.factCounts[fact] == nil, "\(fact), seed \(seed)")
            }
            guard cluster.violations.isEmpty else {
                Issue.record(
                    """
                    scripts/simulate --world \(world.rawValue) --start \(seed) --seeds 1
                    \(cluster.violations.joined(separator: "\n"))
                    \(cluster.trace.suffix(60).joined(separator: "\n"))
                    """
                )
                return
            }
        }
        guard Self.seeds.count > 1 else { return }
        for fact in world.expectedFacts { #expect(facts[fact] ?? 0 > 0, "\(fact)") }
        // Three in a hundred units are slow in every world.
        #expect(speculationCount > 0)
    }

    @Test func `an hour at a real pace ends as it should, and what is remembered stays bounded`()
        throws
    {
        var facts: [RunFact.Name: Int] = [:]
        for seed in UInt64(1)...3 {
            var cluster = SimulatedCluster(
                seed: seed,
                options: SimulatedWorld.dayOptions(hours: 1)
            )
            try cluster.run()
            #expect(cluster.violations.isEmpty, "seed \(seed): \(cluster.violations)")
            for (name, count) in cluster.factCounts { facts[name, default: 0] += count }
        }
        for fact in SimulatedWorld.day.expectedFacts { #expect(facts[fact] ?? 0 > 0, "\(fact)") }
    }

    @Test func `a worker that computes wrongly is found out and its work is done again`() throws {
        var clearedCount = 0
        for seed in 1...UInt64(30) {
            let cluster = try SimulatedWorld.wrongResults.run(seed: seed)
            #expect(cluster.violations.isEmpty, "seed \(seed)")
            clearedCount += cluster.clearedCount
        }
        #expect(clearedCount > 0)
    }

    @Test func `the same seed gives the same run`() throws {
        let first = try SimulatedWorld.everything.run(seed: 7)
        let second = try SimulatedWorld.everything.run(seed: 7)
        #expect(first.journal.entries == second.journal.entries)
        #expect(first.stepCount == second.stepCount)
    }

    @Test(arguments: [UInt64(1), 2, 3, 4, 5])
    func `clocks on the wall decide nothing`(seed: UInt64) throws {
        var options = SimulatedWorld.everything.options(seed: seed)
        var wild = SimulatedCluster(seed: seed, options: options)
        options.hasWildWallClocks = false
        var sane = SimulatedCluster(seed: seed, options: options)
        try wild.run()
        try sane.run()
        #expect(wild.journal.entries.map(\.record) == sane.journal.entries.map(\.record))
        #expect(wild.journal.entries != sane.journal.entries)
    }
}
