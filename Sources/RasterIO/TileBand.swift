package import ContentDigest
package import Lattice

/// One band of a tile to be written.
package struct TileBand: Sendable {
    /// The band's name, such as `emission`.
    package let name: String
    /// The unit's text, empty for none.
    package let unit: String
    /// The samples over the tile's window.
    package let samples: TileSamples

    /// A band with its samples.
    package init(name: String, unit: String = "", block: CellBlock) {
        self.name = name
        self.unit = unit
        samples = .single(block)
    }

    /// A band with its samples in double precision; a file's bands are all of one precision.
    package init(name: String, unit: String = "", block: DoubleBlock) {
        self.name = name
        self.unit = unit
        samples = .double(block)
    }
}

/// The samples of a band, in the precision in which they are kept.
package enum TileSamples: Sendable {
    /// Layers, deficits and statuses.
    case single(CellBlock)
    /// Results of a regression.
    case double(DoubleBlock)

    /// The cells covered.
    var window: CellWindow {
        switch self {
        case .single(let block): block.window
        case .double(let block): block.window
        }
    }

    /// The block of a band in single precision; nil for one in double.
    package var single: CellBlock? {
        if case .single(let block) = self { block } else { nil }
    }

    var isDouble: Bool {
        if case .double = self { true } else { false }
    }
}

/// How the samples of a file are stored.
package enum SampleFormat: String, Hashable, Sendable, Codable, CaseIterable {
    /// float32; NaN is nodata.
    case float32
    /// float64; NaN is nodata.
    case float64
    /// Bytes; 255 is nodata. For status codes.
    case byte
}

/// A tile file as it was written.
package struct WrittenTile: Hashable, Sendable, Codable {
    /// Size of the file, bytes.
    package let bytes: Int
    /// SHA-256 of the file.
    package let fileDigest: ContentDigest
    /// SHA-256 of the samples in band order, see ``TileWriter/samplesDigest(bands:)``.
    package let samplesDigest: ContentDigest

    /// The three numbers of a written file.
    package init(bytes: Int, fileDigest: ContentDigest, samplesDigest: ContentDigest) {
        self.bytes = bytes
        self.fileDigest = fileDigest
        self.samplesDigest = samplesDigest
    }
}

/// What a tile file holds.
package struct TileContents: Sendable {
    /// The cells of the national grid that the file covers.
    package let window: CellWindow
    /// The names of the bands that were read.
    package let names: [String]
    /// Their samples, in the same order.
    package let blocks: [CellBlock]
    /// The items of the file's default metadata domain that are not the tile's own position.
    package let metadata: [MetadataItem]

    /// The samples of a band by name; nil when it was not read.
    package func block(named name: String) -> CellBlock? {
        names.firstIndex(of: name).map { blocks[$0] }
    }
}
