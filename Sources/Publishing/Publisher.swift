import Analysis
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
        /// What a reader of the local models must know before believing them; not files.
        package var warnings: [String] = []

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
        if let regression = input.cellRegression {
            try verifier.verify(regression.results.fitTiles + regression.results.diagnoseTiles)
        }
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
        try publication.regress()
        try publication.writeTables()
        try publication.writeModel()
        try publication.writeRunDocument()
        try publication.writeReport()
        return publication.results
    }
}
