import Analysis
import CarbonBalance
import Lattice
import RasterIO

/// The table of zones: one row for each, in the order of the resolved zones.
///
/// A ratio is the ratio of the zone's sums. Numbers keep every digit; what is not defined is empty.
struct CityTable: Sendable {
    /// A column with its values.
    struct Column: Sendable {
        /// The header; units are spelled in it.
        let name: String
        /// What it holds, one sentence.
        let description: String
        /// The unit; empty for texts and ranks.
        let unit: String
        /// The type of its values.
        let kind: AttributeColumn.Kind
        /// One value for each zone.
        let values: [AttributeValue]
    }

    /// The columns in order.
    private(set) var columns: [Column] = []
    /// Number of zones.
    let rowCount: Int
    let input: PublishingInput

    /// The table of a run.
    ///
    /// - Parameters:
    ///   - input: the run; its figures have one entry for each zone.
    ///   - balance: the figures.
    ///   - outlines: the zones' polygons.
    ///   - regression: the regression on the zones; nil where there is none.
    init(
        input: PublishingInput,
        balance: BalanceConstants,
        outlines: ZoneOutlines,
        regression: ZoneRegression? = nil
    ) {
        self.input = input
        rowCount = input.zones.count
        addIdentities(balance: balance, outlines: outlines)
        for index in input.model.deficit.pairs.indices where index < balance.pairs.count {
            addPair(index, figures: balance.pairs[index].zones)
        }
        addRanges(balance: balance)
        addCoefficients(balance: balance)
        if let regression, let model = input.model.regression {
            columns += Self.columns(of: regression, model: model)
        }
        addSink()
    }

    /// Position of a column; nil when there is none of that name.
    func column(_ name: String) -> Column? { columns.first { $0.name == name } }

    private mutating func addIdentities(balance: BalanceConstants, outlines: ZoneOutlines) {
        let zones = input.zones
        let areas = outlines.areasKm2
        let outside = outlines.sharesOutside
        let covered = balance.pairs.first.map { $0.zones.map(\.areaKm2) } ?? []
        let missing = zones.indices.map { index -> Double in
            let within = areas[index] * (1 - outside[index])
            // Zones that count a part of each cell are not covered whole by design.
            guard within > 0, index < covered.count, input.model.zones?.withinLayer == nil else {
                return 0
            }
            let share = 1 - covered[index] / within
            // Coverage fractions add up to the polygon's area within rounding.
            return share < 1e-9 ? 0 : min(1, share)
        }
        addTexts("id", "Identity of the zone", zones.map(\.id))
        addTexts("name", "Name of the zone", zones.map(\.name))
        addNumbers("area_km2", "Area of the zone's polygon on the grid's projection", "km2", areas)
        if let within = input.model.zones?.withinLayer {
            addNumbers(
                "counted_km2",
                "Area that counts: the part in the classes of '\(input.model.layers[within].name)'",
                "km2",
                covered
            )
        }
        addNumbers(
            "area_outside_grid_share",
            "Share of the area outside the national grid; no column has values of it",
            "1",
            outside
        )
        addNumbers(
            "area_missing_tiles_share",
            "Share of the area within the grid that no committed tile covers",
            "1",
            missing
        )
    }

    private mutating func addPair(_ pair: Int, figures: [BalanceFigures]) {
        let model = input.model
        let layers = model.deficit.pairs[pair]
        let suffix = layers.suffix
        let kind = model.sinkKind(ofPair: pair)
        let emission = model.layers[layers.emissionLayer].name
        let sink = model.layers[layers.sinkLayer].name
        let caption = kind.caption.map { " (\($0))" } ?? ""
        addNumbers(
            "E_tCO2_yr\(suffix)",
            "Emission of layer '\(emission)'",
            "tCO2 yr-1",
            figures.map(\.emission)
        )
        addNumbers(
            "S_\(kind.rawValue)_tCO2_yr\(suffix)",
            "Sink of layer '\(sink)'\(caption)",
            "tCO2 yr-1",
            figures.map(\.sink)
        )
        let scale = input.prepare?.deficitScales[pair]
        for variant in Self.variants(of: model) {
            let unit = variant == .absolute ? "tCO2 yr-1" : variant.unit
            addNumbers(
                Self.columnName(of: variant) + suffix,
                "\(variant.title): \(variant.formula), of the zone's sums\(caption)",
                unit,
                figures.map { $0.value(of: variant, model: model.deficit, deficitScale: scale) }
            )
        }
        addTexts(
            "balance\(suffix)",
            "What the sign of D is called with this sink\(caption)",
            figures.map { figures in
                // A sign that rests on a sliver of the area is no finding.
                guard figures.validShare >= model.deficit.minimumValidShare else { return "" }
                return figures.value(of: .absolute, model: model.deficit, deficitScale: nil)
                    .map { kind.word(forDeficit: $0) } ?? ""
            }
        )
        addShares(figures, suffix: suffix)
        for variant in Self.variants(of: model) {
            addRank(of: variant, suffix: suffix)
        }
    }

