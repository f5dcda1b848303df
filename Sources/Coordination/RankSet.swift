/// A set of small integers that finds its least member fast: the tiles still to be leased, by rank.
///
/// Words of 64 bits in levels, each bit of a level telling whether a word of the level below has any;
/// a million tiles take 128 KiB, and every operation touches four words.
package struct RankSet: Sendable {
    private var levels: [[UInt64]]
    /// Members come from `0..<capacity`.
    package let capacity: Int
    /// Number of members.
    package private(set) var count = 0

    /// An empty set for members in `0..<capacity`.
    package init(capacity: Int) {
        self.capacity = capacity
        levels = []
        var words = capacity
        repeat {
            words = (words + 63) / 64
            levels.append([UInt64](repeating: 0, count: max(1, words)))
        } while words > 1
    }

    /// True when there is no member.
    package var isEmpty: Bool { count == 0 }

    /// True when `rank` is a member.
    package func contains(_ rank: Int) -> Bool {
        levels[0][rank / 64] & (1 << UInt64(rank % 64)) != 0
    }

    /// Adds a member that is not there yet.
    package mutating func insert(_ rank: Int) {
        precondition((0..<capacity).contains(rank) && !contains(rank), "rank \(rank) is in the set")
        count += 1
        var position = rank
        for level in levels.indices {
            levels[level][position / 64] |= 1 << UInt64(position % 64)
            position /= 64
        }
    }

    /// Removes a member that is there.
    package mutating func remove(_ rank: Int) {
        precondition(
            (0..<capacity).contains(rank) && contains(rank),
            "rank \(rank) is not in the set"
        )
        count -= 1
        var position = rank
        for level in levels.indices {
            levels[level][position / 64] &= ~(1 << UInt64(position % 64))
            if levels[level][position / 64] != 0 { return }
            position /= 64
        }
    }

    /// The least member that is at least `rank`, nil when there is none.
    package func first(from rank: Int = 0) -> Int? {
        var level = 0
        var position = rank
        while level < levels.count {
            let index = position / 64
            guard index < levels[level].count else { return nil }
            let rest = levels[level][index] & (UInt64.max << UInt64(position % 64))
            if rest != 0 {
                var found = index * 64 + rest.trailingZeroBitCount
                for lower in (0..<level).reversed() {
                    found = found * 64 + levels[lower][found].trailingZeroBitCount
                }
                return found
            }
            position = index + 1
            level += 1
        }
        return nil
    }
}
