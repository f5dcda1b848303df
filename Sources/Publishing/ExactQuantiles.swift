/// Quantiles of any number of values that are too many to hold: exact, in bounded memory.
///
/// Values are read several times. Each pass counts values by 16 more bits of their bit patterns, whose
/// order is that of the values, until those that can hold the wanted ranks are few enough to be
/// sorted: two passes for a few million values, five at most. Memory: about 10 MB.
struct ExactQuantiles {
    /// Values that may be held and sorted at once.
    private let sortableCount: Int
    private static let bitsPerPass = 16

    /// A search that sorts at most so many values.
    init(sortableCount: Int = 1 << 20) {
        self.sortableCount = max(1, sortableCount)
    }

    /// A value's place in the order of all values: unsigned integers sort as the numbers do.
    private static func key(_ value: Double) -> UInt64 {
        let bits = value.bitPattern
        return bits >> 63 == 0 ? bits | 1 << 63 : ~bits
    }

    private static func value(_ key: UInt64) -> Double {
        Double(bitPattern: key >> 63 == 1 ? key & ~(1 << 63) : ~key)
    }

    /// The values at shares 0…1 of the ascending order, linear between neighbours.
    ///
    /// Hyndman and Fan (1996), *The American Statistician* 50(4), definition 7.
    ///
    /// - Parameters:
    ///   - shares: as many as there are results.
    ///   - forEachValue: calls its argument with every value, the same ones each time; what is not
    ///     finite does not count.
    /// - Returns: one value for each share; empty without values.
    func quantiles(
        _ shares: [Double],
        of forEachValue: (_ visit: (Double) -> Void) throws -> Void
    ) rethrows -> [Double] {
        var first = Histogram()
        try forEachValue { value in
            guard value.isFinite else { return }
            first.add(Int(Self.key(value) >> 48))
        }
        guard first.total > 0 else { return [] }
        let places = shares.map { max(0, min(1, $0)) * Double(first.total - 1) }
        let ranks = Set(
            places.flatMap { [Int($0), min(first.total - 1, Int($0) + 1)] }
        )
        var found: [Int: Double] = [:]
        var open = Self.branches(of: first, prefix: 0, ranks: ranks.sorted(), offset: 0)
        var bits = Self.bitsPerPass
        while !open.isEmpty {
            if bits == 64 {
                for branch in open {
                    for rank in branch.ranks { found[rank] = Self.value(branch.prefix) }
                }
                break
            }
            if open.reduce(0, { $0 + $1.count }) <= sortableCount {
                try sort(open, bits: bits, into: &found, forEachValue)
                break
            }
            open = try refined(open, bits: bits, forEachValue)
            bits += Self.bitsPerPass
        }
        return places.map { place in
            let lower = Int(place)
            let low = found[lower] ?? .nan
            let high = found[min(first.total - 1, lower + 1)] ?? low
            return low + (high - low) * (place - Double(lower))
        }
    }

    /// Values that share their first bits, with the ranks that lie among them.
    private struct Branch {
        let prefix: UInt64
        let ranks: [Int]
        /// Values below the branch.
        let offset: Int
        let count: Int
    }

    private struct Histogram {
        private(set) var counts = [Int](repeating: 0, count: 1 << ExactQuantiles.bitsPerPass)
        private(set) var total = 0

        mutating func add(_ bucket: Int) {
            counts[bucket] += 1
            total += 1
        }
    }

    private static func branches(
        of histogram: Histogram,
        prefix: UInt64,
        ranks: [Int],
        offset: Int
    ) -> [Branch] {
        var branches: [Branch] = []
        var below = offset
        var rest = ranks[...]
        for (bucket, count) in histogram.counts.enumerated() where count > 0 {
            let inside = rest.prefix { $0 < below + count }
            if !inside.isEmpty {
                branches.append(
                    Branch(
                        prefix: prefix << UInt64(bitsPerPass) | UInt64(bucket),
                        ranks: Array(inside),
                        offset: below,
                        count: count
                    )
                )
                rest = rest.dropFirst(inside.count)
            }
            below += count
        }
        return branches
    }

    private func refined(
        _ open: [Branch],
        bits: Int,
        _ forEachValue: (_ visit: (Double) -> Void) throws -> Void
    ) rethrows -> [Branch] {
        var histograms = open.map { _ in Histogram() }
        let positions = Dictionary(
            uniqueKeysWithValues: open.enumerated().map { ($0.element.prefix, $0.offset) }
        )
        try forEachValue { value in
            guard value.isFinite else { return }
            let key = Self.key(value)
            guard let position = positions[key >> UInt64(64 - bits)] else { return }
            histograms[position].add(Int(key >> UInt64(48 - bits) & 0xffff))
        }
        return zip(open, histograms).flatMap { branch, histogram in
            Self.branches(
                of: histogram,
                prefix: branch.prefix,
                ranks: branch.ranks,
                offset: branch.offset
            )
        }
    }

    private func sort(
        _ open: [Branch],
        bits: Int,
        into found: inout [Int: Double],
        _ forEachValue: (_ visit: (Double) -> Void) throws -> Void
    ) rethrows {
        let positions = Dictionary(
            uniqueKeysWithValues: open.enumerated().map { ($0.element.prefix, $0.offset) }
        )
        var values = open.map { _ in [Double]() }
        try forEachValue { value in
            guard value.isFinite,
                let position = positions[Self.key(value) >> UInt64(64 - bits)]
            else { return }
            values[position].append(value)
        }
        for (branch, values) in zip(open, values) {
            let sorted = values.sorted()
            for rank in branch.ranks { found[rank] = sorted[rank - branch.offset] }
        }
    }
}
