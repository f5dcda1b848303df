package import Coordination

/// A kind of trouble; each seed makes one cluster of it.
package enum SimulatedWorld: String, Sendable, CaseIterable {
    /// Nothing goes wrong.
    case calm
    /// Messages are lost, doubled, delayed and overtaken.
    case network
    /// Workers are cut off, also in one direction only.
    case partitions
    /// Workers are killed at any moment.
    case workerKills
    /// Workers die between writing an object and reporting it, or just after.
    case crashedReports
    /// The coordinator is killed at any moment, also between two of its actions.
    case coordinatorKills
    /// The coordinator stands still, and in every other cluster workers do, too.
    case stalls
    /// A worker fails whatever it is given, and others fail now and then.
    case failures
    /// Disks fill up, fail, and tear what is written.
    case disks
    /// A worker computes wrongly now and then, and others are slow or cut off.
    case wrongResults
    /// Operators pause, resume, cancel, drain and retry, and workers are killed.
    case `operator`
    /// Committed objects are lost and changed.
    case rot
    /// All of it at once but wrong results, operators and rot, so that no commit may be taken back, and the
    /// worker that fails everything.
    case everything
    /// A day at the pace of a real cluster, with some trouble each hour.
    case day

    /// All worlds in which a run takes little time.
    package static let quick = allCases.filter { $0 != .day }

    /// What goes wrong in the cluster of a seed.
    package func options(seed: UInt64) -> SimulatedCluster.Options {
        var random = SeededRandom(seed: seed ^ 0xC1A5)
        var options = SimulatedCluster.Options()
        options.hasWildWallClocks = true
        switch self {
        case .calm: options.network.delayMilliseconds = 0
        case .network:
            options.network.loss = random.fraction(to: 0.3)
            options.network.duplication = random.fraction(to: 0.3)
            options.network.longDelay = random.fraction(to: 0.3)
        case .partitions: options.partitionMilliseconds = random.integer(in: 200...1500)
        case .workerKills:
            options.workerKillMilliseconds = random.integer(in: 150...1500)
            options.workerCount = random.integer(in: 2...6)
        case .crashedReports: options.crashAtReport = random.fraction(to: 0.3)
        case .coordinatorKills:
            options.coordinatorKillMilliseconds = random.integer(in: 60...1500)
        case .stalls:
            options.stallMilliseconds = random.integer(in: 300...1500)
            if seed % 2 == 0 { options.workerStallMilliseconds = random.integer(in: 300...1500) }
        case .failures:
            options.firstWorkerFailure = 1
            options.attemptFailure = random.fraction(to: 0.2)
            options.workerCount = random.integer(in: 2...4)
        case .disks:
            options.disk.writeFailure = random.fraction(to: 0.3)
            options.disk.tear = random.fraction(to: 0.3)
            options.disk.journalFailure = random.fraction(to: 0.5)
            options.fillMilliseconds = random.integer(in: 300...3000)
        case .wrongResults:
            options.wrongResult = 0.2 + random.fraction(to: 0.8)
            options.workerCount = random.integer(in: 4...6)
            options.network.loss = random.fraction(to: 0.2)
            options.partitionMilliseconds = random.integer(in: 200...1000)
            options.coordinatorKillMilliseconds =
                random.chance(0.5) ? random.integer(in: 300...3000) : nil
        case .operator:
            options.operatorMilliseconds = random.integer(in: 60...300)
            options.unreadable = [random.integer(in: 0...11)]
            options.network.loss = random.fraction(to: 0.1)
            options.coordinatorKillMilliseconds =
                random.chance(0.3) ? random.integer(in: 300...3000) : nil
            options.workerKillMilliseconds = random.integer(in: 300...2000)
        case .rot:
            options.rotMilliseconds = random.integer(in: 50...400)
            options.network.loss = random.fraction(to: 0.1)
            options.coordinatorKillMilliseconds =
                random.chance(0.3) ? random.integer(in: 300...3000) : nil
        case .everything: Self.everything(&options, &random)
        case .day: return Self.dayOptions(hours: 24)
        }
        return options
    }

    /// What goes wrong in world ``day``, or in the beginning of it: each worker is killed once in a hundred
    /// minutes.
    ///
    /// - Parameter hours: about how long the work takes and things go wrong.
    /// - Returns: options at a real pace.
    package static func dayOptions(hours: Int) -> SimulatedCluster.Options {
        let hour = 3_600_000
        var options = SimulatedCluster.Options()
        options.hasWildWallClocks = true
        options.pace = .real
        options.workerCount = 4
        // Six slots and 70 s for a unit make 300 units an hour; there are four rounds.
        options.tileRows = 3 * hours
        options.tileColumns = 22
        options.network.loss = 0.001
        options.network.longDelay = 0.001
        options.disk.writeFailure = 0.001
        options.disk.tear = 0.001
        options.attemptFailure = 0.001
        options.workerKillMilliseconds = 100 * 60_000 / options.workerCount
        options.coordinatorKillMilliseconds = 2 * hour
        options.partitionMilliseconds = hour / 2
        options.stallMilliseconds = hour
        options.workerStallMilliseconds = hour / 2
        options.calmAfterMilliseconds = hours * hour
        options.limitMilliseconds = (2 * hours + 6) * hour
        options.checkInterval = 100
        options.boundsMemory = true
        return options
    }

    private static func everything(
        _ options: inout SimulatedCluster.Options,
        _ random: inout SeededRandom
    ) {
        options.network.loss = random.fraction(to: 0.15)
        options.network.duplication = random.fraction(to: 0.15)
        options.network.longDelay = random.fraction(to: 0.15)
        options.disk.writeFailure = 0.05
        options.disk.tear = 0.05
        options.disk.journalFailure = 0.1
        options.workerCount = random.integer(in: 1...5)
        options.workerKillMilliseconds = random.integer(in: 300...2000)
        options.coordinatorKillMilliseconds = random.integer(in: 300...3000)
        options.partitionMilliseconds = random.integer(in: 300...2000)
        options.stallMilliseconds = random.integer(in: 500...4000)
        options.workerStallMilliseconds = random.integer(in: 500...4000)
        options.fillMilliseconds = random.integer(in: 1000...8000)
        options.crashAtReport = random.fraction(to: 0.1)
        options.attemptFailure = 0.1
        options.unreadable = random.chance(0.5) ? [random.integer(in: 0...11)] : []
    }

    /// Runs the cluster of a seed to its end.
    ///
    /// - Returns: the cluster; its violations are empty when all promises held.
    /// - Throws: what the reduction of simulated work throws, which is nothing.
    package func run(seed: UInt64) throws -> SimulatedCluster {
        var cluster = SimulatedCluster(seed: seed, options: options(seed: seed))
        try cluster.run()
        return cluster
    }

    /// The facts that some seeds of this world must lead to, or it tests nothing.
    package var expectedFacts: [RunFact.Name] {
        switch self {
        case .calm: [.leaseRevoked]
        case .network: [.leaseExpired]
        case .partitions: [.workerLost, .resultStale]
        case .workerKills, .crashedReports: [.workerLost]
        case .coordinatorKills: [.leaseAdopted]
        case .stalls: [.coordinatorStalled, .workerLost]
        case .failures: [.attemptFailed, .workerBenched]
        case .disks: [.resultRejected, .journalFailed]
        case .wrongResults: [.resultConflict, .resultArbitrated, .workerDistrusted]
        case .operator:
            [.runPaused, .workerDraining, .workerLost, .tileRequeued, .stageInvalidated]
        case .rot: [.objectLost]
        case .everything: [.leaseAdopted, .resultStale]
        case .day: [.workerLost]
        }
    }

    /// The facts that a seed of this world may not lead to.
    package func excludedFacts(seed: UInt64) -> [RunFact.Name] {
        switch self {
        case .calm: [.leaseExpired, .attemptFailed]
        // The silence of workers was the coordinator's own, unless they stood still themselves.
        case .stalls: options(seed: seed).workerStallMilliseconds == nil ? [.workerLost] : []
        default: []
        }
    }
}

extension SeededRandom {
    /// A number from 0 to below a limit.
    mutating func fraction(to limit: Double) -> Double {
        Double.random(in: 0..<limit, using: &self)
    }
}
