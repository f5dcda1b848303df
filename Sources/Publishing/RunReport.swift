import Analysis
import CarbonBalance
import Lattice
import Tiling

/// The report of a run: one self-contained page.
struct RunReport {
    let input: PublishingInput
    let statements: RunStatements
    let previews: [Preview]
    let table: CityTable?
    /// The regression on the zones, or why there is none; nil where the run asks for none.
    var zones: Result<ZoneRegression, ZoneRegression.Refusal>?
    /// Minimum, quartiles and maximum of the coefficients of cells, by term.
    var quantiles: [[Double]] = []
    /// The pictures of the regression of cells.
    var regressionPreviews: [Preview] = []

    /// The page.
    var html: String {
        let caption = statements.sink.map { " (\($0))" } ?? ""
        var page = ReportPage(title: "Carbon deficit: \(input.model.name)\(caption)")
        addOpening(to: &page)
        addFigures(to: &page)
        addMaps(to: &page)
        addCities(to: &page)
        addZoneRegression(to: &page)
        addCellRegression(to: &page)
        addStatuses(to: &page)
        addFormulas(to: &page)
        addClosure(to: &page)
        addLayers(to: &page)
        addRun(to: &page)
        addProvenance(to: &page)
        return page.html
    }

    private func addOpening(to page: inout ReportPage) {
        let facts = input.facts
        page.paragraph(
            "Run \(facts.runID), finished \(facts.finishedAt). Emission E and sink S on a national "
                + "grid of \(NumberText.compact(input.model.grid.cellSizeMetres / 1000)) km cells, "
                + "the deficit E − S in its forms, and the balance of \(input.zones.count) zones."
        )
        for warning in statements.warnings { page.banner(warning) }
        for warning in input.warnings { page.note(warning) }
        for tile in input.missingTiles.prefix(50) {
            page.note("Tile \(tile.id) is missing: stage \(tile.stage.rawValue), \(tile.message)")
        }
    }

    private func addFigures(to page: inout ReportPage) {
        guard let balance = input.balance else {
            page.note("The run has no national sums: its balance stage is not finished.")
            return
        }
        for (index, pair) in zip(input.model.deficit.pairs.indices, balance.pairs) {
            page.heading(heading("National balance", pair: index))
            page.figures(figures(of: pair.national, pair: index))
        }
    }

    private func figures(
        of figures: BalanceFigures,
        pair: Int
    ) -> [(value: String, label: String)] {
        let model = input.model
        let kind = model.sinkKind(ofPair: pair)
        let scale = input.prepare?.deficitScales[pair]
        func value(_ variant: DeficitVariant) -> Double? {
            figures.value(of: variant, model: model.deficit, deficitScale: scale)
        }
        let deficit = value(.absolute)
        let word = deficit.map { kind.word(forDeficit: $0) } ?? "not defined"
        return [
            (mass(figures.emission), "emission ΣE, CO2 per year"),
            (mass(figures.sink), "sink ΣS (\(kind.rawValue.uppercased())), CO2 per year"),
            (mass(deficit ?? .nan), "D = ΣE − ΣS, CO2 per year: \(word)"),
            (NumberText.compact(value(.relative) ?? .nan), "RD = (ΣE − ΣS)/ΣE"),
            (NumberText.compact(value(.normalised) ?? .nan), "ND = (ΣE − ΣS)/(ΣE + |ΣS|)"),
            (NumberText.compact(figures.areaKm2), "km² of study area"),
            (percent(figures.emissionShare), "of the area with a value of emission"),
            (percent(figures.sinkShare), "of the area with a value of the sink"),
        ]
    }

    private func addMaps(to page: inout ReportPage) {
        page.heading("Maps")
        let order = ["deficit_rel", "deficit_norm", "deficit_abs"]
        func rank(_ preview: Preview) -> Int {
            order.firstIndex(of: preview.name) ?? order.count
        }
        let drawn = previews.enumerated().filter { $0.element.path != nil }
            .sorted { (rank($0.element), $0.offset) < (rank($1.element), $1.offset) }
            .map(\.element)
        for (index, preview) in drawn.enumerated() {
            if index == order.count { page.beginDetails("Further maps") }
            let caption = preview.caption.map { ". \($0)" } ?? ""
            page.picture(png: preview.png, caption: preview.title + caption)
        }
        if drawn.count > order.count { page.endDetails() }
    }

