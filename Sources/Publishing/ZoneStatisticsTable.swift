import Analysis
import CarbonBalance

/// The statistics of every layer over every zone as a table: one row for each zone, in the order of the
/// resolved zones.
///
/// Cells are weighted by the share of them inside the zone. Numbers keep every digit; what is not
/// defined is empty, and so are sum, mean and variance of a layer of most frequent classes, whose codes are
/// names.
struct ZoneStatisticsTable {
    /// Where it lies within the run directory.
    static let path = "tables/zone_statistics.csv"

    let input: PublishingInput
    let statistics: ZoneStatistics

    /// The columns of each layer and what they take of its figures.
    private static let measures: [(name: String, value: @Sendable (ZoneLayerFigures) -> Double?)] =
        [
            ("count", { $0.coverageCells }), ("sum", { $0.sum }), ("mean", { $0.mean }),
            ("variance", { $0.variance }), ("min", { $0.minimum }), ("max", { $0.maximum }),
            ("valid_km2", { $0.validAreaKm2 }),
        ]

    /// The measures that add samples up.
    private static let arithmetic: Set<String> = ["sum", "mean", "variance"]

    /// The table as CSV after RFC 4180, UTF-8, lines ended by a newline.
    var csv: String {
        let model = input.model
        var header = ["id", "name"]
        for layer in model.layers {
            header += Self.measures.map { "\(layer.name)_\($0.name)" }
            if layer.isAmount { header.append("\(layer.name)_total") }
            if layer.reading.isWeightedByPopulation {
                header.append("\(layer.name)_population_mean")
            }
        }
        var lines = [header.map(CityTable.escaped).joined(separator: ",")]
        for (zone, rows) in zip(input.zones, statistics.zones) {
            var fields = [zone.id, zone.name].map(CityTable.escaped)
            for (layer, figures) in zip(model.layers, rows) {
                let namesClasses = layer.reading.isMode
                fields += Self.measures.map { measure in
                    namesClasses && Self.arithmetic.contains(measure.name)
                        ? "" : Self.text(measure.value(figures))
                }
                if layer.isAmount { fields.append(Self.text(figures.integral)) }
                if layer.reading.isWeightedByPopulation {
                    fields.append(namesClasses ? "" : Self.text(figures.populationMean))
                }
            }
            lines.append(fields.joined(separator: ","))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func text(_ number: Double?) -> String {
        number.flatMap { $0.isFinite ? "\($0)" : nil } ?? ""
    }
}
