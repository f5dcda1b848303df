private import Synchronization

/// A log that counts what it passes on.
package final class FactCounter: RunLog {
    private let next: any RunLog
    private let tally = Mutex(FactCounts())

    /// A counter in front of a log.
    package init(passingOnTo next: any RunLog) { self.next = next }

    /// What has passed so far.
    package var counts: FactCounts { tally.withLock { $0 } }

    /// Counts a fact and passes it on.
    package func record(_ fact: RunFact) {
        tally.withLock { $0.add(fact) }
        next.record(fact)
    }
}
