import Analysis
import CarbonBalance
import Lattice
import RasterIO
import RunStore

/// A publication under way.
struct Publication {
    let input: PublishingInput
    let statements: RunStatements
    let bands: BalanceBands
    let outlines: ZoneOutlines
    let files: any FileSystem
    var results = Publisher.Results()
    private(set) var bandsOfMosaics: [MosaicKind: [PublishedBand]] = [:]
    private(set) var previews: [MosaicKind: [Preview]] = [:]
    private(set) var table: CityTable?
    /// The regression on the zones, or why there is none; nil where the run asks for none.
    private(set) var zones: Result<ZoneRegression, ZoneRegression.Refusal>?
    /// Minimum, quartiles and maximum of the coefficients of cells, by term.
    private(set) var quantiles: [[Double]] = []

    init(
        input: PublishingInput,
        statements: RunStatements,
        bands: BalanceBands,
        outlines: ZoneOutlines,
        files: any FileSystem
    ) {
        self.input = input
        self.statements = statements
        self.bands = bands
        self.outlines = outlines
        self.files = files
    }

    /// The mosaics of this run in order.
    private var mosaics: [MosaicKind] { MosaicKind.allCases.filter { previews[$0] != nil } }

    mutating func buildMosaics(verifier: TileVerifier) throws {
        let builder = MosaicBuilder(
            input: input,
            bands: bands,
            metadata: MosaicMetadata(input: input, statements: statements),
            verifier: verifier
        )
        bandsOfMosaics[.deficit] = try builder.buildDeficit(path: full(MosaicKind.deficit.path))
        bandsOfMosaics[.status] = try builder.buildStatus(path: full(MosaicKind.status.path))
        if let regression = input.cellRegression {
            let bands = RegressionBands(input.model, regression)
            bandsOfMosaics[.model] = try builder.buildModel(
                path: full(MosaicKind.model.path),
                bands,
                regression
            )
            bandsOfMosaics[.neighbourhood] = try builder.buildNeighbourhood(
                path: full(MosaicKind.neighbourhood.path),
                bands,
                regression
            )
        }
        results.mosaics += MosaicKind.allCases.filter { bandsOfMosaics[$0] != nil }.map(\.path)
    }

    mutating func drawPictures() throws {
        let set = PreviewSet(
            input: input,
            statements: statements,
            bands: bands,
            outlines: outlines
        )
        for mosaic in MosaicKind.allCases {
            guard let published = bandsOfMosaics[mosaic] else { continue }
            let drawn = try set.draw(mosaic, published: published)
            previews[mosaic] = drawn
            for preview in drawn {
                guard let path = preview.path else { continue }
                try write(preview.png, to: path)
                results.previews.append(path)
            }
        }
    }

    /// A view and a style for each band, and a style for each mosaic: its relative deficit, or its
    /// first deficit, its status, its first coefficient, its bandwidth.
    mutating func writeViewsAndStyles() throws {
        let source = MosaicMetadata(input: input, statements: statements)
        for mosaic in mosaics {
            let metadata =
                if mosaic.isOfRegression, let regression = input.cellRegression {
                    source.dataset(title: "", regression: regression)
                } else {
                    source.dataset(title: "")
                }
            let description = try RasterDataset.describe(path: full(mosaic.path))
            for preview in previews[mosaic] ?? [] {
                let caption = preview.caption.map { " (\($0))" } ?? ""
                var view = BandView(
                    mosaicName: String(mosaic.path.dropFirst("mosaic/".count)),
                    mosaic: description,
                    band: preview.band,
                    title: preview.title + caption
                )
                view.metadata = metadata
                try write(try view.xml(), to: "mosaic/\(preview.name).vrt")
                let style = style(preview, band: 1, of: mosaic)
                try write(style.qml, to: "mosaic/\(preview.name).qml")
                results.mosaics += ["mosaic/\(preview.name).vrt", "mosaic/\(preview.name).qml"]
            }
        }
        let headline =
            bands.index(of: .variant(.relative))
            ?? bands.bands.firstIndex { if case .variant = $0.content { true } else { false } }
            ?? 0
        for mosaic in mosaics {
            // The first coefficient that is not the intercept says more than it.
            let wanted = mosaic == .deficit ? headline : mosaic == .model ? 1 : 0
            let drawn = previews[mosaic] ?? []
            guard let preview = drawn.first(where: { $0.band == wanted + 1 }) ?? drawn.first
            else { continue }
            let path = "mosaic/\(mosaic.rawValue).qml"
            try write(style(preview, band: preview.band, of: mosaic).qml, to: path)
            results.mosaics.append(path)
        }
    }

