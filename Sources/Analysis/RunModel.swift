package import CarbonBalance
package import ContentDigest
private import Foundation
package import Lattice

/// What is computed, complete and resolved: the specification that every worker is given.
///
/// It holds nothing about tiles or workers. Its JSON text, keys sorted, is what travels.
package struct RunModel: Hashable, Sendable, Codable {
    /// The name the configuration gives the run.
    package var name: String
    /// The national grid.
    package var grid: Grid
    /// The layers, in the order of the configuration.
    package var layers: [LayerModel]
    /// The zones; nil when the run has none.
    package var zones: ZonesModel?
    /// How emission and sink become deficits.
    package var deficit: DeficitModel
    /// What the main pair's deficit is regressed on; nil when the run has no regression.
    package var regression: RegressionModel?

    /// A model from its parts.
    package init(
        name: String,
        grid: Grid,
        layers: [LayerModel],
        zones: ZonesModel?,
        deficit: DeficitModel,
        regression: RegressionModel? = nil
    ) {
        self.regression = regression
        self.name = name
        self.grid = grid
        self.layers = layers
        self.zones = zones
        self.deficit = deficit
    }

    /// Position of a layer by its name.
    package func layerIndex(named name: String) -> Int? {
        layers.firstIndex { $0.name == name }
    }

    /// The sink kind of the main pair; it captions every output.
    package var mainSink: SinkKind {
        deficit.pairs.first.flatMap { pair in layers[pair.sinkLayer].sink } ?? .custom
    }

    /// The regression of cells; nil when the run has none.
    package var cellRegression: RegressionModel? {
        regression.flatMap { $0.fitsCells ? $0 : nil }
    }

    /// The model as bytes, the same for equal models.
    ///
    /// - Throws: when a number is not finite.
    package func encoded() throws -> [UInt8] { try ModelCoding.encode(self) }

    /// Reads a model back.
    ///
    /// - Throws: when the bytes are no model of this version.
    package init(encoded bytes: [UInt8]) throws {
        self = try ModelCoding.decode(RunModel.self, from: bytes)
    }
}

/// One layer, resolved against its files.
package struct LayerModel: Hashable, Sendable, Codable {
    /// Unique within the run.
    package var name: String
    /// What GDAL opens, one for each file.
    package var paths: [String]
    /// How several files are combined.
    package var combination: LayerCombination
    /// Band within each file, from 1.
    package var band: Int
    /// Content of each file, so that a worker can tell another file of the same name.
    package var fingerprints: [ContentDigest]
    /// How samples relate to area.
    package var quantity: QuantityKind
    /// Replaces the files' nodata values when not nil.
    package var nodata: [Double]?
    /// Meaning of special codes, ascending by code.
    package var codes: [LayerCode]
    /// From stored to physical samples; nil: the file's own.
    package var scale: Double?
    /// Added after the scale; nil: the file's own.
    package var offset: Double?
    /// From physical samples (totals already divided by their cell's km²) to internal units.
    package var unitFactor: Double
    /// The unit of the prepared layer.
    package var internalUnit: String
    /// The classes whose joint fraction is the value; empty unless the quantity is a class.
    package var classes: [Int]
    /// True when sub-points take the interpolated value of pixel centres, not the pixel's.
    package var isBilinear: Bool
    /// Sub-points along each edge of a cell.
    package var subpointsPerAxis: Int
    /// Cells with a smaller valid fraction have no value; 0 keeps every value.
    package var minimumValidFraction: Double
    /// What water means for this layer's samples.
    package var waterIsZero: Bool
    /// Present for sink layers.
    package var sink: SinkKind?
    /// Further facts that outputs carry.
    package var facts: LayerFacts
    /// How the layer comes about, where one band of a raster is not all.
    package var reading = SourceReading()

    /// A layer from its parts.
    package init(
        name: String,
        paths: [String],
        combination: LayerCombination,
        band: Int,
        fingerprints: [ContentDigest],
        quantity: QuantityKind,
        nodata: [Double]?,
        codes: [LayerCode],
        scale: Double?,
        offset: Double?,
        unitFactor: Double,
        internalUnit: String,
        classes: [Int],
        isBilinear: Bool,
        subpointsPerAxis: Int,
        minimumValidFraction: Double,
        waterIsZero: Bool,
        sink: SinkKind?,
        facts: LayerFacts
    ) {
        self.name = name
        self.paths = paths
        self.combination = combination
        self.band = band
        self.fingerprints = fingerprints
        self.quantity = quantity
        self.nodata = nodata
        self.codes = codes
        self.scale = scale
        self.offset = offset
        self.unitFactor = unitFactor
        self.internalUnit = internalUnit
        self.classes = classes
        self.isBilinear = isBilinear
        self.subpointsPerAxis = subpointsPerAxis
        self.minimumValidFraction = minimumValidFraction
        self.waterIsZero = waterIsZero
        self.sink = sink
        self.facts = facts
    }

    /// True when some code means water: the prepared tile then has a water band, as has one that is computed of
    /// such layers.
    package var hasWaterCode: Bool { codes.contains { $0.isWater } }
}

/// The meaning of one special code.
package struct LayerCode: Hashable, Sendable, Codable {
    /// The stored sample.
    package var code: Int
    /// Its physical value; nil: missing.
    package var value: Double?
    /// True when the pixel is water: the water policy decides its value.
    package var isWater: Bool

    /// A code's meaning.
    package init(code: Int, value: Double?, isWater: Bool) {
        self.code = code
        self.value = value
        self.isWater = isWater
    }
}

