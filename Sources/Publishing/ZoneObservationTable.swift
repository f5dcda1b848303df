import Analysis
import Regression

/// What the regression on the zones was fitted to: one row for each zone that is an observation, in the
/// order of the resolved zones.
///
/// With it any other program fits the same models: x and y are the area's centroid in metres of the
/// grid's projection, then the response, then the transformed predictors, each number with the digits
/// that give it back to the last bit.
struct ZoneObservationTable {
    /// Where it lies within the run directory.
    static let path = "tables/zone_observations.csv"

    /// Every zone of the run.
    let zones: [ZoneSet.Identity]
    /// One row for each of them; NaN where it has no value.
    let table: RegressionTable

    /// The table as CSV after RFC 4180, UTF-8, lines ended by a newline.
    var csv: String {
        let names = ["id", "name", "x", "y", table.responseName] + table.predictorNames
        var lines = [names.map(CityTable.escaped).joined(separator: ",")]
        for (row, zone) in zones.enumerated() {
            let numbers =
                [table.x[row], table.y[row], table.response[row]]
                + table.predictors.map { $0[row] }
            guard numbers.allSatisfy(\.isFinite) else { continue }
            let fields =
                [zone.id, zone.name].map(CityTable.escaped) + numbers.map(\.description)
            lines.append(fields.joined(separator: ","))
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
