import Regression
import Testing

/// Curves and optima against mgwr; tolerances of numerics.md §1.
@Suite(.enabled(if: ReferenceCase.isAvailable, "needs ../shared/reference/gwr"))
struct ReferenceCurveTests {
    @Test(arguments: ReferenceCase.names)
    func `the curve agrees with the reference at every candidate`(name: String) throws {
        let reference = try ReferenceCase(name)
        let p = reference.parameterCount
        // Below 2p + 2 neighbours, or effective freedom, the reference has lost its own digits.
        let n = Double(reference.input["x"].count)
        let rows = reference.curve["bw"].indices.filter {
            reference.isFixed
                ? n - reference.curve["tr_S"][$0] > 0.3 * n
                : reference.curve["bw"][$0] >= Double(2 * p + 2)
        }
        let scores = try reference.model().scores(
            of: rows.map { reference.bandwidth(reference.curve["bw"][$0]) }
        )
        func expected(_ column: String) -> [Double] { rows.map { reference.curve[column][$0] } }
        #expect(largestRelativeDifference(scores.map(\.traceS), expected("tr_S")) < 1e-9)
        #expect(largestRelativeDifference(scores.map(\.rss), expected("rss")) < 1e-9)
        #expect(largestRelativeDifference(scores.map(\.cv), expected("cv")) < 1e-9)
        let admissible = rows.indices.filter { n - 2 - expected("tr_S")[$0] > 0 }
        for (column, values) in [
            ("aicc", scores.map(\.aicc)), ("aic", scores.map(\.aic)), ("bic", scores.map(\.bic)),
        ] {
            let want = expected(column)
            #expect(
                largestRelativeDifference(
                    admissible.map { values[$0] },
                    admissible.map { want[$0] }
                ) < 1e-9,
                "\(column)"
            )
        }
    }

    @Test(arguments: ReferenceCase.names, [BandwidthCriterion.aicc, .cv, .bic])
    func `the chosen bandwidth is the exhaustive optimum`(
        name: String,
        criterion: BandwidthCriterion
    ) throws {
        let reference = try ReferenceCase(name)
        var settings = BandwidthSearchSettings()
        settings.isAdaptive = !reference.isFixed
        settings.criterion = criterion
        let key = criterion == .cv ? "CV" : criterion == .bic ? "BIC" : "AICc"
        if name == "columbus_bisquare_nn" { settings.minimum = 12 }
        // Below its first curve point the reference could not fit.
        if reference.isFixed { settings.minimum = reference.curve["bw"][0] }
        let profile = try reference.model().searchBandwidth(settings)
        let best = reference.number("exhaustive", key, "bw_within_golden_bounds")
        if reference.isFixed {
            let refined = reference.number("exhaustive", key, "bw_refined")
            let score = reference.number("exhaustive", key, "score_refined")
            let value = profile.best.value(of: criterion)
            // The reference's bounded minimiser stops just short of a bound; we may be better.
            #expect(value < score + 2e-9 * max(1, abs(score)))
            if profile.state == .interior {
                #expect(value > score - 2e-9 * max(1, abs(score)))
                #expect(abs(profile.bandwidth.value / refined - 1) < 1e-4)
            }
        } else {
            #expect(profile.bandwidth == .adaptive(neighbours: Int(best)))
            let score = reference.number("exhaustive", key, "score")
            #expect(abs(profile.best.value(of: criterion) / score - 1) < 1e-11)
        }
    }
}
