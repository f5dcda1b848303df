import Analysis
import RasterIO
import Regression

extension RegressionAnalysis {
    /// What every location has, in input order; rows that were left out have no values.
    func localColumns(labels: [String?]?) -> ResultColumns {
        var columns = ResultColumns()
        let table = model.table
        columns.add("x", table.x)
        columns.add("y", table.y)
        columns.add("fitted", result.fitted)
        columns.add("residual", result.residuals)
        columns.add("std_residual", result.standardisedResiduals)
        columns.add("influence", result.influence)
        columns.add("local_r2", result.localRSquared)
        columns.add("condition_number", result.conditionNumber)
        for (prefix, values) in [
            ("beta", result.coefficients), ("se", result.standardErrors), ("t", result.tValues),
        ] {
            for (name, column) in zip(result.termNames, values) {
                columns.add("\(prefix)_\(name)", column)
            }
        }
        columns.add("observed", table.response)
        columns.add("cooks_d", result.cooksDistance)
        for (name, column) in zip(table.predictorNames, result.varianceInflation) {
            columns.add("vif_\(name)", column)
        }
        for (name, column) in zip(result.termNames, result.varianceProportions) {
            columns.add("vdp_\(name)", column)
        }
        columns.add("bandwidth_distance", result.bandwidthDistance)
        columns.add(
            "neighbours",
            zip(result.neighbourCount, result.failures).map { $1 == nil ? $0 : nil }
        )
        columns.add("unidentified_terms", result.unidentifiedTerms.map { text(of: $0) })
        let critical = result.diagnostics.criticalT(alpha)
        let prefix = localPattern.isIndependent ? "significant" : "significant_if_independent"
        for (name, column) in zip(result.termNames, result.tValues) {
            columns.add("\(prefix)_\(name)", column.map { significance($0, critical) })
        }
        columns.add("reason", result.failures.map { $0?.rawValue })
        if let labels { columns.add("label", labels) }
        return columns
    }

    /// The terms of a mask by name, separated by semicolons; nil for none.
    private func text(of mask: UInt64) -> String? {
        guard mask != 0 else { return nil }
        return result.termNames.indices.filter { mask & (1 << UInt64($0)) != 0 }
            .map { result.termNames[$0] }.joined(separator: ";")
    }

    /// 1 or −1 for a coefficient that differs from 0, by its sign; nil where there is none.
    private func significance(_ t: Double, _ critical: Double) -> Int? {
        guard t.isFinite, critical.isFinite else { return nil }
        return t > critical ? 1 : t < -critical ? -1 : 0
    }
}

/// Predictions at the rows of another table.
struct PredictionTable {
    /// Columns in the order of the other table.
    let columns: ResultColumns
    /// Number of rows, and of those without prediction.
    let rowCount: Int
    let failureCount: Int

    /// Reads the places and predicts there.
    ///
    /// - Throws: `CommandError`, or `RegressionError`.
    init(path: String, columns named: RegressionInput.Columns, analysis: RegressionAnalysis) throws
    {
        let result = analysis.result
        let x: [Double]
        let y: [Double]
        let predictors: [[Double]]
        do {
            let file = try TableReader.read(path, encoding: named.encoding)
            (x, y) = try RegressionInput.coordinates(of: file, named.x, named.y)
            predictors = try named.predictors.map {
                try ColumnExpression($0, columnNames: file.columnNames).values(in: file)
            }
        } catch let error as CommandError {
            throw error
        } catch {
            throw CommandError.usage("--predict: \(error)")
        }
        let prediction = try analysis.model.predict(
            x: x,
            y: y,
            predictors: predictors,
            bandwidth: result.bandwidth,
            sigmaSquared: result.diagnostics.sigmaSquared
        )
        var columns = ResultColumns()
        columns.add("x", x)
        columns.add("y", y)
        columns.add("predicted", prediction.predicted)
        columns.add("se_mean", prediction.meanStandardErrors)
        columns.add("se_prediction", prediction.observationStandardErrors)
        for (name, values) in zip(result.termNames, prediction.coefficients) {
            columns.add("beta_\(name)", values)
        }
        columns.add("bandwidth_distance", prediction.bandwidthDistance)
        columns.add(
            "unidentified_terms",
            prediction.unidentifiedTerms.map { mask in
                mask == 0
                    ? nil
                    : result.termNames.indices.filter { mask & (1 << UInt64($0)) != 0 }
                        .map { result.termNames[$0] }.joined(separator: ";")
            }
        )
        columns.add("reason", prediction.failures.map { $0?.rawValue })
        self.columns = columns
        rowCount = x.count
        failureCount = prediction.failures.count { $0 != nil }
    }
}
