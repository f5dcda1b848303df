import Analysis
import Lattice
import RasterIO
import Regression

extension Publication {
    /// The regression on the zones, or why there is none; nil where the run asks for none.
    func zoneRegression() -> Result<ZoneRegression, ZoneRegression.Refusal>? {
        guard input.model.regression?.fitsZones == true, !input.zones.isEmpty,
            let balance = input.balance, let pair = balance.pairs.first,
            let prepare = input.prepare, prepare.layers.count == input.model.layers.count,
            let statistics = input.statistics
        else { return nil }
        let model = input.model
        let places = outlines.centroids
        return Result { () throws(ZoneRegression.Refusal) -> ZoneRegression in
            try ZoneRegression(
                ZoneRegression.Input(
                    model: model,
                    prepare: prepare,
                    zones: pair.zones,
                    layerMeans: model.layers.indices.map {
                        statistics.means(ofLayer: $0, model: model)
                    },
                    xs: places.map(\.x),
                    ys: places.map(\.y)
                )
            )
        }
    }

    /// Minimum, quartiles and maximum of the coefficients of each term, from the mosaic's own values.
    ///
    /// Memory: one strip of the grid, and that of ``ExactQuantiles``.
    func coefficientQuantiles() throws -> [[Double]] {
        guard let regression = input.cellRegression, regression.choice != nil else { return [] }
        let bands = RegressionBands(input.model, regression)
        let mosaic = try RasterDataset(path: full(MosaicKind.model.path))
        let window = input.model.grid.window
        return try (0..<regression.model.parameterCount).map { term in
            guard let band = bands.index(of: .fit(.coefficient(term))) else { return [] }
            return try ExactQuantiles().quantiles([0, 0.25, 0.5, 0.75, 1]) { visit in
                for first in stride(from: 0, to: window.rowCount, by: MosaicWriter.stripRows) {
                    let rows = first..<min(window.rowCount, first + MosaicWriter.stripRows)
                    let strip = CellWindow(rows: rows, columns: window.columns)
                    for value in try mosaic.read(strip, band: band + 1).samples { visit(value) }
                }
            }
        }
    }

    /// What whoever started the run must hear of its regressions, each sentence once.
    private var regressionWarnings: [String] {
        var sentences: [String] = []
        if let cells = input.cellRegression {
            sentences += RegressionStatements(input, cells).warnings
        }
        switch zones {
        case .failure(let refusal):
            sentences.append("The regression on the zones was refused: \(refusal)")
        case .success(let zones): sentences += zones.warnings.map { "zones: \($0)" }
        case nil: break
        }
        return sentences
    }

    /// Writes the curves of both searches and `model.json`.
    mutating func writeModel() throws {
        guard input.model.regression != nil else { return }
        results.warnings = regressionWarnings
        if let cells = input.cellRegression, let bandwidth = cells.results.bandwidth {
            let curve = CurveTable(
                bandwidth.curve(cells.model),
                isAdaptive: cells.model.isAdaptive,
                metresPerUnit: input.model.grid.cellSizeMetres
            )
            try write(curve.csv, to: "tables/bandwidth.csv")
            results.tables.append("tables/bandwidth.csv")
        }
        if case .success(let zones) = zones {
            let curve = CurveTable(zones.profile.curve).csv
            if input.model.cellRegression == nil {
                // The only curve goes by the name that scripts know.
                try write(curve, to: "tables/bandwidth.csv")
                results.tables.append("tables/bandwidth.csv")
            }
            try write(curve, to: "tables/bandwidth_zones.csv")
            let observations = ZoneObservationTable(zones: input.zones, table: zones.model.table)
            try write(observations.csv, to: ZoneObservationTable.path)
            results.tables += ["tables/bandwidth_zones.csv", ZoneObservationTable.path]
        }
        let document = RunModelDocument(input: input, zones: zones, quantiles: quantiles)
        try write(try document.encoded(), to: "tables/model.json")
        results.tables.append("tables/model.json")
    }
}