    private func style(_ preview: Preview, band: Int, of mosaic: MosaicKind) -> StyleFile {
        StyleFile(
            band: band,
            caption: preview.caption,
            style: preview.style,
            notes: reservations(of: mosaic) + statements.warnings + statements.layers
        )
    }

    /// What a map of the regression must not be read without.
    private func reservations(of mosaic: MosaicKind) -> [String] {
        guard mosaic.isOfRegression, let cells = input.cellRegression else { return [] }
        let told = RegressionStatements(input, cells)
        return told.warnings + told.circular.map { $0.flag(response: told.response) }
            + ["Errors, t values and significance: \(told.inference)."]
    }

    mutating func writeCatalogue() throws {
        let catalogue = Catalogue(input: input, statements: statements)
        for mosaic in mosaics {
            let path = "stac/\(mosaic.rawValue).json"
            let information = try files.information(at: full(mosaic.path))
            let json = try catalogue.item(
                of: mosaic,
                bands: bandsOfMosaics[mosaic] ?? [],
                bytes: information?.bytes ?? 0,
                digest: try files.digest(at: full(mosaic.path))
            )
            try write(json, to: path)
            results.catalogue.append(path)
        }
    }

    /// Computes what only publishing can: the regression on the zones, and quantiles of mosaics.
    mutating func regress() throws {
        zones = zoneRegression()
        quantiles = try coefficientQuantiles()
    }

    mutating func writeTables() throws {
        guard !input.zones.isEmpty, let balance = input.balance else { return }
        let table = CityTable(
            input: input,
            balance: balance,
            outlines: outlines,
            regression: try? zones?.get()
        )
        self.table = table
        let title = "Carbon deficit of \(input.zones.count) zones: \(input.model.name)"
        try table.writeGeoPackage(
            to: full("tables/cities.gpkg"),
            outlines: outlines,
            reference: input.model.grid.reference,
            timestamp: "\(input.facts.finishedAt.prefix(19)).000Z"
        )
        try write(
            try table.metadata(title: title, statements: statements, runID: input.facts.runID),
            to: "tables/cities.csv-metadata.json"
        )
        try write(table.columnTypes, to: "tables/cities.csvt")
        try write(table.csv, to: "tables/cities.csv")
        results.tables = [
            "tables/cities.csv", "tables/cities.csvt", "tables/cities.csv-metadata.json",
            "tables/cities.gpkg",
        ]
        if let statistics = input.statistics {
            let statistics = ZoneStatisticsTable(input: input, statistics: statistics)
            try write(statistics.csv, to: ZoneStatisticsTable.path)
            results.tables.append(ZoneStatisticsTable.path)
        }
    }

    mutating func writeRunDocument() throws {
        let document = RunDocument(
            input: input,
            statements: statements,
            bands: Dictionary(
                uniqueKeysWithValues: bandsOfMosaics.map { ($0.key.rawValue, $0.value) }
            )
        )
        try write(try document.json(), to: results.runDocument)
    }

    mutating func writeReport() throws {
        let report = RunReport(
            input: input,
            statements: statements,
            previews: (previews[.deficit] ?? []) + (previews[.status] ?? []),
            table: table,
            zones: zones,
            quantiles: quantiles,
            regressionPreviews: (previews[.model] ?? []) + (previews[.neighbourhood] ?? [])
        )
        try write(report.html, to: results.report)
    }

    func full(_ path: String) -> String { "\(input.directory)/\(path)" }

    func write(_ text: String, to path: String) throws {
        try write(Array(text.utf8), to: path)
    }

    func write(_ bytes: [UInt8], to path: String) throws {
        try files.write(bytes, to: full(path), permissions: 0o644)
    }
}
