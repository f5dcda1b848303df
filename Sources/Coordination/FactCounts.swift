package import Tiling

/// How often each fact passed, for metrics; takes the room of names × classes at most.
package struct FactCounts: Hashable, Sendable {
    private struct Kind: Hashable {
        var name: RunFact.Name
        var failureClass: FailureClass?
    }

    private var counts: [Kind: Int] = [:]
    /// Leases granted while another worker was slow with the unit.
    package private(set) var speculationCount = 0
    /// The longest time for which the coordinator's process stood still, seconds.
    package private(set) var longestStallSeconds = 0.0

    /// Nothing yet.
    package init() {}

    /// Counts a fact.
    package mutating func add(_ fact: RunFact) {
        counts[Kind(name: fact.name, failureClass: fact.failureClass), default: 0] += 1
        if fact.isSpeculative { speculationCount += 1 }
        if fact.name == .coordinatorStalled, let milliseconds = fact.durationMilliseconds {
            longestStallSeconds = max(longestStallSeconds, Double(milliseconds) / 1000)
        }
    }

    /// How often a fact passed, of all classes.
    package func count(of name: RunFact.Name) -> Int {
        counts.reduce(0) { $1.key.name == name ? $0 + $1.value : $0 }
    }

    /// How often a failure of a class passed.
    package func count(of name: RunFact.Name, _ failureClass: FailureClass) -> Int {
        counts[Kind(name: name, failureClass: failureClass)] ?? 0
    }
}