    private func addStatuses(to page: inout ReportPage) {
        guard let balance = input.balance else { return }
        for (index, pair) in zip(input.model.deficit.pairs.indices, balance.pairs) {
            let inside = pair.statusCounts.filter { $0.code != BalanceStatus.outside.rawValue }
            let total = max(1, inside.reduce(0) { $0 + $1.cells })
            page.heading(heading("Why cells have the values they have", pair: index))
            page.table(
                caption: "Cells by status, \(NumberText.grouped(total)) in the study area; "
                    + "mosaic/status.tif, band deficit",
                header: ["status", "code", "cells", "share", "km²"],
                rows: inside.map { count in
                    let title = BalanceStatus(rawValue: count.code)?.title ?? "unknown"
                    let area = Double(count.cells) * input.model.grid.cellAreaKm2
                    return [
                        title, "\(count.code)", NumberText.grouped(count.cells),
                        percent(Double(count.cells) / Double(total)), NumberText.compact(area),
                    ]
                }
            )
        }
    }

    private func addFormulas(to page: inout ReportPage) {
        page.heading("Formulas")
        page.paragraph(
            statements.definitions
                + ". Symbols: \(MosaicMetadata.symbols). A zone's or the nation's "
                + "ratio is the ratio of its sums. Masses are sums of value · valid fraction · cell "
                + "area. Emission floor: "
                + "\(NumberText.compact(input.model.deficit.emissionFloor)) \(FluxUnit.standardText). "
                + "Water: " + (input.model.deficit.masksWater ? "masked." : "takes up nothing.")
        )
        let chosen = Set(input.model.deficit.variants)
        page.table(
            caption: "Definitions",
            header: ["id", "name", "formula", "unit", "in this run"],
            rows: DeficitVariant.allCases.map { variant in
                [
                    variant.id, variant.title, variant.formula, variant.unit,
                    chosen.contains(variant) ? "mapped" : "",
                ]
            },
            textColumns: [0, 1, 2, 3, 4]
        )
    }

    private func addClosure(to page: inout ReportPage) {
        guard let closure = input.closure else { return }
        page.heading("Closure against the sources")
        page.paragraph(
            "The same sums over the source rasters themselves, each pixel with its area on the "
                + "ellipsoid, zones by exact coverage. Differences are run over source, less 1; what "
                + "remains is the size of the cells."
        )
        page.table(
            caption: "National totals within the grid",
            header: [
                "layer", "source, tCO2 per year", "run, tCO2 per year", "difference", "pixels",
            ],
            rows: closure.layers.map { layer in
                if let reason = layer.skipped {
                    return [layer.name, "not computed: \(reason)", "", "", ""]
                }
                return [
                    layer.name, exactMass(layer.sourceTotal), exactMass(layer.runTotal),
                    difference(layer.difference), NumberText.grouped(layer.sourcePixels),
                ]
            }
        )
        let rows = closure.layers.flatMap { layer -> [[String]] in
            [("all", layer.zones), ("over 10 000 km²", layer.largeZones)].compactMap {
                label,
                zones in
                zones.map { zones in
                    [
                        layer.name, label, "\(zones.count)", difference(zones.median),
                        difference(zones.percentile95), difference(zones.worst), zones.worstZone,
                        "\(zones.countAbove1e3)", "\(zones.countAbove1e2)",
                    ]
                }
            }
        }
        guard !rows.isEmpty else { return }
        page.table(
            caption: "Differences of zones, without sign",
            header: [
                "layer", "zones", "number", "median", "95 %", "worst", "worst zone", "above 0.1 %",
                "above 1 %",
            ],
            rows: rows,
            textColumns: [0, 1, 6]
        )
    }

    func heading(_ text: String, pair: Int) -> String {
        let model = input.model
        let kind = model.sinkKind(ofPair: pair)
        let layers = model.deficit.pairs[pair]
        let caption = kind.caption.map { " · \($0)" } ?? ""
        guard model.deficit.pairs.count > 1 else { return text + caption }
        return "\(text): \(model.layers[layers.emissionLayer].name) against "
            + model.layers[layers.sinkLayer].name + caption
    }

    /// A mass with its unit: `9.53 Gt`.
    func mass(_ tonnes: Double) -> String {
        var text = NumberText.compact(tonnes)
        guard tonnes.isFinite else { return text }
        let prefix = text.last.flatMap { $0.isLetter ? String(text.removeLast()) : nil } ?? ""
        return "\(text) \(prefix)t"
    }

    /// A mass to the tonne.
    private func exactMass(_ tonnes: Double?) -> String {
        tonnes.flatMap { Int(exactly: $0.rounded()) }.map(NumberText.grouped) ?? "n/a"
    }

    func percent(_ share: Double) -> String {
        share.isFinite ? NumberText.decimal(100 * share, places: 2, trimsZeros: true) + " %" : "n/a"
    }

    private func difference(_ value: Double?) -> String {
        guard let value, value.isFinite else { return "n/a" }
        if value == 0 { return "0" }
        return abs(value) < 1e-4
            ? NumberText.compact(value)
            : NumberText.decimal(100 * value, places: 3, trimsZeros: true) + " %"
    }
}
