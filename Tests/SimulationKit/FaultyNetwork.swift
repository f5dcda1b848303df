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

    private struct Cut: Hashable {
        var worker: Int
        var direction: Direction
    }

    /// How bad it is at present.
    package var options: Options
    private var cuts: Set<Cut> = []

    /// A network.
    package init(options: Options) {
        self.options = options
    }

    /// Cuts a worker off in one direction.
    package mutating func cut(_ worker: Int, _ direction: Direction) {
        cuts.insert(Cut(worker: worker, direction: direction))
    }

    /// Connects a worker again in both directions.
    package mutating func heal(_ worker: Int) {
        for direction in Direction.allCases {
            cuts.remove(Cut(worker: worker, direction: direction))
        }
    }

    /// When the copies of a message arrive, milliseconds from now; none when it is lost.
    package func delays(
        worker: Int,
        _ direction: Direction,
        using random: inout SeededRandom
    ) -> [Int] {
        guard !cuts.contains(Cut(worker: worker, direction: direction)),
            !random.chance(options.loss)
        else { return [] }
        let copies = random.chance(options.duplication) ? 2 : 1
        return (0..<copies).map { _ in
            let limit =
                random.chance(options.longDelay)
                ? options.longDelayMilliseconds : options.delayMilliseconds
            return random.integer(in: 0...max(0, limit))
        }
    }
}
