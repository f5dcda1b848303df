package import CarbonBalance
package import ContentDigest
package import Lattice

/// How a layer comes about, beyond what every layer has: the defaults read one band as it stands.
package struct SourceReading: Hashable, Sendable, Codable {
    /// Further bands of each file, in the order in which they are combined.
    package var furtherBands: [Int] = []
    /// Replaces the files' reference system when not nil.
    package var reference: CoordinateReference?
    /// The box of all pixels of a file without a position; nil: the files' own.
    package var extent: Extent?
    /// True when a cell takes its most frequent class.
    package var isMode = false
    /// What is computed.
    package var derivation = LayerDerivation.none
    /// What each raster said about itself when the run was planned; nil: not known.
    ///
    /// A worker that finds another file under the name, or a header read in part, does not compute with it.
    package var headers: [ContentDigest]?
    /// True when a zone's mean of the layer is weighted by inhabitants.
    package var isWeightedByPopulation = false

    /// A band as it stands.
    package init() {}
}

/// What is computed for a layer.
package enum LayerDerivation: Hashable, Sendable, Codable {
    /// Nothing: samples are averaged.
    case none
    /// A component of directions, samples in units of `degreesPerUnit`.
    case direction(DirectionComponent, degreesPerUnit: Double)
    /// A measure of a height on its own pixels.
    case terrain(TerrainMeasure)
    /// A combination of prepared layers, by position, all before this one.
    case layers(LayerOperation, operands: [Int])
    /// Distance to features, km.
    case distance(FeatureSource)
    /// Weight of points, or weighted km of lines, per km².
    case density(FeatureSource)
    /// A value for each zone in internal units, spread over its area; nil where it is not known.
    case zones(values: [Double?])

    /// The features it is computed from.
    package var features: FeatureSource? {
        switch self {
        case .distance(let source), .density(let source): source
        case .none, .direction, .terrain, .layers, .zones: nil
        }
    }

    /// The same without the places of files, for digests.
    var withoutPlaces: LayerDerivation {
        switch self {
        case .distance(var source):
            source.encodedPath = ""
            return .distance(source)
        case .density(var source):
            source.encodedPath = ""
            return .density(source)
        case .none, .direction, .terrain, .layers, .zones: return self
        }
    }

    /// True when the layer's files are rasters.
    package var readsRasters: Bool {
        switch self {
        case .none, .direction, .terrain: true
        case .layers, .distance, .density, .zones: false
        }
    }

    /// Source pixels beyond those asked for that each value depends on.
    package var haloPixels: Int {
        if case .terrain = self { return 1 }
        return 0
    }
}

/// Points or lines, as the coordinator resolved them into a file of the run directory.
package struct FeatureSource: Hashable, Sendable, Codable {
    /// The file, relative to the run directory, in the form of ``FeatureSet/encoded``.
    package var encodedPath: String
    /// SHA-256 of what it holds.
    package var digest: ContentDigest
    /// True for lines, whose length is summed.
    package var hasLength: Bool
    /// Radius of the circle about a cell's centre that a density counts, metres; nil: the cell itself.
    package var radiusMetres: Double?

    /// A resolved source.
    package init(encodedPath: String, digest: ContentDigest, hasLength: Bool) {
        self.encodedPath = encodedPath
        self.digest = digest
        self.hasLength = hasLength
    }
}

extension RunModel {
    /// The files that the coordinator resolved for the workers, as paths within the run directory.
    package var resolvedInputs: Set<String> {
        Set(
            layers.compactMap { $0.reading.derivation.features?.encodedPath }
                + [zones?.encodedPath].compactMap(\.self)
        )
    }
}

extension LayerModel {
    /// The bands of each file, in the order in which they are combined.
    package var bands: [Int] { [band] + reading.furtherBands }

    /// True when the samples are a mean over area, so that totals and means mean something.
    package var isAmount: Bool { quantity.isAmount }
}
