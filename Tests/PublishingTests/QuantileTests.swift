import Testing

@testable import Publishing

@Suite struct QuantileTests {
    @Test func `a quantile is linear between neighbours`() {
        #expect(Quantile.of(sorted: [1, 2, 4], share: 0.5) == 2)
        #expect(Quantile.of(sorted: [1, 2, 4], share: 0.75) == 3)
        #expect(Quantile.of(sorted: [1, 2, 4], share: 0) == 1)
        #expect(Quantile.of(sorted: [1, 2, 4], share: 1) == 4)
        #expect(Quantile.of(sorted: [7], share: 0.3) == 7)
    }
}
