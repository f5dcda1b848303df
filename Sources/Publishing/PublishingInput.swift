package import Analysis
package import ContentDigest
package import Lattice
package import Tiling

/// Everything that publishing needs to know of a run.
package struct PublishingInput: Sendable {
    /// A committed balance tile.
    package struct CommittedTile: Hashable, Sendable {
        /// The tile.
        package let id: TileID
        /// The cells it covers.
        package let core: CellWindow
        /// Its file within `tiles/`, as the journal has it.
        package let object: TileObject

        /// A committed tile.
        package init(id: TileID, core: CellWindow, object: TileObject) {
            self.id = id
            self.core = core
            self.object = object
        }
    }

    /// A tile without a result.
    package struct MissingTile: Hashable, Sendable {
        /// The tile.
        package let id: TileID
        /// The stage that gave it up.
        package let stage: Stage
        /// Why, for people.
        package let message: String

        /// A tile without a result.
        package init(id: TileID, stage: Stage, message: String) {
            self.id = id
            self.stage = stage
            self.message = message
        }
    }

    /// How a layer's file was understood, for the report.
    package struct LayerNote: Hashable, Sendable {
        /// The layer's name.
        package let layer: String
        /// The file in short: size, type, projection.
        package let summary: String
        /// How its samples are interpreted, one fact a line.
        package let interpretation: [String]

        /// A layer's note.
        package init(layer: String, summary: String, interpretation: [String]) {
            self.layer = layer
            self.summary = summary
            self.interpretation = interpretation
        }
    }

    /// The identity of an input file.
    package struct InputFile: Hashable, Sendable {
        /// The layer that it belongs to, or `zones`.
        package let use: String
        /// As it was named.
        package let path: String
        /// Size, bytes; nil when unknown.
        package let bytes: Int?
        /// Fingerprint of its content.
        package let digest: ContentDigest

        /// An input file.
        package init(use: String, path: String, bytes: Int?, digest: ContentDigest) {
            self.use = use
            self.path = path
            self.bytes = bytes
            self.digest = digest
        }
    }

    /// The run directory; outputs go to its `mosaic`, `tables`, `preview`, `stac`.
    package var directory: String
    /// What was computed.
    package var model: RunModel
    /// How the grid was cut.
    package var layout: TileLayout
    /// The committed balance tiles in tile order.
    package var tiles: [CommittedTile]
    /// The planned tiles without a committed balance, in tile order.
    ///
    /// A tile of the layout that was never planned, because nothing is in it, is not missing.
    package var missingTiles: [MissingTile]
    /// What the `prepare` stage's reduction found; nil when it did not come so far.
    package var prepare: PrepareConstants?
    /// What the `balance` stage's reduction found; nil when it did not come so far: then there are no
    /// tables and no totals.
    package var balance: BalanceConstants?
    /// The zones, in the order of the resolved file and of the balance's figures.
    package var zones: [ZoneSet.Identity]
    /// Notes of the layers, in the model's order; layers without a note are described by the model.
    package var layerNotes: [LayerNote]
    /// The input files.
    package var inputs: [InputFile]
    /// Warnings of the run that readers of its results need: circular layers, implausible totals.
    package var warnings: [String]
    /// What happened.
    package var facts: RunFacts
    /// The comparison with the sources, when it was made.
    package var closure: ClosureReport?
    /// What the regression of cells left; nil when the run has none.
    package var regression: RegressionResults?
    /// The statistics of layers over zones, when the `prepare` stage is complete.
    package var statistics: ZoneStatistics?

    /// Number of planned tiles.
    package var tileCount: Int { tiles.count + missingTiles.count }

    /// The input of a publication.
    package init(
        directory: String,
        model: RunModel,
        layout: TileLayout,
        tiles: [CommittedTile],
        missingTiles: [MissingTile],
        prepare: PrepareConstants?,
        balance: BalanceConstants?,
        zones: [ZoneSet.Identity],
        layerNotes: [LayerNote],
        inputs: [InputFile],
        warnings: [String],
        facts: RunFacts,
        closure: ClosureReport? = nil,
        regression: RegressionResults? = nil,
        statistics: ZoneStatistics? = nil
    ) {
        self.directory = directory
        self.model = model
        self.layout = layout
        self.tiles = tiles
        self.missingTiles = missingTiles
        self.prepare = prepare
        self.balance = balance
        self.zones = zones
        self.layerNotes = layerNotes
        self.inputs = inputs
        self.warnings = warnings
        self.facts = facts
        self.closure = closure
        self.regression = regression
        self.statistics = statistics
    }
}
