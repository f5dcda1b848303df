import Analysis
import CarbonBalance
import Lattice
import RasterIO
package import RunStore

/// Makes a run's results from its committed tiles: mosaics, tables, pictures, catalogue, report.
///
/// Every file appears by rename. Publishing twice from the same input gives the same files, so that it
/// can be repeated at any time.
package struct Publisher: Sendable {
    private let files: any FileSystem

    /// A publisher that writes through a file system; rasters and vectors go through GDAL.
    package init(files: any FileSystem = PosixFileSystem()) {
        self.files = files
    }

    /// What was published, as paths within the run directory.
    package struct Results: Hashable, Sendable {
        /// Mosaics, views and styles.
        package var mosaics: [String] = []
        /// Tables; empty when the run has no zones or no figures.
        package var tables: [String] = []
        /// Pictures.
        package var previews: [String] = []
        /// STAC items.
        package var catalogue: [String] = []
        /// The description of the run.
        package var runDocument = "run.json"
        /// The report.
        package var report = "report.html"

        /// Every file.
        package var all: [String] {
            mosaics + tables + previews + catalogue + [runDocument, report]
        }
    }

    /// Publishes a run.
    ///
    /// Blocks for as long as it takes to read every tile twice and compress the mosaics: call it on a
    /// thread of its own. Memory: one strip of the grid, and one picture.
    ///
    /// - Returns: what was written.
    /// - Throws: ``PublishingError`` for a damaged tile, before anything is replaced; `RasterError` or
    ///   `RunStoreError` when an output cannot be written. Files that had appeared before the
    ///   failure are whole.
    package func publish(_ input: PublishingInput) throws -> Results {
        let verifier = TileVerifier(directory: input.directory, files: files)
        try verifier.verify(input.tiles)
        let outlines = try ZoneOutlines(
            directory: input.directory,
            model: input.model,
            zones: input.zones
        )
        let statements = RunStatements(input)
        let bands = BalanceBands(model: input.model)
        for name in ["mosaic", "tables", "preview", "stac"] {
            try files.createDirectory(at: "\(input.directory)/\(name)", permissions: 0o755)
        }
        var publication = Publication(
            input: input,
            statements: statements,
            bands: bands,
            outlines: outlines,
            files: files
        )
        try publication.buildMosaics(verifier: verifier)
        try publication.drawPictures()
        try publication.writeViewsAndStyles()
        try publication.writeCatalogue()
        try publication.writeTables()
        try publication.writeRunDocument()
        try publication.writeReport()
        return publication.results
    }
}

/// A publication under way.
private struct Publication {
    let input: PublishingInput
    let statements: RunStatements
    let bands: BalanceBands
    let outlines: ZoneOutlines
    let files: any FileSystem
    var results = Publisher.Results()
    private var deficit: [PublishedBand] = []
    private var status: [PublishedBand] = []
    private var quantityPreviews: [Preview] = []
    private var statusPreviews: [Preview] = []
    private var table: CityTable?

    private static let deficitPath = "mosaic/deficit.tif"
    private static let statusPath = "mosaic/status.tif"

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

    mutating func buildMosaics(verifier: TileVerifier) throws {
        let builder = MosaicBuilder(
            input: input,
            bands: bands,
            metadata: MosaicMetadata(input: input, statements: statements),
            verifier: verifier
        )
        deficit = try builder.buildDeficit(path: full(Self.deficitPath))
        status = try builder.buildStatus(path: full(Self.statusPath))
        results.mosaics += [Self.deficitPath, Self.statusPath]
    }

    mutating func drawPictures() throws {
        let set = PreviewSet(
            input: input,
            statements: statements,
            bands: bands,
            outlines: outlines
        )
        quantityPreviews = try set.drawQuantities(
            mosaic: RasterDataset(path: full(Self.deficitPath)),
            published: deficit
        )
        statusPreviews = try set.drawStatus(
            mosaic: RasterDataset(path: full(Self.statusPath)),
            published: status
        )
        for preview in quantityPreviews + statusPreviews {
            guard let path = preview.path else { continue }
            try write(preview.png, to: path)
            results.previews.append(path)
        }
    }

    /// A view and a style for each band, and a style for each mosaic: its relative deficit, or its
    /// first deficit, and its status.
    mutating func writeViewsAndStyles() throws {
        let mosaics = [
            (path: Self.deficitPath, previews: quantityPreviews),
            (path: Self.statusPath, previews: statusPreviews),
        ]
        for mosaic in mosaics {
            let description = try RasterDataset.describe(path: full(mosaic.path))
            for preview in mosaic.previews {
                let caption = preview.caption.map { " (\($0))" } ?? ""
                let view = BandView(
                    mosaicName: String(mosaic.path.dropFirst("mosaic/".count)),
                    mosaic: description,
                    band: preview.band,
                    title: preview.title + caption
                )
                try write(try view.xml(), to: "mosaic/\(preview.name).vrt")
                try write(style(preview, band: 1).qml, to: "mosaic/\(preview.name).qml")
                results.mosaics += ["mosaic/\(preview.name).vrt", "mosaic/\(preview.name).qml"]
            }
        }
        let headline =
            bands.index(of: .variant(.relative))
            ?? bands.bands.firstIndex { if case .variant = $0.content { true } else { false } }
            ?? 0
        if let preview = quantityPreviews.first(where: { $0.band == headline + 1 }) {
            try write(style(preview, band: preview.band).qml, to: "mosaic/deficit.qml")
            results.mosaics.append("mosaic/deficit.qml")
        }
        if let preview = statusPreviews.first {
            try write(style(preview, band: preview.band).qml, to: "mosaic/status.qml")
            results.mosaics.append("mosaic/status.qml")
        }
    }

    private func style(_ preview: Preview, band: Int) -> StyleFile {
        StyleFile(band: band, caption: preview.caption, style: preview.style)
    }

    mutating func writeCatalogue() throws {
        let catalogue = Catalogue(input: input, statements: statements)
        let items = [
            (name: "deficit", mosaic: Self.deficitPath, bands: deficit),
            (name: "status", mosaic: Self.statusPath, bands: status),
        ]
        for item in items {
            let path = "stac/\(item.name).json"
            let information = try files.information(at: full(item.mosaic))
            let json = try catalogue.item(
                name: item.name,
                bands: item.bands,
                bytes: information?.bytes ?? 0,
                digest: try files.digest(at: full(item.mosaic))
            )
            try write(json, to: path)
            results.catalogue.append(path)
        }
    }

    mutating func writeTables() throws {
        guard !input.zones.isEmpty, let balance = input.balance else { return }
        let table = CityTable(input: input, balance: balance, outlines: outlines)
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
            bands: ["deficit": deficit, "status": status]
        )
        try write(try document.json(), to: results.runDocument)
    }

    mutating func writeReport() throws {
        let report = RunReport(
            input: input,
            statements: statements,
            previews: quantityPreviews + statusPreviews,
            table: table
        )
        try write(report.html, to: results.report)
    }

    private func full(_ path: String) -> String { "\(input.directory)/\(path)" }

    private func write(_ text: String, to path: String) throws {
        try write(Array(text.utf8), to: path)
    }

    private func write(_ bytes: [UInt8], to path: String) throws {
        try files.write(bytes, to: full(path), permissions: 0o644)
    }
}
