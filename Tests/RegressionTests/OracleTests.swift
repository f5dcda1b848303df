import Foundation
import Regression
import Testing

/// Numbers by mgwr 2.2.1, scipy and long-double numpy; `Tests/Oracles/make_mgwr_oracle.py` says how.
struct OracleTests {
    struct Oracle: Decodable {
        let data: [String: Data]
        let cases: [Case]
        let studentT: [Critical]

        struct Data: Decodable {
            let x: [Double]
            let y: [Double]
            let response: [Double]
            let predictors: [[Double]]
            let ols: LeastSquares
        }

        struct LeastSquares: Decodable {
            let beta: [Double]
            let se: [Double]
            let p: [Double]
            let rss: Double
            let vif: [Double]
            let conditionNumber: Double
            let jb: Double
            let jbP: Double
        }

        struct Case: Decodable {
            let data: String
            let kernel: String
            let fixed: Bool
            let bandwidth: Double
            let buffer: Double
            let beta: [[Double]]
            let se: [[Double]]
            let influence: [Double]
            let localR2: [Double]?
            let conditionNumber: [Double]
            let proportions: [[Double]]
            let trS: Double
            let trSts: Double
            let rss: Double
            let aicc: Double
            let cv: Double
            let bcv: Double?
            let places: [[Double]]?
            let newPredictors: [[Double]]?
            let predicted: [Double]?
        }

        struct Critical: Decodable {
            let dof: Double
            let probability: Double
            let critical: Double
        }
    }

    static func load() throws -> Oracle {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/mgwr_oracle.json")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Oracle.self, from: Data(contentsOf: file))
    }

    private func table(_ data: Oracle.Data) throws -> RegressionTable {
        try RegressionTable(
            x: data.x,
            y: data.y,
            responseName: "y",
            response: data.response,
            predictorNames: data.predictors.indices.map { "x\($0 + 1)" },
            predictors: data.predictors
        )
    }

