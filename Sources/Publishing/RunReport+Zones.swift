import Analysis
import Regression
import SpatialStatistics

extension RunReport {
    /// Adds the regression on the zones: it leads, because there the method is on firm ground.
    func addZoneRegression(to page: inout ReportPage) {
        guard let zones else { return }
        let caption = statements.sink.map { " · \($0)" } ?? ""
        page.heading("Regression on the zones\(caption)")
        switch zones {
        case .failure(let refusal):
            page.banner("The regression on the zones was refused: \(refusal)")
        case .success(let zones): add(zones, to: &page)
        }
    }

    private func add(_ zones: ZoneRegression, to page: inout ReportPage) {
        let result = zones.result
        let unit = zones.responseUnit == "1" ? "" : ", in \(zones.responseUnit)"
        let byPopulation = (input.model.regression?.covariateLayers ?? [])
            .map { input.model.layers[$0] }.filter(\.reading.isWeightedByPopulation).map(\.name)
        let weighting =
            byPopulation.isEmpty
            ? "" : " (weighted by inhabitants: \(byPopulation.joined(separator: ", ")))"
        page.paragraph(
            "Response: \(zones.responseName) of the zones' sums\(unit). Predictors: "
                + "area-weighted means\(weighting), transformed as for cells. Every zone with a response is an "
                + "observation at the centroid of its area; \(zones.model.kernel.rawValue) kernel, "
                + "neighbours by AICc over mgwr's default range (buffered cross-validation is for "
                + "cells)."
        )
        if let warning = zones.profile.warning { page.banner(warning) }
        for warning in zones.warnings where warning != zones.profile.warning { page.note(warning) }
        addCircularities(response: zones.responseName, to: &page)
        page.figures([
            ("\(zones.model.observationCount)", "zones are observations"),
            ("\(Int(result.bandwidth.value))", "neighbours (\(zones.profile.state.rawValue))"),
            (text(zones.global?.rSquared), "R² of OLS"),
            (text(result.diagnostics.rSquared), "R² of GWR"),
            (text(zones.globalPattern?.moran?.value), "residual Moran's I of OLS"),
            (text(zones.localPattern.moran?.value), "residual Moran's I of GWR"),
        ])
        addComparison(
            global: zones.global,
            local: result.diagnostics,
            moran: (zones.globalPattern?.moran?.value, zones.localPattern.moran?.value),
            effective: (
                zones.globalPattern?.correlogram?.effectiveObservationCount,
                zones.localPattern.correlogram?.effectiveObservationCount
            ),
            to: &page
        )
        let isIndependent = zones.localPattern.isIndependent
        page.paragraph(
            "How errors, t values and significance may be read: "
                + ModelVocabulary.inference(
                    moranI: zones.localPattern.moranI,
                    places: "zones"
                ) + "."
        )
        addTerms(
            global: zones.global,
            terms: result.coefficientSummaries.enumerated().map { index, summary in
                let gap = result.identificationGaps.first { $0.termName == summary.termName }
                let significant = result.tValues[index].count { abs($0) > zones.criticalT }
                return TermRow(
                    name: summary.termName,
                    quantiles: summary.quantiles,
                    unidentifiedShare: gap?.share ?? 0,
                    unstableShare: nil,
                    significantShare: isIndependent && summary.count > 0
                        ? Double(significant) / Double(summary.count) : nil
                )
            },
            places: "zones",
            to: &page
        )
        addCurve(
            zones.profile.curve,
            metresPerUnit: 1,
            chosen: result.bandwidth.value,
            caption:
                "Search of the zones' bandwidth; the whole curve is in tables/bandwidth_zones.csv",
            to: &page
        )
    }

    /// A term as both levels show it.
    struct TermRow {
        let name: String
        /// Minimum, quartiles, maximum.
        let quantiles: [Double]
        let unidentifiedShare: Double
        /// Nil where nobody looked at other bandwidths.
        let unstableShare: Double?
        /// Nil where no such share may be told.
        let significantShare: Double?
    }

    func addCircularities(response: String, to page: inout ReportPage) {
        for term in input.model.circularTerms {
            page.note(
                "\(term.flag(response: response)): the regression may return the recipe of the data"
            )
        }
    }

