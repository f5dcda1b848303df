/// What a run is asked to do: a configuration file, validated whole, with every default filled in.
///
/// The nested structures and their coding keys mirror the file: encoding a value gives a
/// configuration that parses to the same value, which is what `run.json` echoes. Legal keys, ranges
/// and defaults stand in ``KeyTable`` alone; a value that ``RunSettings/parse(_:file:directory:environment:flags:)``
/// returns lies within them.
package struct RunSettings: Sendable, Codable, Hashable {
    /// The name of the run, for titles and directories.
    package var name: String
    /// The national grid.
    package var grid: GridSettings
    /// How the grid is cut into tiles; no result depends on it.
    package var tiling: TilingSettings
    /// The layers in the order of the file, with unique names; all of them are prepared.
    package var layers: [LayerSettings]
    /// The zones (cities) of the tables; nil when there are none.
    package var zones: ZonesSettings?
    /// How deficits are formed.
    package var deficit: DeficitSettings
    /// The regression; nil when the run ends with deficits.
    package var regression: RegressionSettings?
    /// What is kept beside the results.
    package var output: OutputSettings
    /// How the engine works; no result depends on it.
    package var engine: EngineSettings

    /// Settings from their parts; ``parse(_:file:directory:environment:flags:)`` is what validates.
    package init(
        name: String,
        grid: GridSettings,
        tiling: TilingSettings = TilingSettings(),
        layers: [LayerSettings],
        zones: ZonesSettings? = nil,
        deficit: DeficitSettings,
        regression: RegressionSettings? = nil,
        output: OutputSettings = OutputSettings(),
        engine: EngineSettings = EngineSettings()
    ) {
        self.name = name
        self.grid = grid
        self.tiling = tiling
        self.layers = layers
        self.zones = zones
        self.deficit = deficit
        self.regression = regression
        self.output = output
        self.engine = engine
    }

    /// The layer with a name; nil when there is none.
    package func layer(named name: String) -> LayerSettings? {
        layers.first { $0.name == name }
    }

    /// The position in ``layers`` of the layer with a name; nil when there is none.
    package func layerIndex(named name: String) -> Int? {
        layers.firstIndex { $0.name == name }
    }
}
