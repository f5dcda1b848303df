import CarbonBalance

/// Every legal key of a configuration file, in the order of the documentation.
///
/// The only list of them: the parser refuses to ask for a key that is not here, and
/// `config/run.schema.json` is generated from it.
package enum KeyTable {
    /// All keys; parents come before their children.
    package static let keys: [KeyDescription] =
        runKeys + gridKeys + layerKeys + sourceKeys + zonesKeys + zoneSourceKeys + deficitKeys
        + regressionKeys + outputKeys
        + engineKeys

    private static let byPath: [String: KeyDescription] = Dictionary(
        keys.map { ($0.path, $0) },
        uniquingKeysWith: { first, _ in first }
    )

    /// The description of a path; nil when it is no key.
    package static func key(_ path: String) -> KeyDescription? { byPath[path] }

    /// The names of the keys directly under a path, in order; empty text is the root.
    package static func children(of path: String) -> [KeyDescription] {
        keys.filter { $0.parent == path && $0.name != "[]" }
    }

    private static let runKeys = [
        KeyDescription("name", .text, .mandatory, "Name of the run, for titles."),
        KeyDescription("grid", .mapping, .mandatory, "The national grid of square cells."),
        KeyDescription(
            "tiling",
            .mapping,
            .optional("tiles of the default size"),
            "How the grid is cut into tiles; no result depends on it."
        ),
        KeyDescription(
            "layers",
            .list(1...256),
            .mandatory,
            "The input layers; all of them are brought to the grid."
        ),
        KeyDescription("layers[]", .mapping, .mandatory, "One input layer."),
        KeyDescription(
            "zones",
            .mapping,
            .optional("no tables by zone"),
            "The polygons (cities) for which tables are made."
        ),
        KeyDescription(
            "deficit",
            .mapping,
            .optional("the defaults of its keys"),
            "How deficits are formed from emission E and sink S, both in tCO2 km-2 yr-1."
        ),
        KeyDescription(
            "regression",
            .mapping,
            .optional("no regression: the run ends with deficits"),
            "The geographically weighted regression."
        ),
        KeyDescription(
            "output",
            .mapping,
            .optional("the defaults of its keys"),
            "What is kept beside the results."
        ),
        KeyDescription(
            "engine",
            .mapping,
            .optional("the defaults of its keys"),
            "How the engine works; no result depends on it."
        ),
    ]

    private static let gridKeys = [
        KeyDescription(
            "grid.crs",
            .text,
            .mandatory,
            "Equal-area reference system in metres: china-albers (105° E, parallels 25° and 47°), "
                + "EPSG:n, a PROJ string or WKT2."
        ),
        KeyDescription(
            "grid.originX",
            .number(.between(-1e8, 1e8)),
            .mandatory,
            "Western edge of the grid, metres."
        ),
        KeyDescription(
            "grid.originY",
            .number(.between(-1e8, 1e8)),
            .mandatory,
            "Northern edge of the grid, metres."
        ),
        KeyDescription(
            "grid.cellSizeMetres",
            .number(.between(1, 1e6)),
            .mandatory,
            "Edge of a cell, metres."
        ),
        KeyDescription("grid.columns", .integer(1...1_000_000), .mandatory, "Number of columns."),
        KeyDescription("grid.rows", .integer(1...1_000_000), .mandatory, "Number of rows."),
        KeyDescription(
            "tiling.tileSizePixels",
            .integer(16...8192),
            .fallback("512"),
            "Edge of a tile, cells."
        ),
    ]

    private static let zonesKeys = [
        KeyDescription("zones.path", .text, .mandatory, "The vector file."),
        KeyDescription(
            "zones.layer",
            .text,
            .optional("the file has one layer"),
            "Layer within the file."
        ),
        KeyDescription(
            "zones.idField",
            .text,
            .mandatory,
            "Field that identifies a zone; read as text."
        ),
        KeyDescription(
            "zones.nameField",
            .text,
            .optional("the identity"),
            "Field with a zone's name."
        ),
        KeyDescription(
            "zones.outside",
            .choice(OutsidePolicy.allCases.map(\.rawValue)),
            .fallback("mask"),
            "Cells outside every zone: mask gives them status 255 and no values, keep treats them "
                + "like any other."
        ),
    ]

    private static let deficitKeys = [
        KeyDescription(
            "deficit.emissionFloor",
            .number(.positive(upTo: 1e9)),
            .fallback("1"),
            "ε, tCO2 km-2 yr-1: below it no relative deficit."
        ),
        KeyDescription(
            "deficit.water",
            .choice(WaterPolicy.allCases.map(\.rawValue)),
            .fallback("zeroSink"),
            "Pixels with a water code: zeroSink absorbs nothing and keeps the emission, mask has no "
                + "values and status 20."
        ),
        KeyDescription(
            "deficit.waterLayer",
            .text,
            .optional("water codes of the sink alone"),
            "Name of a layer of quantity class whose classes are water: cells that are water all over are "
                + "treated as deficit.water says, beside those of the sink's water codes."
        ),
        KeyDescription(
            "deficit.variants",
            .list(1...DeficitVariant.allCases.count),
            .fallback("[abs, rel, norm]"),
            "The deficits that get a band each, in this order."
        ),
        KeyDescription(
            "deficit.variants[]",
            .choice(DeficitVariant.allCases.map(\.rawValue)),
            .mandatory,
            "A form of the deficit."
        ),
        KeyDescription(
            "deficit.zoneVariants",
            .list(0...ZoneVariant.allCases.count),
            .fallback("[]"),
            "Coefficients of the city table: ecc compares a zone's share of the gross domestic product "
                + "with its share of the emission, esc its share of the sink."
        ),
        KeyDescription(
            "deficit.zoneVariants[]",
            .choice(ZoneVariant.allCases.map(\.rawValue)),
            .mandatory,
            "A coefficient."
        ),
        KeyDescription(
            "deficit.pairs",
            .list(1...64),
            .optional("the emission and the sink layer, where there is one of each"),
            "Emission and sink layers that are set against each other; the first pair is the main "
                + "one."
        ),
        KeyDescription(
            "deficit.pairs[]",
            .list(2...2),
            .mandatory,
            "Name of an emission layer, name of a sink layer."
        ),
        KeyDescription("deficit.pairs[][]", .text, .mandatory, "Name of a layer."),
        KeyDescription(
            "deficit.minimumValidFraction",
            .number(.between(0, 1)),
            .fallback("0.5"),
            "Below this valid fraction of emission or sink a cell has status 14 and is no "
                + "observation."
        ),
        KeyDescription(
            "deficit.minimumValidShare",
            .number(.between(0, 1)),
            .fallback("0.5"),
            "Below this valid share of its area a zone has no relative deficit."
        ),
        KeyDescription(
            "deficit.population",
            .text,
            .optional("percap is not available"),
            "Name of the layer with persons, for percap."
        ),
        KeyDescription(
            "deficit.gdp",
            .text,
            .optional("pergdp is not available"),
            "Name of the layer with the gross domestic product, for pergdp."
        ),
    ]

    private static let outputKeys = [
        KeyDescription(
            "output.keepTiles",
            .choice(KeepTiles.allCases.map(\.rawValue)),
            .fallback("all"),
            "Tile files that remain when a run is done: none, results (not the prepared layers), or "
                + "all, so that a changed configuration recomputes only what it must."
        )
    ]
}
