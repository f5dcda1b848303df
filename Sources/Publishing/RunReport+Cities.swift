import Analysis
import CarbonBalance
import RasterIO

extension RunReport {
    private static let barCount = 15

    /// Adds the ranking of the zones and their table.
    func addCities(to page: inout ReportPage) {
        guard let table, table.rowCount > 0 else {
            if input.zones.isEmpty { page.note("The run has no zones: there are no city tables.") }
            return
        }
        for pair in input.model.deficit.pairs.indices {
            let suffix = input.model.deficit.pairs[pair].suffix
            page.heading(heading("Ranking of the zones", pair: pair))
            addBars(
                table,
                column: "D_tCO2_yr\(suffix)",
                unit: "tCO2 per year",
                pair: pair,
                to: &page
            )
            addBars(table, column: "RD\(suffix)", unit: "dimensionless", pair: pair, to: &page)
        }
        addTable(table, to: &page)
    }

    private func addBars(
        _ table: CityTable,
        column name: String,
        unit: String,
        pair: Int,
        to page: inout ReportPage
    ) {
        guard let column = table.column(name), let names = table.column("name") else { return }
        let ranked = column.values.indices
            .compactMap { row -> (label: String, value: Double, row: Int)? in
                guard case .real(let value) = column.values[row] else { return nil }
                return (Self.text(names.values[row]), value, row)
            }
            .sorted { ($1.value, $0.row) < ($0.value, $1.row) }
        guard !ranked.isEmpty else { return }
        let kind = input.model.sinkKind(ofPair: pair)
        let number = min(Self.barCount, ranked.count)
        let largest = ranked.prefix(number).map { (label: $0.label, value: $0.value) }
        let smallest = ranked.suffix(number).reversed().map { (label: $0.label, value: $0.value) }
        let below = kind.allowsSurplusWording ? "surpluses" : "emission below NPP"
        page.beginColumns()
        page.bars(
            caption: "\(name): the \(number) largest",
            unit: unit,
            limit: limit(largest),
            Array(largest)
        )
        page.bars(
            caption: "\(name): the \(number) smallest, \(below) where negative",
            unit: unit,
            limit: limit(smallest),
            Array(smallest)
        )
        page.endColumns()
    }

    /// Four times the median magnitude: one giant must not flatten the others.
    private func limit(_ bars: [(label: String, value: Double)]) -> Double {
        let sizes = bars.map { abs($0.value) }.sorted()
        return max(4 * Quantile.of(sorted: sizes, share: 0.5), 1e-300)
    }

    private func addTable(_ table: CityTable, to page: inout ReportPage) {
        let hidden = [
            "balance", "emission_valid_share", "sink_valid_share", "cells", "area_missing",
        ]
        let shown = table.columns.filter { column in
            !hidden.contains { column.name.hasPrefix($0) } && !column.name.hasPrefix("sink")
        }
        let caption = statements.sink.map { " \($0)." } ?? ""
        page.beginDetails("All \(table.rowCount) zones")
        page.table(
            caption:
                "Zones in the order of their file.\(caption) All digits and further columns are in "
                + "tables/cities.csv and tables/cities.gpkg.",
            header: shown.map(\.name),
            rows: (0..<table.rowCount).map { row in shown.map { Self.text($0.values[row]) } },
            textColumns: Set(shown.indices.filter { shown[$0].kind == .text })
        )
        page.endDetails()
    }

    private static func text(_ value: AttributeValue) -> String {
        switch value {
        case .text(let text): text
        case .integer(let number): NumberText.grouped(number)
        case .real(let number): NumberText.compact(number)
        case .null: ""
        }
    }
}
