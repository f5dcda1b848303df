import Regression
import Testing

/// The rings in which neighbours of a lattice come.
struct LatticeShellsTests {
    // Neighbours within the rings at 0, 1, √2, 2, √5, √8, 3: 1, 5, 9, 13, 21, 25, 29.
    private let shells = LatticeShells(spacing: 5)

    @Test(
        arguments: [(1, 5), (2, 9), (5, 9), (6, 13), (13, 21), (14, 25), (21, 25)]
            as [(Double, Double)]
    )
    func `a count is within a ring of a smallest one through the next ring's end`(
        bound: Double,
        end: Double
    ) {
        #expect(shells.end(ofLowerBound: bound, isAdaptive: true) == end)
    }

    @Test(
        arguments: [(29, 22), (26, 22), (25, 14), (22, 14), (21, 10), (9, 2)] as [(Double, Double)]
    )
    func `a count is within a ring of a largest one from the ring before that on`(
        bound: Double,
        start: Double
    ) {
        #expect(shells.start(ofUpperBound: bound, isAdaptive: true) == start)
    }

    @Test
    func `distances go by the rings' distances`() {
        #expect(shells.end(ofLowerBound: 5, isAdaptive: false) == 5 * 2.0.squareRoot())
        #expect(shells.end(ofLowerBound: 6, isAdaptive: false) == 10)
        #expect(shells.start(ofUpperBound: 15, isAdaptive: false) == 5 * 5.0.squareRoot())
    }

    @Test
    func `a minimum one ring above the smallest count is the bound, two rings above an optimum`()
        throws
    {
        /// A curve that falls to a count and rises again.
        func profile(minimum: Int, range: ClosedRange<Int>) throws -> BandwidthProfile {
            let schedule = BandwidthSchedule(
                criterion: .aicc,
                isAdaptive: true,
                range: .init(
                    minimum: Double(range.lowerBound),
                    maximum: Double(range.upperBound),
                    limit: Double(range.upperBound)
                ),
                bufferDistance: nil,
                exhaustiveLimit: 128,
                ratio: 1.02,
                refinedMinima: 3,
                shells: shells
            )
            let scores = range.map { count in
                CandidateScore(
                    bandwidth: .adaptive(neighbours: count),
                    locationCount: 1000,
                    rss: 1000 + Double((count - minimum) * (count - minimum)),
                    traceS: 20,
                    squaredLeaveOneOutErrors: 1,
                    squaredBufferedErrors: nil,
                    hasBuffer: false,
                    failureCount: 0
                )
            }
            guard case .finished(let profile) = try schedule.next(after: scores) else {
                throw RegressionError(.noAdmissibleBandwidth, "every count was scored")
            }
            return profile
        }
        // 54 lies in the ring through 57, the next one ends with 61.
        #expect(try profile(minimum: 61, range: 54...120).state == .lowerBound)
        #expect(try profile(minimum: 62, range: 54...120).state == .interior)
        // 100 lies in the ring 98 to 101, before it comes 90 to 97.
        #expect(try profile(minimum: 90, range: 54...100).state == .upperBound)
        #expect(try profile(minimum: 89, range: 54...100).state == .interior)
    }
}
