import Analysis
import Foundation
import Publishing
import Regression
import SpatialStatistics

/// What the command prints when it is done: OLS and GWR side by side.
struct RegressionSummary {
    /// What was computed.
    let analysis: RegressionAnalysis

    /// The summary, without a last newline.
    func text(directory: String) -> String {
        let local = analysis.result.diagnostics
        var rows: [(String, String, String)] = [("", "OLS", "GWR")]
        func add(_ name: String, _ global: Double?, _ own: Double) {
            rows.append((name, global.map { Self.text($0) } ?? "", Self.text(own)))
        }
        let global = analysis.global
        add("AICc", global?.criteria.aicc, local.criteria.aicc)
        add("AIC", global?.criteria.aic, local.criteria.aic)
        add("BIC", global?.criteria.bic, local.criteria.bic)
        add("R2", global?.rSquared, local.rSquared)
        add("adjusted R2", global?.adjustedRSquared, local.adjustedRSquared)
        add("parameters", global.map { Double($0.parameterCount) }, local.traceS)
        add("sigma2", global?.sigmaSquared, local.sigmaSquared)
        add(
            "residual Moran's I",
            analysis.globalPattern?.moran?.value,
            analysis.localPattern.moran?.value ?? .nan
        )
        add(
            "effective observations",
            analysis.globalPattern?.correlogram?.effectiveObservationCount,
            analysis.localPattern.correlogram?.effectiveObservationCount ?? .nan
        )
        var lines = rows.map { row in
            Self.padded(row.0, 24, left: true) + Self.padded(row.1, 12) + Self.padded(row.2, 12)
        }
        lines.append("")
        let terms = analysis.result.coefficientSummaries
        lines.append(
            Self.padded("coefficient", 28, left: true) + Self.padded("OLS", 11)
                + ["min", "25 %", "median", "75 %", "max"].map { Self.padded($0, 11) }.joined()
        )
        for (index, term) in terms.enumerated() {
            let own = global.map { Self.text($0.coefficients[index]) } ?? ""
            lines.append(
                Self.padded(term.termName, 28, left: true) + Self.padded(own, 11)
                    + term.quantiles.map { Self.padded(Self.text($0), 11) }.joined()
            )
        }
        lines.append("")
        lines.append(
            "bandwidth \(analysis.result.bandwidth), \(analysis.state)\(searched); corrected alpha "
                + "\(Self.text(local.adjustedAlpha(analysis.alpha))), critical |t| "
                + Self.text(local.criticalT(analysis.alpha))
        )
        lines.append("results in \(directory)")
        return lines.joined(separator: "\n")
    }

    /// How far was searched, as every place that shows the bandwidth says.
    private var searched: String {
        analysis.profile.map {
            " of \(Self.plain($0.searchedMinimum)) to \(Self.plain($0.searchedMaximum))"
        } ?? ""
    }

    private static func plain(_ value: Double) -> String {
        Int(exactly: value).map(String.init) ?? NumberText.compact(value)
    }

    private static func text(_ value: Double) -> String {
        guard value.isFinite else { return "" }
        if value != 0, abs(value) < 1e-3 || abs(value) >= 1e7 {
            return NumberText.compact(value)
        }
        let places = abs(value) >= 100 ? 2 : abs(value) >= 1 ? 3 : 4
        return NumberText.decimal(value, places: places)
    }

    private static func padded(_ text: String, _ width: Int, left: Bool = false) -> String {
        let space = String(repeating: " ", count: max(1, width - text.count))
        return left ? text + space : space + text
    }
}
