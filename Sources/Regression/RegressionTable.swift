internal import Foundation

/// Observations to regress: locations, a response and its predictors.
///
/// Arrays are parallel, one entry per row; the intercept is added by the model. Not-a-number and
/// infinite entries are legal: such rows are left out of every fit and flagged in the result.
package struct RegressionTable: Sendable {
    /// Abscissae, or longitudes in degrees.
    package let x: [Double]
    /// Ordinates, or latitudes in degrees.
    package let y: [Double]
    /// Name of the response, for messages.
    package let responseName: String
    /// Response per row.
    package let response: [Double]
    /// Names of the predictors.
    package let predictorNames: [String]
    /// Predictors, column by column.
    package let predictors: [[Double]]

    /// Number of rows, complete or not.
    package var rowCount: Int { response.count }
    /// Number of coefficients, intercept included.
    package var parameterCount: Int { predictors.count + 1 }
    /// Names of all coefficients, the intercept first.
    package var termNames: [String] { ["intercept"] + predictorNames }

    /// Creates a table.
    ///
    /// - Throws: `malformedTable` where columns differ in length or names repeat, and
    ///   `tooFewObservations` for a table without rows.
    package init(
        x: [Double],
        y: [Double],
        responseName: String,
        response: [Double],
        predictorNames: [String],
        predictors: [[Double]]
    ) throws(RegressionError) {
        self.x = x
        self.y = y
        self.responseName = responseName
        self.response = response
        self.predictorNames = predictorNames
        self.predictors = predictors
        guard !response.isEmpty else {
            throw RegressionError(.tooFewObservations, "the table has no rows")
        }
        guard response.count < Int(Int32.max) else {
            throw RegressionError(.malformedTable, "the table has more than 2³¹ rows")
        }
        guard predictorNames.count == predictors.count else {
            throw RegressionError(
                .malformedTable,
                "\(predictors.count) predictors but \(predictorNames.count) names"
            )
        }
        var seen: Set<String> = []
        for name in predictorNames where !seen.insert(name).inserted {
            throw RegressionError(.malformedTable, "predictor \"\(name)\" is listed twice")
        }
        for (name, column) in zip(["x", "y"] + predictorNames, [x, y] + predictors)
        where column.count != response.count {
            throw RegressionError(
                .malformedTable,
                "column \"\(name)\" has \(column.count) rows, \"\(responseName)\" has "
                    + "\(response.count)"
            )
        }
    }

    /// Rows in which everything is finite, ascending.
    func completeRows() -> [Int] {
        (0..<rowCount).filter { row in
            guard x[row].isFinite, y[row].isFinite, response[row].isFinite else { return false }
            return predictors.allSatisfy { $0[row].isFinite }
        }
    }

    /// First of these rows whose coordinates cannot be degrees, if there is one.
    func firstRowOutsideDegrees(of rows: [Int]) -> Int? {
        rows.first { abs(y[$0]) > 90 || abs(x[$0]) > 360 }
    }

    /// Whether planar coordinates look like degrees: all within ±360 by ±90, and spread over less
    /// than that.
    ///
    /// A hint for a warning, no verdict: small local grids in kilometres look alike.
    package var coordinatesLookLikeDegrees: Bool {
        let rows = (0..<rowCount).filter { x[$0].isFinite && y[$0].isFinite }
        guard !rows.isEmpty, firstRowOutsideDegrees(of: rows) == nil else { return false }
        // Whole numbers throughout are cell indices or metres, hardly ever degrees.
        return rows.contains { x[$0] != x[$0].rounded() || y[$0] != y[$0].rounded() }
    }
}