    private mutating func addShares(_ figures: [BalanceFigures], suffix: String) {
        let shares: [(name: String, text: String, value: (BalanceFigures) -> Double)] = [
            ("emission_valid_share", "emission", \.emissionShare),
            ("sink_valid_share", "the sink", \.sinkShare),
            ("valid_share", "both, the smaller of the two shares", \.validShare),
        ]
        for share in shares {
            addNumbers(
                share.name + suffix,
                "Share of the zone's computed area with a value of \(share.text)",
                "1",
                figures.map { share.value($0) }
            )
        }
        columns.append(
            Column(
                name: "cells\(suffix)",
                description: "Grid cells that the zone touches",
                unit: "",
                kind: .integer,
                values: figures.map { .integer($0.cellCount) }
            )
        )
    }

    /// Rank 1 is the largest deficit; equal values are ranked by identity.
    private mutating func addRank(of variant: DeficitVariant, suffix: String) {
        let name = Self.columnName(of: variant)
        guard let column = column(name + suffix) else { return }
        // The compensation rate falls as the deficit grows.
        let sign = variant == .compensation ? -1.0 : 1.0
        let order = column.values.indices
            .compactMap { index -> (row: Int, value: Double)? in
                guard case .real(let value) = column.values[index] else { return nil }
                return (index, sign * value)
            }
            .sorted { first, second in
                first.value == second.value
                    ? input.zones[first.row].id < input.zones[second.row].id
                    : first.value > second.value
            }
        var ranks = [AttributeValue](repeating: .null, count: rowCount)
        for (position, entry) in order.enumerated() {
            ranks[entry.row] = .integer(position + 1)
        }
        columns.append(
            Column(
                name: "rank_\(Self.symbol(of: variant))\(suffix)",
                description: "Rank by \(name), 1 the largest deficit; equal values by id",
                unit: "",
                kind: .integer,
                values: ranks
            )
        )
    }

    /// The last column names the sink; its header carries the caption that the kind requires.
    private mutating func addSink() {
        let kind = input.model.mainSink
        addTexts(
            kind.caption.map { "sink (\($0))" } ?? "sink",
            "Kind of the sink of the main pair",
            [String](repeating: kind.rawValue, count: rowCount)
        )
    }

    mutating func addTexts(_ name: String, _ description: String, _ texts: [String]) {
        columns.append(
            Column(
                name: name,
                description: description,
                unit: "",
                kind: .text,
                values: texts.map { $0.isEmpty ? .null : .text($0) }
            )
        )
    }

    mutating func addNumbers(
        _ name: String,
        _ description: String,
        _ unit: String,
        _ numbers: [Double?]
    ) {
        columns.append(
            Column(
                name: name,
                description: description,
                unit: unit,
                kind: .real,
                values: numbers.map { number in
                    number.flatMap { $0.isFinite ? .real($0) : nil } ?? .null
                }
            )
        )
    }

    /// D, RD and ND, then what else the run chose.
    static func variants(of model: RunModel) -> [DeficitVariant] {
        let always: [DeficitVariant] = [.absolute, .relative, .normalised]
        return always + model.deficit.variants.filter { !always.contains($0) }
    }

    /// The short name of a variant.
    static func symbol(of variant: DeficitVariant) -> String {
        switch variant {
        case .absolute: "D"
        case .relative: "RD"
        case .normalised: "ND"
        default: variant.id
        }
    }

    /// The header of a variant's column.
    static func columnName(of variant: DeficitVariant) -> String {
        switch variant {
        case .absolute: "D_tCO2_yr"
        case .relative: "RD"
        case .normalised: "ND"
        case .perCapita: "percap_tCO2_person_yr"
        case .perGDP: "pergdp_tCO2_per_10k_CNY"
        case .logRatio, .relativeToSink, .pressure, .compensation, .asinh: variant.id
        }
    }
}
