package import Coordination

/// What a network does to messages, drawn from a seed.
///
/// It loses, delays, doubles and reorders them, and cuts single workers off, also in one direction only.
package struct FaultyNetwork: Sendable {
    /// How bad it is.
    package struct Options: Sendable, Hashable {
        /// Probability that a message is lost.
        package var loss = 0.0
        /// Probability that it arrives twice.
        package var duplication = 0.0
        /// Probability that it takes up to ``longDelayMilliseconds``, overtaken by later ones.
        package var longDelay = 0.0
        /// The longest usual delay, milliseconds.
        package var delayMilliseconds = 2
        /// The longest delay of all, milliseconds.
        package var longDelayMilliseconds = 400

        /// A network without faults.
        package init() {}
    }

    /// A direction, as seen from the worker.
    package enum Direction: Sendable, Hashable, CaseIterable {
        /// From the worker to the coordinator.
        case outward
        /// From the coordinator to the worker.
        case inward
    }

    private struct Way: Hashable {
        var worker: Int
        var direction: Direction
    }

    /// How bad it is at present.
    package var options: Options
    private var cuts: Set<Way> = []
    /// When the latest message that kept its place arrives, by worker and direction.
    private var arrivals: [Way: MonotonicInstant] = [:]

    /// A network.
    package init(options: Options) {
        self.options = options
    }

    /// Cuts a worker off in one direction.
    package mutating func cut(_ worker: Int, _ direction: Direction) {
        cuts.insert(Way(worker: worker, direction: direction))
    }

    /// Connects a worker again in both directions.
    package mutating func heal(_ worker: Int) {
        for direction in Direction.allCases {
            cuts.remove(Way(worker: worker, direction: direction))
        }
    }

    /// True while a worker is cut off in some direction, so that no connection comes about.
    package func isCut(_ worker: Int) -> Bool {
        Direction.allCases.contains { cuts.contains(Way(worker: worker, direction: $0)) }
    }

    /// When the copies of a message arrive, milliseconds from now; none when it is lost.
    ///
    /// They keep the order of a connection, save those with a long delay.
    package mutating func delays(
        worker: Int,
        _ direction: Direction,
        at now: MonotonicInstant,
        using random: inout SeededRandom
    ) -> [Int] {
        let way = Way(worker: worker, direction: direction)
        guard !cuts.contains(way), !random.chance(options.loss) else { return [] }
        let copies = random.chance(options.duplication) ? 2 : 1
        return (0..<copies).map { _ in
            if random.chance(options.longDelay) {
                return random.integer(in: 0...max(0, options.longDelayMilliseconds))
            }
            let usual = random.integer(in: 0...max(0, options.delayMilliseconds))
            let delay = max(usual, arrivals[way]?.milliseconds(since: now) ?? 0)
            arrivals[way] = now.advanced(byMilliseconds: delay)
            return delay
        }
    }
}
