import Analysis
import RasterIO
import Regression

extension CityTable {
    /// Columns of the regression on the zones; zones that are no observation have empty fields.
    static func columns(of zones: ZoneRegression, model: RegressionModel) -> [Column] {
        let result = zones.result
        let units = result.termNames.map { name -> String in
            let predictor = model.covariates.first { $0.name == name }?.unit ?? "1"
            return predictor == "1" ? zones.responseUnit : "\(zones.responseUnit) per \(predictor)"
        }
        let assumption =
            zones.localPattern.isIndependent ? "" : "; assumes independent residuals"
        let about = "of the regression on zones, response \(zones.responseName)"
        var columns: [Column] = []
        for (index, name) in result.termNames.enumerated() {
            columns += [
                numbers(
                    "beta_\(name)",
                    "Local coefficient of \(name) \(about)",
                    units[index],
                    result.coefficients[index]
                ),
                numbers(
                    "se_\(name)",
                    "Standard error of beta_\(name)\(assumption)",
                    units[index],
                    result.standardErrors[index]
                ),
                numbers(
                    "t_\(name)",
                    "beta_\(name) over its standard error\(assumption)",
                    "1",
                    result.tValues[index]
                ),
            ]
        }
        columns += [
            numbers("fitted", "Fitted response \(about)", zones.responseUnit, result.fitted),
            numbers("residual", "Response minus fitted", zones.responseUnit, result.residuals),
            numbers(
                "local_r2",
                "1 - sum w e^2 / sum w (y - mean)^2, e the residuals of the neighbours' own models",
                "1",
                result.localRSquared
            ),
            Column(
                name: "unidentified_terms",
                description: "Terms that the zone's neighbourhood does not determine, separated by "
                    + "semicolons",
                unit: "",
                kind: .text,
                values: result.unidentifiedTerms.map { mask in
                    let names = result.termNames.indices
                        .filter { mask & (1 << UInt64($0)) != 0 }.map { result.termNames[$0] }
                    return names.isEmpty ? .null : .text(names.joined(separator: ";"))
                }
            ),
        ]
        return columns + significance(zones, assumption)
    }

    private static func significance(
        _ zones: ZoneRegression,
        _ assumption: String
    ) -> [Column] {
        let prefix =
            zones.localPattern.isIndependent ? "significant" : "significant_if_independent"
        let critical = zones.criticalT
        return zip(zones.result.termNames, zones.result.tValues).map { name, values in
            Column(
                name: "\(prefix)_\(name)",
                description:
                    "-1 or 1 (the sign) where |t_\(name)| exceeds the critical value at the "
                    + "corrected alpha, else 0\(assumption)",
                unit: "",
                kind: .integer,
                values: values.map { t in
                    guard t.isFinite, critical.isFinite else { return .null }
                    return .integer(t > critical ? 1 : t < -critical ? -1 : 0)
                }
            )
        }
    }

    private static func numbers(
        _ name: String,
        _ description: String,
        _ unit: String,
        _ numbers: [Double]
    ) -> Column {
        Column(
            name: name,
            description: description,
            unit: unit,
            kind: .real,
            values: numbers.map { $0.isFinite ? .real($0) : .null }
        )
    }
}
