import Regression
import Testing

/// What theory says must not change, or must change in a known way; seeds in the arguments.
struct PropertyTests {
    private let search = BandwidthSearchSettings()

    private func expectSameFit(
        _ a: RegressionResult,
        _ b: RegressionResult,
        tolerance: Double
    ) {
        for term in a.termNames.indices {
            #expect(
                largestDifferenceOfLargest(a.coefficients[term], b.coefficients[term]) < tolerance
            )
            #expect(
                largestDifferenceOfLargest(a.standardErrors[term], b.standardErrors[term])
                    < tolerance
            )
        }
        #expect(largestDifferenceOfLargest(a.influence, b.influence) < tolerance)
        #expect(largestDifferenceOfLargest(a.localRSquared, b.localRSquared) < tolerance)
        #expect(
            abs(a.diagnostics.criteria.aicc - b.diagnostics.criteria.aicc)
                < tolerance * abs(b.diagnostics.criteria.aicc)
        )
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `permuting rows permutes the result`(seed: UInt64) throws {
        let table = SyntheticTable(count: 150, predictorCount: 3, seed: seed)
        var numbers = SeededNumbers(seed: seed)
        let order = numbers.shuffled(150)
        let original = try table.model()
        let permuted = try table.reordered(order).model()
        let profile = try original.searchBandwidth(search)
        let other = try permuted.searchBandwidth(search)
        #expect(profile.bandwidth == other.bandwidth)
        #expect(
            largestRelativeDifference(profile.curve.map(\.aicc), other.curve.map(\.aicc)) < 1e-12
        )
        let a = try original.fit(bandwidth: profile.bandwidth)
        let b = try permuted.fit(bandwidth: profile.bandwidth)
        for term in a.termNames.indices {
            #expect(
                largestDifferenceOfLargest(
                    order.map { a.coefficients[term][$0] },
                    b.coefficients[term]
                ) < 1e-12
            )
        }
        #expect(
            largestDifferenceOfLargest(order.map { a.localRSquared[$0] }, b.localRSquared) < 1e-11
        )
    }

    @Test(arguments: [4, 5] as [UInt64], SpatialKernel.allCases)
    func `moving and stretching the plane changes nothing`(
        seed: UInt64,
        kernel: SpatialKernel
    ) throws {
        let table = SyntheticTable(count: 90, predictorCount: 2, seed: seed)
        var moved = table
        moved.x = table.x.map { 500_000 + 0.3 * $0 }
        moved.y = table.y.map { 4_000_000 + 0.3 * $0 }
        let bandwidth = Bandwidth.adaptive(neighbours: 47)
        expectSameFit(
            try table.model(kernel).fit(bandwidth: bandwidth),
            try moved.model(kernel).fit(bandwidth: bandwidth),
            tolerance: 1e-8
        )
        expectSameFit(
            try table.model(kernel).fit(bandwidth: .fixed(distance: 80_000)),
            try moved.model(kernel).fit(bandwidth: .fixed(distance: 24_000)),
            tolerance: 1e-8
        )
    }

    @Test(arguments: [6, 7] as [UInt64])
    func `stretching the plane by a power of two changes no bit`(seed: UInt64) throws {
        let table = SyntheticTable(count: 90, predictorCount: 2, seed: seed)
        var stretched = table
        stretched.x = table.x.map { 4 * $0 }
        stretched.y = table.y.map { 4 * $0 }
        let a = try table.model().scores(of: [50, 60, 90].map { .adaptive(neighbours: $0) })
        let b = try stretched.model().scores(of: [50, 60, 90].map { .adaptive(neighbours: $0) })
        #expect(bits(a) == bits(b))
    }

    @Test(arguments: [8, 9] as [UInt64])
    func `adding a constant to the response moves the intercept only`(seed: UInt64) throws {
        let table = SyntheticTable(count: 120, predictorCount: 3, seed: seed)
        var raised = table
        raised.response = table.response.map { $0 + 4_096 }
        let a = try table.model().fit(bandwidth: .adaptive(neighbours: 60))
        let b = try raised.model().fit(bandwidth: .adaptive(neighbours: 60))
        #expect(
            largestDifferenceOfLargest(
                a.coefficients[0].map { $0 + 4_096 },
                b.coefficients[0]
            ) < 1e-12
        )
        for term in 1..<4 {
            #expect(largestDifferenceOfLargest(a.coefficients[term], b.coefficients[term]) < 1e-10)
        }
        #expect(a.influence == b.influence)
        #expect(abs(a.diagnostics.criteria.aicc - b.diagnostics.criteria.aicc) < 1e-8)
    }

    @Test(arguments: [10, 11] as [UInt64])
    func `scaling a column scales its coefficient`(seed: UInt64) throws {
        let table = SyntheticTable(count: 120, predictorCount: 3, seed: seed)
        var scaled = table
        scaled.predictors[1] = table.predictors[1].map { 1e6 * $0 }
        let a = try table.model().fit(bandwidth: .adaptive(neighbours: 60))
        let b = try scaled.model().fit(bandwidth: .adaptive(neighbours: 60))
        #expect(
            largestDifferenceOfLargest(
                a.coefficients[2].map { $0 / 1e6 },
                b.coefficients[2]
            ) < 1e-12
        )
        for term in 0..<4 {
            #expect(largestDifferenceOfLargest(a.tValues[term], b.tValues[term]) < 1e-11)
        }
        scaled.predictors[1] = table.predictors[1].map { 0x1p-40 * $0 }
        let c = try scaled.model().fit(bandwidth: .adaptive(neighbours: 60))
        // Powers of two are exact, so not a bit may move.
        #expect(c.coefficients[2].map { $0 * 0x1p-40 } == a.coefficients[2])
        #expect(c.tValues == a.tValues)
        #expect(c.fitted == a.fitted)
    }

    @Test(
        arguments: [12, 13] as [UInt64],
        [SpatialKernel.bisquare, .tricube, .epanechnikov, .gaussian]
    )
    func `candidates may be split in any way`(seed: UInt64, kernel: SpatialKernel) throws {
        let model = try SyntheticTable(count: 130, predictorCount: 3, seed: seed).model(kernel)
        let candidates = (20...130).map { Bandwidth.adaptive(neighbours: $0) }
        let whole = try model.scores(of: candidates)
        var parts: [CandidateScore] = []
        for start in stride(from: 0, to: candidates.count, by: 7) {
            parts += try model.scores(
                of: Array(candidates[start..<min(start + 7, candidates.count)])
            )
        }
        #expect(largestRelativeDifference(whole.map(\.rss), parts.map(\.rss)) < 1e-10)
        #expect(largestRelativeDifference(whole.map(\.traceS), parts.map(\.traceS)) < 1e-11)
        #expect(largestRelativeDifference(whole.map(\.cv), parts.map(\.cv)) < 1e-10)
    }

    @Test(arguments: [SpatialKernel.bisquare, .exponential])
    func `the number of threads changes no bit`(kernel: SpatialKernel) throws {
        let table = SyntheticTable(count: 333, predictorCount: 4, seed: 14)
        let candidates = [48, 64, 100].map { Bandwidth.adaptive(neighbours: $0) }
        let one = try table.model(kernel)
        for threadCount in [2, 3, 7] {
            let several = try table.model(kernel, threadCount: threadCount)
            #expect(
                try bits(one.scores(of: candidates, bufferDistance: 500))
                    == bits(several.scores(of: candidates, bufferDistance: 500))
            )
            #expect(
                try bits(one.fit(bandwidth: candidates[1]))
                    == bits(several.fit(bandwidth: candidates[1]))
            )
        }
    }

    @Test(arguments: SpatialKernel.allCases, [1, 3, 7, 8, 12])
    func `every instruction set gives the same bits`(
        kernel: SpatialKernel,
        predictorCount: Int
    ) throws {
        let table = SyntheticTable(count: 100, predictorCount: predictorCount, seed: 15)
        let candidates = [45, 64, 100].map { Bandwidth.adaptive(neighbours: $0) }
        let levels = InstructionSet.available
        let first = try table.model(kernel, instructionSet: levels[0])
        let curve = try bits(first.scores(of: candidates, bufferDistance: 500))
        let fit = try bits(first.fit(bandwidth: candidates[1]))
        for level in levels.dropFirst() {
            let model = try table.model(kernel, instructionSet: level)
            #expect(try bits(model.scores(of: candidates, bufferDistance: 500)) == curve)
            #expect(try bits(model.fit(bandwidth: candidates[1])) == fit)
        }
    }

    @Test(arguments: [16, 17] as [UInt64], [DistanceMetric.planar, .greatCircle])
    func `the index finds what a full scan finds`(seed: UInt64, metric: DistanceMetric) throws {
        var table = SyntheticTable(count: 400, predictorCount: 1, seed: seed)
        if metric == .greatCircle {
            table.x = table.x.map { $0 / 300 - 160 }
            table.y = table.y.map { $0 / 700 - 85 }
        }
        for row in 0..<40 {
            table.x[row] = table.x[0]
            table.y[row] = table.y[0]
        }
        let neighbours = 57
        let result = try table.model(.boxcar, metric: metric)
            .fit(bandwidth: .adaptive(neighbours: neighbours))
        for row in 0..<400 {
            let sorted = (0..<400).map { distance(table, row, $0, metric) }.sorted()
            let h = sorted[neighbours - 1] * Bandwidth.adaptiveFactor
            #expect(abs(result.bandwidthDistance[row] / h - 1) < 1e-10)
            #expect(result.neighbourCount[row] >= neighbours)
            #expect(result.neighbourCount[row] == sorted.count { $0 < h })
        }
    }

    private func distance(
        _ table: SyntheticTable,
        _ a: Int,
        _ b: Int,
        _ metric: DistanceMetric
    ) -> Double {
        if metric == .planar {
            let (dx, dy) = (table.x[a] - table.x[b], table.y[a] - table.y[b])
            return (dx * dx + dy * dy).squareRoot()
        }
        return haversineMetres(
            longitudeA: table.x[a],
            latitudeA: table.y[a],
            longitudeB: table.x[b],
            latitudeB: table.y[b]
        )
    }
}
