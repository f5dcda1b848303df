import Coordination
import SimulationKit
import Testing

struct RankSetTests {
    @Test(arguments: [1, 63, 64, 65, 4096, 5000, 300_000])
    func `the least member is that of a plain set`(capacity: Int) {
        var random = SeededRandom(seed: UInt64(capacity))
        var ranks = RankSet(capacity: capacity)
        var plain: Set<Int> = []
        for _ in 0..<500 {
            let rank = random.integer(in: 0...capacity - 1)
            if plain.remove(rank) != nil {
                ranks.remove(rank)
            } else {
                plain.insert(rank)
                ranks.insert(rank)
            }
            let start = random.integer(in: 0...capacity - 1)
            #expect(ranks.first() == plain.min())
            #expect(ranks.first(from: start) == plain.filter { $0 >= start }.min())
            #expect(ranks.count == plain.count)
        }
    }

    @Test func `an empty set has no first member`() {
        #expect(RankSet(capacity: 0).first() == nil)
        #expect(RankSet(capacity: 100).first(from: 99) == nil)
    }
}
