import Testing

@testable import Publishing

@Suite struct ExactQuantilesTests {
    /// Values of all signs and sizes, with ties and gaps, from a seed.
    private func values(_ count: Int, seed: UInt64) -> [Double] {
        var state = seed
        return (0..<count).map { index in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let share = Double(state >> 11) * 0x1p-53
            switch index % 5 {
            case 0: return share - 0.5
            case 1: return (share * 8).rounded() - 4
            case 2: return share * 1e-300
            case 3: return -share * 1e12
            default: return index.isMultiple(of: 10) ? .nan : -0.0
            }
        }
    }

    private let shares = [0, 0.25, 0.5, 0.75, 1, 0.1, 0.999]

    @Test(arguments: [1, 7, 1 << 20])
    func `quantiles are those of the sorted values, however few may be held`(limit: Int) {
        for (count, seed) in [(1, UInt64(1)), (2, 2), (5, 3), (1000, 4), (4099, 5)] {
            let values = values(count, seed: seed)
            let sorted = values.filter { !$0.isNaN }.sorted()
            let found = ExactQuantiles(sortableCount: limit).quantiles(shares) { visit in
                for value in values { visit(value) }
            }
            let expected = shares.map { Quantile.of(sorted: sorted, share: $0) }
            #expect(found == expected, "seed \(seed)")
        }
    }

    @Test func `there are no quantiles of nothing`() {
        let found = ExactQuantiles().quantiles([0.5]) { visit in visit(.nan) }
        #expect(found.isEmpty)
    }
}
