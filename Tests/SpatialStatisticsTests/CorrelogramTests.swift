import SpatialStatistics
import Testing

struct CorrelogramTests {
    /// A line of points one apart.
    private func line(_ values: [Double], classes: Int) throws -> Correlogram {
        try Correlogram(
            values: values,
            classWidth: 1,
            classCount: classes,
            countsBothDirections: false
        ) { add in
            for first in values.indices {
                for second in values.indices.dropFirst(first + 1) {
                    add(first, second, Double(second - first) - 0.5)
                }
            }
        }
    }

    @Test func `neighbours that alternate are as unlike as can be`() throws {
        let correlogram = try line([1, -1, 1, -1, 1, -1, 1, -1], classes: 3)
        #expect(correlogram.classes.map(\.pairCount) == [7, 6, 5])
        #expect(correlogram.classes.map(\.correlation) == [-1, 1, -1])
        #expect(correlogram.range == 0)
        #expect(correlogram.effectiveObservationCount == 8)
    }

    @Test func `the effective number follows from pairs and correlations`() throws {
        // Deviations 1 1 1 1 −1 −1 −1 −1, variance 1: six of seven adjacent pairs agree.
        let correlogram = try line([3, 3, 3, 3, 1, 1, 1, 1], classes: 8)
        #expect(abs(correlogram.classes[0].correlation - 5.0 / 7) < 1e-15)
        #expect(abs(correlogram.classes[1].correlation - 2.0 / 6) < 1e-15)
        #expect(abs(correlogram.classes[2].correlation + 1.0 / 5) < 1e-15)
        #expect(correlogram.range == 2)
        #expect(abs(correlogram.effectiveObservationCount - 8 / (1 + 2.0 / 8 * 7)) < 1e-12)
        #expect(!correlogram.reachesLastClass)
    }

    @Test func `a correlation that never ends is said to`() throws {
        let correlogram = try line([3, 3, 3, 3, 1, 1, 1, 1], classes: 2)
        #expect(correlogram.reachesLastClass)
        #expect(correlogram.range == nil)
    }

    @Test func `pairs that come twice count once`() throws {
        let values = [0.5, 2, -1, 4, 3, 0]
        let once = try line(values, classes: 4)
        let twice = try Correlogram(
            values: values,
            classWidth: 1,
            classCount: 4,
            countsBothDirections: true
        ) { add in
            for first in values.indices {
                for second in values.indices where second != first {
                    add(first, second, Double(abs(second - first)) - 0.5)
                }
            }
        }
        for (one, other) in zip(once.classes, twice.classes) {
            #expect(one.pairCount == other.pairCount)
            #expect(abs(one.correlation - other.correlation) < 1e-14)
        }
    }

    @Test func `values that do not differ have no correlogram`() {
        #expect(throws: SpatialStatisticsError.self) { _ = try line([2, 2, 2, 2], classes: 2) }
        #expect(throws: SpatialStatisticsError.self) { _ = try line([2, .nan, 3], classes: 2) }
    }
}