    @Test(arguments: 0..<15)
    func `fits agree with other programs`(index: Int) throws {
        let oracle = try Self.load()
        let expected = oracle.cases[index]
        let data = try #require(oracle.data[expected.data])
        let isSpherical = expected.data == "degrees"
        let unit = isSpherical ? 1000.0 : 1
        let model = try GeographicallyWeightedRegression(
            table: table(data),
            kernel: #require(SpatialKernel(rawValue: expected.kernel)),
            metric: isSpherical ? .greatCircle : .planar
        )
        let bandwidth: Bandwidth =
            expected.fixed
            ? .fixed(distance: expected.bandwidth * unit)
            : .adaptive(neighbours: Int(expected.bandwidth))
        let result = try model.fit(bandwidth: bandwidth)
        for term in result.termNames.indices {
            #expect(
                largestDifferenceOfLargest(
                    result.coefficients[term],
                    expected.beta.map { $0[term] }
                ) < 1e-10
            )
            #expect(
                largestRelativeDifference(
                    result.standardErrors[term],
                    expected.se.map { $0[term] }
                ) < 1e-10
            )
            #expect(
                largestDifferenceOfLargest(
                    result.varianceProportions[term],
                    expected.proportions.map { $0[term] }
                )
                    < 1e-9
            )
        }
        #expect(largestRelativeDifference(result.influence, expected.influence) < 1e-10)
        #expect(largestRelativeDifference(result.conditionNumber, expected.conditionNumber) < 1e-10)
        if let localR2 = expected.localR2 {
            #expect(largestDifferenceOfLargest(result.localRSquared, localR2) < 1e-10)
        }
        #expect(abs(result.diagnostics.traceS / expected.trS - 1) < 1e-11)
        #expect(abs(result.diagnostics.traceSTS / expected.trSts - 1) < 1e-11)
        #expect(abs(result.diagnostics.cv / expected.cv - 1) < 1e-11)
        #expect(abs(result.diagnostics.criteria.aicc - expected.aicc) < 1e-9)

        let score = try model.scores(of: [bandwidth], bufferDistance: expected.buffer * unit)[0]
        #expect(abs(score.traceS / expected.trS - 1) < 1e-11)
        #expect(abs(score.rss / expected.rss - 1) < 1e-11)
        #expect(abs(score.cv / expected.cv - 1) < 1e-11)
    }

    @Test(arguments: 0..<15)
    func `buffered scores agree with the definition, and are refused with thin neighbourhoods`(
        index: Int
    ) throws {
        let oracle = try Self.load()
        let expected = oracle.cases[index]
        let data = try #require(oracle.data[expected.data])
        let isSpherical = expected.data == "degrees"
        let unit = isSpherical ? 1000.0 : 1
        let model = try GeographicallyWeightedRegression(
            table: table(data),
            kernel: #require(SpatialKernel(rawValue: expected.kernel)),
            metric: isSpherical ? .greatCircle : .planar
        )
        let bandwidth: Bandwidth =
            expected.fixed
            ? .fixed(distance: expected.bandwidth * unit)
            : .adaptive(neighbours: Int(expected.bandwidth))
        let score = try model.scores(of: [bandwidth], bufferDistance: expected.buffer * unit)[0]
        let bcv = try #require(score.bcv)
        if let definition = expected.bcv {
            #expect(abs(bcv / definition - 1) < 1e-11)
        } else {
            #expect(bcv.isNaN)
        }
    }

    @Test(arguments: 0..<15)
    func `predictions elsewhere agree with mgwr`(index: Int) throws {
        let oracle = try Self.load()
        let expected = oracle.cases[index]
        guard let places = expected.places, let predicted = expected.predicted,
            let predictors = expected.newPredictors
        else { return }
        let data = try #require(oracle.data[expected.data])
        let isSpherical = expected.data == "degrees"
        let model = try GeographicallyWeightedRegression(
            table: table(data),
            kernel: #require(SpatialKernel(rawValue: expected.kernel)),
            metric: isSpherical ? .greatCircle : .planar
        )
        let result = try model.predict(
            x: places.map { $0[0] },
            y: places.map { $0[1] },
            predictors: predictors,
            bandwidth: expected.fixed
                ? .fixed(distance: expected.bandwidth * (isSpherical ? 1000 : 1))
                : .adaptive(neighbours: Int(expected.bandwidth)),
            sigmaSquared: 1
        )
        #expect(largestDifferenceOfLargest(result.predicted, predicted) < 1e-10)
        #expect(
            zip(result.meanStandardErrors, result.observationStandardErrors).allSatisfy { $0 < $1 }
        )
    }

    @Test(arguments: ["clustered", "grid", "degrees", "pairs"])
    func `least squares agrees with scipy`(name: String) throws {
        let data = try #require(try Self.load().data[name])
        let table = try table(data)
        let fit = try GlobalRegression(table: table)
        let expected = data.ols
        #expect(largestRelativeDifference(fit.coefficients, expected.beta) < 1e-10)
        #expect(largestRelativeDifference(fit.standardErrors, expected.se) < 1e-10)
        #expect(largestRelativeDifference(fit.pValues, expected.p) < 1e-9)
        #expect(largestRelativeDifference(fit.varianceInflation, expected.vif) < 1e-10)
        #expect(abs(fit.conditionNumber / expected.conditionNumber - 1) < 1e-10)
        #expect(abs(fit.rss / expected.rss - 1) < 1e-11)
        let test = JarqueBera(residuals: fit.residuals(table: table))
        #expect(abs(test.statistic - expected.jb) < 1e-10)
        #expect(abs(test.pValue / expected.jbP - 1) < 1e-10)
    }

    @Test func `critical values of t agree with scipy`() throws {
        for entry in try Self.load().studentT {
            let t = StudentT(degreesOfFreedom: entry.dof)
            let critical = t.criticalValue(twoSidedProbability: entry.probability)
            #expect(abs(critical / entry.critical - 1) < 1e-11, "\(entry)")
            #expect(abs(t.twoSidedProbability(critical) / entry.probability - 1) < 1e-11)
        }
    }
}
