import Regression
import Testing

/// The search beyond what the reference cases cover.
struct SearchTests {
    @Test func `beyond 5,000 rows the range doubles until the curve is seen to rise`() throws {
        var table = SyntheticTable(count: 5_200, predictorCount: 1, seed: 41)
        var numbers = SeededNumbers(seed: 41)
        // A slope that changes slowly, under much noise: more than 512 neighbours are wanted.
        for row in 0..<5_200 {
            table.response[row] =
                table.predictors[0][row] * (1 + table.x[row] / 100_000) + 8 * numbers.normal()
        }
        let profile = try table.model(threadCount: 2).searchBandwidth(BandwidthSearchSettings())
        #expect(profile.searchedMaximum > 512)
        #expect(
            profile.bandwidth.value <= profile.searchedMaximum / 2
                || profile.searchedMaximum == 5_200
        )
        // The refined ladder misses nothing that a search of every count around it finds.
        let k = Int(profile.bandwidth.value)
        let around = try table.model(threadCount: 2)
            .scores(of: (k - 5...k + 5).map { .adaptive(neighbours: $0) })
        #expect(around.allSatisfy { $0.aicc >= profile.best.aicc - 1e-7 })
    }

    @Test func `beyond 5,000 rows fixed distances are searched by doubling, too`() throws {
        let table = SyntheticTable(count: 5_100, predictorCount: 1, seed: 46)
        var settings = BandwidthSearchSettings()
        settings.isAdaptive = false
        settings.minimum = 1_000
        let profile = try table.model(threadCount: 2).searchBandwidth(settings)
        #expect(profile.state == .interior)
        #expect(profile.bandwidth.value <= profile.searchedMaximum / 2)
        // Twice the largest distance would be 280 km.
        #expect(profile.searchedMaximum < 140_000)
        let best = profile.bandwidth.value
        let around = try table.model(threadCount: 2)
            .scores(of: [0.999, 1, 1.001].map { .fixed(distance: best * $0) })
        #expect(around[0].aicc >= around[1].aicc && around[2].aicc >= around[1].aicc)
    }

    @Test func `copies inside the support fool AICc, and the buffer is not fooled`() throws {
        // Every point comes as four copies a metre apart that share their noise.
        let seeds = SyntheticTable(count: 150, predictorCount: 1, seed: 42)
        var table = SyntheticTable(count: 0, predictorCount: 1, seed: 42)
        for row in 0..<150 {
            for copy in 0..<4 {
                table.x.append(seeds.x[row] + Double(copy % 2))
                table.y.append(seeds.y[row] + Double(copy / 2))
                table.response.append(seeds.response[row])
                table.predictors[0].append(seeds.predictors[0][row] + 0.01 * Double(copy))
            }
        }
        let model = try table.model(threadCount: 2)
        var settings = BandwidthSearchSettings()
        settings.minimum = 30
        let fooled = try model.searchBandwidth(settings)
        settings.criterion = .bcv
        settings.bufferDistance = 10
        let buffered = try model.searchBandwidth(settings)
        #expect(buffered.bandwidth.value > fooled.bandwidth.value)
        #expect(buffered.bufferDistance == 10)
        #expect(buffered.curve.allSatisfy { $0.bcv != nil })
        // The other criteria stand beside it, not a bit different.
        let shared = fooled.curve.map(\.aicc.bitPattern)
        #expect(buffered.curve.map(\.aicc.bitPattern) == shared)
    }

    @Test func `moments merge to what one pass gives`() throws {
        let table = try SyntheticTable(count: 90, predictorCount: 3, seed: 43).table()
        let columns = table.predictors + [table.response]
        var parts = (0..<3).map { _ in DesignMoments(origin: [0, 1, 2, 0]) }
        for row in 0..<90 { parts[row % 3].add(columns.map { $0[row] }) }
        var merged = parts[0]
        merged.merge(parts[1])
        merged.merge(parts[2])
        let pieces = try GlobalRegression(moments: merged, predictorNames: table.predictorNames)
        let whole = try GlobalRegression(table: table)
        #expect(largestRelativeDifference(pieces.coefficients, whole.coefficients) < 1e-11)
        #expect(largestRelativeDifference(pieces.standardErrors, whole.standardErrors) < 1e-11)
        #expect(abs(pieces.criteria.aicc - whole.criteria.aicc) < 1e-9)
    }

    @Test func `a local model that explains more is compared by its degrees of freedom`() throws {
        let table = SyntheticTable(count: 300, predictorCount: 2, seed: 44)
        let local = try table.model().fit(bandwidth: .adaptive(neighbours: 60)).diagnostics
        let global = try GlobalRegression(table: table.table())
        let comparison = ModelComparison(global: global, local: local)
        #expect(comparison.improvement == global.rss - local.rss && comparison.improvement > 0)
        #expect(comparison.globalFreedom == 297)
        #expect(comparison.localFreedom < 297 && comparison.localFreedom > 0)
        #expect(comparison.fStatistic > 1 && comparison.pValue < 1e-6)
        #expect(comparison.aiccGain > 3)
    }

    @Test func `summaries and critical values describe the coefficients`() throws {
        let table = SyntheticTable(count: 101, predictorCount: 1, seed: 45)
        let result = try table.model().fit(bandwidth: .adaptive(neighbours: 60))
        let sorted = result.coefficients[1].sorted()
        let summary = result.coefficientSummaries[1]
        #expect(summary.quantiles == [sorted[0], sorted[25], sorted[50], sorted[75], sorted[100]])
        let diagnostics = result.diagnostics
        #expect(diagnostics.adjustedAlpha(0.05) == 0.05 * 2 / diagnostics.traceS)
        #expect(diagnostics.criticalT(0.05) > diagnostics.criticalT(0.1))
    }
}