    /// OLS beside GWR.
    func addComparison(
        global: GlobalRegression?,
        local: FitDiagnostics,
        moran: (global: Double?, local: Double?),
        effective: (global: Double?, local: Double?),
        to page: inout ReportPage
    ) {
        let rows: [(String, Double?, Double?)] = [
            ("AICc", global?.criteria.aicc, local.criteria.aicc),
            ("AIC", global?.criteria.aic, local.criteria.aic),
            ("BIC", global?.criteria.bic, local.criteria.bic),
            ("R²", global?.rSquared, local.rSquared),
            ("adjusted R²", global?.adjustedRSquared, local.adjustedRSquared),
            ("effective parameters", global.map { Double($0.parameterCount) }, local.traceS),
            ("σ²", global?.sigmaSquared, local.sigmaSquared),
            (
                "observations", global.map { Double($0.observationCount) },
                Double(local.observationCount)
            ),
            ("residual Moran's I", moran.global, moran.local),
            ("effective observations", effective.global, effective.local),
        ]
        page.table(
            caption: "Ordinary least squares (OLS) beside the local models (GWR)",
            header: ["", "OLS", "GWR"],
            rows: rows.map { [$0.0, text($0.1), text($0.2)] }
        )
    }

    /// The coefficients of OLS and the spread of the local ones.
    func addTerms(
        global: GlobalRegression?,
        terms: [TermRow],
        places: String,
        to page: inout ReportPage
    ) {
        if let global {
            page.table(
                caption: "Coefficients of OLS",
                header: ["term", "β", "SE", "t", "p", "VIF"],
                rows: global.termNames.indices.map { index in
                    [
                        global.termNames[index], text(global.coefficients[index]),
                        text(global.standardErrors[index]), text(global.tValues[index]),
                        text(global.pValues[index]),
                        index == 0 ? "" : text(global.varianceInflation[index - 1]),
                    ]
                }
            )
        }
        let hasStability = terms.contains { $0.unstableShare != nil }
        let hasSignificance = terms.contains { $0.significantShare != nil }
        var header = ["term", "min", "25 %", "median", "75 %", "max", "unidentified"]
        if hasStability { header.append("sign unstable") }
        if hasSignificance { header.append("significant") }
        page.table(
            caption: "Quantiles of the local coefficients over the \(places)",
            header: header,
            rows: terms.map { term in
                var row = [term.name]
                row += (0..<5).map { text($0 < term.quantiles.count ? term.quantiles[$0] : nil) }
                row.append(percent(term.unidentifiedShare))
                if hasStability { row.append(term.unstableShare.map { percent($0) } ?? "") }
                if hasSignificance { row.append(term.significantShare.map { percent($0) } ?? "") }
                return row
            }
        )
    }

    /// The curve of a search, bcv and AICc together.
    func addCurve(
        _ curve: [CandidateScore],
        metresPerUnit: Double,
        chosen: Double?,
        caption: String,
        to page: inout ReportPage
    ) {
        let table = CurveTable(curve, metresPerUnit: metresPerUnit)
        let scale = table.isAdaptive ? 1 : metresPerUnit / 1000
        let xs = curve.map { $0.bandwidth.value * scale }
        let buffered = CurvePlot.Curve(
            name: "bcv",
            colour: "#2166ac",
            xs: xs,
            ys: curve.map { $0.bcv ?? .nan }
        )
        let corrected = CurvePlot.Curve(
            name: "AICc",
            colour: "#b35806",
            xs: xs,
            ys: curve.map(\.aicc)
        )
        let plot = CurvePlot(
            curves: [buffered, corrected],
            axis: table.isAdaptive ? "neighbours" : "bandwidth, km",
            chosen: chosen.map { $0 * scale }
        )
        guard let svg = plot.svg else { return }
        page.drawing(svg: svg, caption: caption)
    }

    func text(_ value: Double?) -> String {
        guard let value, value.isFinite else { return "n/a" }
        // Scores of a thousand and more are told apart by their last digits.
        return abs(value) >= 1000
            ? NumberText.decimal(value, places: 1) : NumberText.compact(value)
    }
}
