import Regression
import Testing

/// Real data are dirty: nothing silent, nothing fatal.
struct RobustnessTests {
    private let k60 = Bandwidth.adaptive(neighbours: 60)

    @Test func `a collinear column leaves the model and the rest is fitted without it`() throws {
        let table = SyntheticTable(count: 120, predictorCount: 2, seed: 21)
        var collinear = table
        collinear.predictors.append(
            zip(table.predictors[0], table.predictors[1]).map { 3 * $0 - $1 + 7 }
        )
        let plain = try table.model().fit(bandwidth: k60)
        let result = try collinear.model().fit(bandwidth: k60)
        #expect(result.unidentifiedTerms.allSatisfy { $0 == 0b1000 })
        #expect(result.coefficients[3].allSatisfy { $0.isNaN })
        #expect(result.standardErrors[3].allSatisfy { $0.isNaN })
        for term in 0..<3 {
            #expect(
                largestDifferenceOfLargest(result.coefficients[term], plain.coefficients[term])
                    < 1e-8
            )
        }
        #expect(largestDifferenceOfLargest(result.influence, plain.influence) < 1e-8)
        #expect(result.identificationGaps.first?.termName == "c3")
        #expect(result.identificationGaps.first?.firstRow == 0)
        #expect(result.warnings.contains { $0.contains("\"c3\"") && $0.contains("row 0") })
        let curve = try collinear.model().scores(of: [k60])
        let plainCurve = try table.model().scores(of: [k60])
        #expect(abs(curve[0].aicc - plainCurve[0].aicc) < 1e-6)
        let global = try GlobalRegression(table: collinear.table())
        #expect(global.coefficients[3].isNaN && global.parameterCount == 3)
    }

    @Test func `a constant column is unidentified everywhere`() throws {
        var table = SyntheticTable(count: 100, predictorCount: 2, seed: 22)
        table.predictors[0] = table.predictors[0].map { _ in 0.1 }
        let result = try table.model().fit(bandwidth: k60)
        #expect(result.unidentifiedTerms.allSatisfy { $0 == 0b010 })
        #expect(result.fitted.allSatisfy { $0.isFinite })
        #expect(try GlobalRegression(table: table.table()).coefficients[1].isNaN)
    }

    @Test func `a dummy is unidentified exactly where its neighbourhood has one value`() throws {
        var table = SyntheticTable(count: 200, predictorCount: 2, seed: 23)
        table.predictors[1] = table.x.map { $0 > 50_000 ? 1 : 0 }
        let result = try table.model(.boxcar).fit(bandwidth: .adaptive(neighbours: 20))
        var counts = (0, 0)
        for row in 0..<200 {
            let h = result.bandwidthDistance[row]
            let values = (0..<200).filter { other in
                let (dx, dy) = (table.x[row] - table.x[other], table.y[row] - table.y[other])
                return (dx * dx + dy * dy).squareRoot() < h
            }.map { table.predictors[1][$0] }
            let isConstant = Set(values).count == 1
            #expect((result.unidentifiedTerms[row] == 0b100) == isConstant)
            #expect(result.coefficients[2][row].isNaN == isConstant)
            #expect(result.fitted[row].isFinite && result.influence[row].isFinite)
            counts = isConstant ? (counts.0 + 1, counts.1) : (counts.0, counts.1 + 1)
        }
        #expect(counts.0 > 0 && counts.1 > 0)
    }

    @Test func `a full set of dummies loses its last column only`() throws {
        var table = SyntheticTable(count: 120, predictorCount: 1, seed: 24)
        for group in 0..<3 {
            table.predictors.append((0..<120).map { $0 % 3 == group ? 1 : 0 })
        }
        let result = try table.model().fit(bandwidth: .adaptive(neighbours: 100))
        #expect(result.unidentifiedTerms.allSatisfy { $0 == 0b10000 })
    }

    @Test func `nearly collinear columns are solved by orthogonalisation`() throws {
        var table = SyntheticTable(count: 120, predictorCount: 3, seed: 25)
        // Pivot ratio about 1e-7: below Cholesky's limit, above that of identification.
        for row in 0..<120 {
            table.predictors[2][row] =
                table.predictors[0][row] + 3e-4 * table.predictors[2][row]
            table.response[row] =
                1 + 2 * table.predictors[0][row] - table.predictors[1][row]
                + 5 * table.predictors[2][row]
        }
        let result = try table.model().fit(bandwidth: k60)
        #expect(result.unidentifiedTerms.allSatisfy { $0 == 0 })
        // Without noise the truth is recovered; normal equations would leave errors near 1e-9.
        for (term, truth) in [1.0, 2, -1, 5].enumerated() {
            #expect(result.coefficients[term].allSatisfy { abs($0 - truth) < 1e-10 })
        }
        #expect(result.conditionNumber.allSatisfy { $0 > 1_000 })
    }

    @Test func `coincident points give a reason, and larger bandwidths work`() throws {
        var table = SyntheticTable(count: 150, predictorCount: 2, seed: 26)
        for row in 0..<55 {
            table.x[row] = 7
            table.y[row] = 7
        }
        let model = try table.model()
        let result = try model.fit(bandwidth: .adaptive(neighbours: 50))
        #expect(result.failures[0] == .zeroBandwidth && result.failures[149] == nil)
        #expect(result.coefficients[0][0].isNaN)
        #expect(result.warnings.contains { $0.contains("55 locations") && $0.contains("row 0") })
        let profile = try model.searchBandwidth(BandwidthSearchSettings())
        #expect(profile.inadmissibleCount > 0)
        #expect(profile.bandwidth.value > 55)
    }

    @Test func `fewer neighbours than coefficients fit what they can`() throws {
        let table = SyntheticTable(count: 60, predictorCount: 4, seed: 27)
        for k in [1, 2, 3] {
            let result = try table.model().fit(bandwidth: .adaptive(neighbours: k))
            for row in 0..<60 where result.failures[row] == nil {
                #expect(result.fitted[row].isFinite)
                #expect(result.unidentifiedTerms[row].nonzeroBitCount >= 5 - k)
            }
        }
    }

    @Test func `rows with missing values are set aside and named`() throws {
        let table = SyntheticTable(count: 120, predictorCount: 2, seed: 28)
        var holed = table
        holed.predictors[0][3] = .nan
        holed.response[70] = .infinity
        holed.x[119] = .nan
        let rest = (0..<120).filter { ![3, 70, 119].contains($0) }
        let model = try holed.model()
        #expect(model.incompleteRows == [3, 70, 119])
        let result = try model.fit(bandwidth: k60)
        let clean = try table.reordered(rest).model().fit(bandwidth: k60)
        for row in [3, 70, 119] {
            #expect(result.failures[row] == .incompleteRow && result.fitted[row].isNaN)
        }
        #expect(rest.map { result.fitted[$0] } == clean.fitted)
        #expect(result.diagnostics == clean.diagnostics)
    }

    @Test(arguments: [1e6, 1e12, -1e15])
    func `one huge outlier leaves finite numbers`(value: Double) throws {
        var table = SyntheticTable(count: 100, predictorCount: 2, seed: 29)
        table.response[17] = value
        let profile = try table.model().searchBandwidth(BandwidthSearchSettings())
        let result = try table.model().fit(bandwidth: profile.bandwidth)
        #expect(result.fitted.allSatisfy { $0.isFinite })
        #expect(result.cooksDistance.max() == result.cooksDistance[17])
        table.predictors[0][17] = value
        #expect(try table.model().fit(bandwidth: k60).fitted.allSatisfy { $0.isFinite })
    }

    @Test func `metres taken for degrees are refused with the row`() throws {
        let table = SyntheticTable(count: 50, predictorCount: 1, seed: 30)
        #expect {
            try table.model(metric: .greatCircle)
        } throws: { error in
            let error = error as? RegressionError
            return error?.code == .malformedTable
                && error?.description.contains("row 1 is at") == true
        }
        #expect(try !table.table().coordinatesLookLikeDegrees)
        var degrees = table
        degrees.x = table.x.map { 100 + $0 / 10_000 }
        degrees.y = table.y.map { 30 + $0 / 10_000 }
        #expect(try degrees.table().coordinatesLookLikeDegrees)
    }

    @Test func `ten rows are searched and fitted`() throws {
        let table = SyntheticTable(count: 10, predictorCount: 1, seed: 31)
        let profile = try table.model().searchBandwidth(BandwidthSearchSettings())
        #expect((6...10).contains(profile.bandwidth.value))
        let result = try table.model().fit(bandwidth: profile.bandwidth)
        #expect(result.fitted.allSatisfy { $0.isFinite })
    }

    @Test func `as many rows as coefficients refuse a search but still fit`() throws {
        let table = SyntheticTable(count: 4, predictorCount: 3, seed: 32)
        let model = try table.model()
        #expect(throws: RegressionError.self) {
            try model.searchBandwidth(BandwidthSearchSettings())
        }
        let result = try model.fit(bandwidth: .adaptive(neighbours: 4))
        #expect(result.fitted.allSatisfy { $0.isFinite })
        #expect(result.diagnostics.criteria.aicc.isNaN)
        #expect(throws: RegressionError.self) { try GlobalRegression(table: table.table()) }
    }

    @Test func `an optimum at a bound is called one`() throws {
        // White noise: the more neighbours the better, so the curve falls to its end.
        var table = SyntheticTable(count: 200, predictorCount: 1, seed: 33)
        var numbers = SeededNumbers(seed: 33)
        table.response = table.response.map { _ in numbers.normal() }
        var settings = BandwidthSearchSettings()
        settings.criterion = .bic
        let profile = try table.model().searchBandwidth(settings)
        #expect(profile.state == .upperBound)
        #expect(profile.warning?.contains("bound") == true)
        settings.minimum = 190
        settings.criterion = .aicc
        settings.maximum = 191
        #expect(try table.model().searchBandwidth(settings).state != .interior)
    }

    @Test func `illegal settings name what is legal`() throws {
        let model = try SyntheticTable(count: 80, predictorCount: 1, seed: 34).model()
        #expect(throws: RegressionError.self) {
            try model.fit(bandwidth: .adaptive(neighbours: 81))
        }
        #expect(throws: RegressionError.self) { try model.fit(bandwidth: .fixed(distance: 0)) }
        var settings = BandwidthSearchSettings()
        settings.criterion = .bcv
        #expect(throws: RegressionError.self) { try model.searchBandwidth(settings) }
        #expect(throws: RegressionError.self) { try InstructionSet.select(override: "v9") }
        #expect(
            try InstructionSet.select(override: InstructionSet.available[0].rawValue)
                == InstructionSet.available[0]
        )
    }
}
