import Foundation
import Regression
import Testing

/// Fits at mgwr's own bandwidth against mgwr; tolerances of numerics.md §1.
@Suite(.enabled(if: ReferenceCase.isAvailable, "needs ../shared/reference/gwr"))
struct ReferenceFitTests {
    private func fit(_ reference: ReferenceCase) throws -> RegressionResult {
        try reference.model().fit(bandwidth: reference.bandwidth(reference.number("fit", "bw")))
    }

    @Test(arguments: ReferenceCase.names)
    func `coefficients, errors and leverages agree with the reference`(name: String) throws {
        let reference = try ReferenceCase(name)
        let result = try fit(reference)
        let local = reference.local
        for (term, termName) in result.termNames.enumerated() {
            #expect(
                largestDifferenceOfLargest(
                    result.coefficients[term],
                    local["b_\(termName)"]
                ) < 1e-10
            )
            #expect(
                largestRelativeDifference(
                    result.standardErrors[term],
                    local["se_\(termName)"]
                ) < 1e-10
            )
            #expect(
                largestDifferenceOfLargest(result.tValues[term], local["t_\(termName)"]) < 1e-10
            )
        }
        #expect(largestDifferenceOfLargest(result.fitted, local["predy"]) < 1e-10)
        #expect(largestDifferenceOfLargest(result.residuals, local["resid"]) < 1e-10)
        #expect(largestRelativeDifference(result.influence, local["influ"]) < 1e-10)
        #expect(largestRelativeDifference(result.localRSquared, local["localR2"]) < 1e-10)
        #expect(largestDifferenceOfLargest(result.standardisedResiduals, local["std_res"]) < 1e-10)
        #expect(largestDifferenceOfLargest(result.cooksDistance, local["cooksD"]) < 1e-10)
        #expect(
            largestRelativeDifference(
                result.bandwidthDistance.map { $0 / reference.unit },
                local["bandwidth_distance"]
            ) < 1e-12
        )
    }

    @Test(arguments: ReferenceCase.names)
    func `global diagnostics agree with the reference`(name: String) throws {
        let reference = try ReferenceCase(name)
        let diagnostics = try fit(reference).diagnostics
        func expectClose(_ value: Double, _ key: String, relative: Double) {
            let expected = reference.number("fit", key)
            #expect(abs(value / expected - 1) < relative, "\(key): \(value), \(expected)")
        }
        func expectCriterion(_ value: Double, _ key: String) {
            let expected = reference.number("fit", key)
            #expect(abs(value - expected) < 1e-9 * max(1, abs(expected) / 1000), "\(key)")
        }
        expectClose(diagnostics.traceS, "tr_S", relative: 1e-11)
        expectClose(diagnostics.traceSTS, "tr_STS", relative: 1e-11)
        expectClose(diagnostics.rss, "rss", relative: 1e-11)
        expectClose(diagnostics.sigmaSquared, "sigma2", relative: 1e-11)
        expectClose(diagnostics.sigmaSquaredTwoTraces, "sigma2_v1v2", relative: 1e-11)
        expectClose(diagnostics.cv, "cv", relative: 1e-11)
        expectClose(diagnostics.rSquared, "R2", relative: 1e-11)
        expectClose(diagnostics.adjustedRSquared, "adj_R2", relative: 1e-11)
        expectClose(-0.5 * diagnostics.criteria.minusTwoLogLikelihood, "llf", relative: 1e-11)
        expectClose(diagnostics.criticalT(0.05), "critical_t_adj95", relative: 1e-10)
        expectCriterion(diagnostics.criteria.aic, "aic")
        expectCriterion(diagnostics.criteria.aicc, "aicc")
        expectCriterion(diagnostics.criteria.bic, "bic")
        let fit = reference.manifest["fit"] as? [String: Any]
        let alphas = fit?["adj_alpha"] as? [Double] ?? []
        #expect(alphas.count == 3)
        for (level, expected) in zip([0.1, 0.05, 0.001], alphas) {
            #expect(abs(diagnostics.adjustedAlpha(level) / expected - 1) < 1e-11)
        }
    }

    @Test func `local variance inflation agrees with the reference`() throws {
        let reference = try ReferenceCase("georgia_bisquare_nn")
        let result = try fit(reference)
        let expected = try NumericTable(
            ReferenceCase.folder.appending(path: "georgia_bisquare_nn_collinearity.csv")
        )
        for (index, values) in result.varianceInflation.enumerated() {
            let name = result.termNames[index + 1]
            #expect(largestRelativeDifference(values, expected["vif_\(name)"]) < 1e-10)
        }
    }
}
