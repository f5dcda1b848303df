package import ContentDigest
package import Lattice

/// What a raster file says about itself, read from its header.
package struct RasterDescription: Hashable, Sendable, Codable {
    /// The file as it was named.
    package var path: String
    /// The format's driver, such as `GTiff`.
    package var driver: String
    /// Number of columns.
    package var columns: Int
    /// Number of rows.
    package var rows: Int
    /// Columns and rows to world coordinates.
    package var affine: GeoTransform
    /// The coordinate reference system; nil when the file names none.
    package var reference: CoordinateReference?
    /// True when the coordinates are longitude and latitude.
    package var isGeographic: Bool
    /// Metres per unit of a projected system, radians per unit of a geographic one.
    package var unitSize: Double
    /// The bands, first to last.
    package var bands: [BandDescription]

    /// A description from its parts.
    package init(
        path: String,
        driver: String,
        columns: Int,
        rows: Int,
        affine: GeoTransform,
        reference: CoordinateReference?,
        isGeographic: Bool,
        unitSize: Double,
        bands: [BandDescription]
    ) {
        self.path = path
        self.driver = driver
        self.columns = columns
        self.rows = rows
        self.affine = affine
        self.reference = reference
        self.isGeographic = isGeographic
        self.unitSize = unitSize
        self.bands = bands
    }

    /// Number of bands.
    package var bandCount: Int { bands.count }

    /// All pixels as a window.
    package var window: CellWindow { CellWindow(rows: 0..<rows, columns: 0..<columns) }

    /// The box that holds all pixels, in the raster's own coordinates.
    package var extent: Extent { affine.extent(columns: columns, rows: rows) }

    /// Identity of what decides how samples are read.
    ///
    /// Size, position, system, and each band's type, missing samples, scale and offset; neither the path, the
    /// format and its blocks, nor texts. The system counts by its name: what the library adds to a definition
    /// depends on what it has read before.
    package var headerDigest: ContentDigest {
        var lines = [
            "\(columns) \(rows) \(affine.coefficients)", reference?.name ?? "",
            "\(isGeographic) \(unitSize)",
        ]
        for band in bands {
            let missing = band.noDataValue.map { "\($0)" } ?? "none"
            lines.append(
                "\(band.sampleType) \(band.mask.rawValue) \(missing) \(band.scale) \(band.offset)"
            )
        }
        return ContentDigest(of: lines.joined(separator: "\n"))
    }

    /// The description of a band by its number, which starts at 1 as in GDAL.
    ///
    /// - Throws: ``RasterError/Code/noSuchBand`` when there is none.
    package func band(_ number: Int) throws(RasterError) -> BandDescription {
        guard (1...max(bandCount, 1)).contains(number), number <= bandCount else {
            let bandsText = bandCount == 1 ? "1 band" : "bands 1 to \(bandCount)"
            throw RasterError(
                .noSuchBand,
                path: path,
                detail: "there is no band \(number); the file has \(bandsText)"
            )
        }
        return bands[number - 1]
    }
}

/// What a raster file says about one of its bands.
package struct BandDescription: Hashable, Sendable, Codable {
    /// Where a band says that a sample is missing.
    package enum Mask: String, Hashable, Sendable, Codable {
        /// Every sample is valid, unless it is NaN.
        case none
        /// A value means "no data".
        case noDataValue
        /// A separate mask, in the file or beside it.
        case maskBand
        /// An alpha band: 0 is missing.
        case alpha
    }

    /// The type of the samples as GDAL names it, such as `Int16` or `Float32`.
    package var sampleType: String
    /// The value that means "no data", if any; may be NaN.
    ///
    /// JSON has no NaN: it is kept as text when encoded.
    package var noDataValue: Double?
    /// The factor from a raw sample to its value, 1 when the file has none.
    package var scale: Double
    /// What is added after scaling, 0 when the file has none.
    package var offset: Double
    /// The unit's text, empty when the file has none.
    package var unit: String
    /// The band's name or description, empty when the file has none.
    package var name: String
    /// Rows of a storage block.
    package var blockRows: Int
    /// Columns of a storage block.
    package var blockColumns: Int
    /// Where missing samples are marked.
    package var mask: Mask

    /// A description from its parts.
    package init(
        sampleType: String,
        noDataValue: Double? = nil,
        scale: Double = 1,
        offset: Double = 0,
        unit: String = "",
        name: String = "",
        blockRows: Int,
        blockColumns: Int,
        mask: Mask = .none
    ) {
        self.sampleType = sampleType
        self.noDataValue = noDataValue
        self.scale = scale
        self.offset = offset
        self.unit = unit
        self.name = name
        self.blockRows = blockRows
        self.blockColumns = blockColumns
        self.mask = mask
    }

    private enum CodingKeys: String, CodingKey {
        case sampleType, noDataValue, scale, offset, unit, name, blockRows, blockColumns, mask
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        sampleType = try container.decode(String.self, forKey: .sampleType)
        noDataValue = try container.decodeIfPresent(String.self, forKey: .noDataValue)
            .flatMap(Double.init)
        scale = try container.decode(Double.self, forKey: .scale)
        offset = try container.decode(Double.self, forKey: .offset)
        unit = try container.decode(String.self, forKey: .unit)
        name = try container.decode(String.self, forKey: .name)
        blockRows = try container.decode(Int.self, forKey: .blockRows)
        blockColumns = try container.decode(Int.self, forKey: .blockColumns)
        mask = try container.decode(Mask.self, forKey: .mask)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(sampleType, forKey: .sampleType)
        try container.encodeIfPresent(noDataValue.map { "\($0)" }, forKey: .noDataValue)
        try container.encode(scale, forKey: .scale)
        try container.encode(offset, forKey: .offset)
        try container.encode(unit, forKey: .unit)
        try container.encode(name, forKey: .name)
        try container.encode(blockRows, forKey: .blockRows)
        try container.encode(blockColumns, forKey: .blockColumns)
        try container.encode(mask, forKey: .mask)
    }

    /// Two descriptions that both have NaN as "no data" are equal.
    package static func == (lhs: Self, rhs: Self) -> Bool {
        lhs.sampleType == rhs.sampleType
            && lhs.noDataValue?.bitPattern == rhs.noDataValue?.bitPattern
            && lhs.scale == rhs.scale && lhs.offset == rhs.offset && lhs.unit == rhs.unit
            && lhs.name == rhs.name && lhs.blockRows == rhs.blockRows
            && lhs.blockColumns == rhs.blockColumns && lhs.mask == rhs.mask
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(sampleType)
        hasher.combine(noDataValue?.bitPattern)
        hasher.combine(name)
        hasher.combine(mask)
    }
}