/// What is known of a layer beyond its numbers; carried into every output.
package struct LayerFacts: Hashable, Sendable, Codable {
    /// emission, sink, covariate or mask.
    package var role: String
    /// The unit as the configuration has it.
    package var unit: String
    /// The year the data describe.
    package var year: Int?
    /// True resolution, metres.
    package var supportMetres: Double
    /// Names of what the layer was derived from.
    package var derivedFrom: [String]
    /// True when the data are a stand-in.
    package var isProxy: Bool
    /// Where the data come from.
    package var source: String?
    /// On whose account emissions are booked.
    package var accounting: String?
    /// The sectors covered.
    package var sectors: [String]

    /// The facts of a layer.
    package init(
        role: String,
        unit: String,
        year: Int?,
        supportMetres: Double,
        derivedFrom: [String],
        isProxy: Bool,
        source: String?,
        accounting: String?,
        sectors: [String]
    ) {
        self.role = role
        self.unit = unit
        self.year = year
        self.supportMetres = supportMetres
        self.derivedFrom = derivedFrom
        self.isProxy = isProxy
        self.source = source
        self.accounting = accounting
        self.sectors = sectors
    }
}

/// The zones, as the coordinator resolved them into a file of polygons on the grid's projection.
package struct ZonesModel: Hashable, Sendable, Codable {
    /// The resolved polygons as a GeoPackage, relative to the run directory, for tables and people.
    package var path: String
    /// The same for workers, in the form of ``ZoneSet/encoded``.
    package var encodedPath: String
    /// SHA-256 of the resolved geometry.
    package var digest: ContentDigest
    /// Number of zones.
    package var count: Int
    /// True when cells that no zone touches are outside the study area.
    package var masksOutside: Bool
    /// Position of the layer whose fraction of each cell zones count; nil: whole cells.
    package var withinLayer: Int?

    /// The zones of a run.
    package init(
        path: String,
        encodedPath: String,
        digest: ContentDigest,
        count: Int,
        masksOutside: Bool
    ) {
        self.path = path
        self.encodedPath = encodedPath
        self.digest = digest
        self.count = count
        self.masksOutside = masksOutside
    }
}

/// How emission and sink become deficits.
package struct DeficitModel: Hashable, Sendable, Codable {
    /// An emission layer against a sink layer, by position.
    package struct Pair: Hashable, Sendable, Codable {
        /// Position of the emission layer.
        package var emissionLayer: Int
        /// Position of the sink layer.
        package var sinkLayer: Int
        /// Empty for the main pair, else `_<emission>_<sink>`: the ending of its bands' names.
        package var suffix: String

        /// A pair of layers.
        package init(emissionLayer: Int, sinkLayer: Int, suffix: String) {
            self.emissionLayer = emissionLayer
            self.sinkLayer = sinkLayer
            self.suffix = suffix
        }
    }

    /// The pairs; the first is the main one.
    package var pairs: [Pair]
    /// ε, tCO2 km⁻² yr⁻¹.
    package var emissionFloor: Double
    /// Status 14 below this valid fraction of emission or sink.
    package var minimumValidFraction: Double
    /// A zone with a smaller valid share has no relative deficit.
    package var minimumValidShare: Double
    /// True when water leaves cells without deficit.
    package var masksWater: Bool
    /// The variants with a band each, in order.
    package var variants: [DeficitVariant]
    /// Position of the layer with persons per km², for `percap`.
    package var populationLayer: Int?
    /// Position of the layer with 10⁴ CNY per km², for `pergdp`.
    package var gdpLayer: Int?
    /// Position of the layer with the fraction of water; nil: the sinks' codes alone tell.
    package var waterLayer: Int?
    /// Further coefficients of tables.
    package var zoneVariants: [ZoneVariant] = []

    /// A deficit model from its parts.
    package init(
        pairs: [Pair],
        emissionFloor: Double,
        minimumValidFraction: Double,
        minimumValidShare: Double,
        masksWater: Bool,
        variants: [DeficitVariant],
        populationLayer: Int?,
        gdpLayer: Int?
    ) {
        self.pairs = pairs
        self.emissionFloor = emissionFloor
        self.minimumValidFraction = minimumValidFraction
        self.minimumValidShare = minimumValidShare
        self.masksWater = masksWater
        self.variants = variants
        self.populationLayer = populationLayer
        self.gdpLayer = gdpLayer
    }

    /// The constants of the cell formulas.
    ///
    /// - Parameter deficitScale: θ of the pair, from the `prepare` stage's reduction.
    /// - Returns: ε, θ, the water policy and the least valid fraction.
    package func parameters(deficitScale: Double?) -> DeficitParameters {
        DeficitParameters(
            emissionFloor: emissionFloor,
            waterPolicy: masksWater ? .mask : .zeroSink,
            minimumValidFraction: minimumValidFraction,
            asinhScale: deficitScale
        )
    }
}

/// JSON with sorted keys: equal values give equal bytes.
package enum ModelCoding {
    /// Encodes a value.
    ///
    /// - Throws: when a number is not finite.
    package static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value))
    }

    /// Decodes a value.
    ///
    /// - Throws: a `DecodingError` when the bytes do not hold one.
    package static func decode<Value: Decodable>(
        _ type: Value.Type,
        from bytes: [UInt8]
    ) throws -> Value {
        try JSONDecoder().decode(type, from: Data(bytes))
    }
}
