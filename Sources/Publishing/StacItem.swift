package import Lattice
package import RasterIO

/// The STAC 1.1 item of one mosaic (https://stacspec.org), with the projection, file and processing
/// extensions' fields that catalogues read.
package struct StacItem: Sendable {
    /// One band of the mosaic.
    package struct Band: Hashable, Sendable {
        /// Name as in the file.
        package let name: String
        /// What it holds.
        package let description: String
        /// Unit; empty where there is none.
        package let unit: String
        /// `float32` or `uint8`.
        package let dataType: String
        /// Nodata value as JSON has it: `"nan"` or a number.
        package let nodata: Nodata
        /// Statistics of the valid samples.
        package let statistics: BandStatistics?

        /// The two kinds of nodata in use.
        package enum Nodata: Hashable, Sendable {
            /// NaN, which STAC writes as a text.
            case notANumber
            /// A code.
            case code(Int)
        }

        /// A band.
        package init(
            name: String,
            description: String,
            unit: String,
            dataType: String,
            nodata: Nodata,
            statistics: BandStatistics?
        ) {
            self.name = name
            self.description = description
            self.unit = unit
            self.dataType = dataType
            self.nodata = nodata
            self.statistics = statistics
        }
    }

    /// Identity of the item.
    package var id: String
    /// One line about it.
    package var title: String
    /// What it is, with all that must be said of it.
    package var description: String
    /// The grid of the mosaic.
    package var grid: Grid
    /// Corners in longitude and latitude, counter-clockwise from the south-west, not closed.
    package var footprint: [(longitude: Double, latitude: Double)]
    /// Time of publishing, ISO 8601 UTC.
    package var datetime: String
    /// The mosaic relative to the item's file.
    package var assetPath: String
    /// Size of the mosaic's file, bytes.
    package var assetBytes: Int
    /// SHA-256 of the mosaic's file, 64 hexadecimal digits.
    package var assetDigest: String
    /// The bands in order.
    package var bands: [Band]
    /// Further properties: formula, sink, inputs.
    package var properties: [String: String]
    /// Programs and their versions.
    package var software: [String: String]
    /// How it was made, one sentence.
    package var lineage: String

    /// An item.
    package init(
        id: String,
        title: String,
        description: String,
        grid: Grid,
        footprint: [(longitude: Double, latitude: Double)],
        datetime: String,
        assetPath: String,
        assetBytes: Int,
        assetDigest: String,
        bands: [Band],
        properties: [String: String],
        software: [String: String],
        lineage: String
    ) {
        self.id = id
        self.title = title
        self.description = description
        self.grid = grid
        self.footprint = footprint
        self.datetime = datetime
        self.assetPath = assetPath
        self.assetBytes = assetBytes
        self.assetDigest = assetDigest
        self.bands = bands
        self.properties = properties
        self.software = software
        self.lineage = lineage
    }

    /// The item as JSON, keys sorted.
    ///
    /// - Throws: an `EncodingError` when a coordinate is not finite.
    package func json() throws -> [UInt8] {
        let longitudes = footprint.map(\.longitude)
        let latitudes = footprint.map(\.latitude)
        let box = [
            longitudes.min() ?? 0, latitudes.min() ?? 0, longitudes.max() ?? 0,
            latitudes.max() ?? 0,
        ]
        let ring = (footprint + footprint.prefix(1)).map { point -> JSONValue in
            [.number(point.longitude), .number(point.latitude)]
        }
        let item: JSONValue = [
            "type": "Feature",
            "stac_version": "1.1.0",
            "stac_extensions": [
                "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
                "https://stac-extensions.github.io/file/v2.1.0/schema.json",
                "https://stac-extensions.github.io/processing/v1.2.0/schema.json",
            ],
            "id": .text(id),
            "bbox": .array(box.map { .number($0) }),
            "geometry": ["type": "Polygon", "coordinates": [.array(ring)]],
            "properties": .object(itemProperties),
            "links": [],
            "assets": ["data": asset],
        ]
        return try item.encoded()
    }

    private var itemProperties: [String: JSONValue] {
        let affine = grid.affineCoefficients(of: grid.window)
        let extent = grid.extent(of: grid.window)
        var object: [String: JSONValue] = [
            "title": .text(title),
            "description": .text(description),
            "datetime": .text(datetime),
            "proj:code": .null,
            "proj:wkt2": .text(grid.reference.wkt),
            "proj:shape": [.integer(grid.rows), .integer(grid.columns)],
            "proj:transform": .array(
                [1, 2, 0, 4, 5, 3].map { .number(affine[$0]) }
            ),
            "proj:bbox": [
                .number(extent.minimumX), .number(extent.minimumY), .number(extent.maximumX),
                .number(extent.maximumY),
            ],
            "processing:software": .object(software.mapValues { .text($0) }),
            "processing:lineage": .text(lineage),
        ]
        for (key, value) in properties {
            object["sectile:\(key)"] = .text(value)
        }
        return object
    }

    private var asset: JSONValue {
        [
            "href": .text(assetPath),
            "title": .text(title),
            "type": "image/tiff; application=geotiff; profile=cloud-optimized",
            "roles": ["data"],
            "file:size": .integer(assetBytes),
            // A multihash: 0x12 is SHA-256, 0x20 its 32 bytes.
            "file:checksum": .text("1220" + assetDigest),
            "bands": .array(bands.map(Self.object(of:))),
        ]
    }

    private static func object(of band: Band) -> JSONValue {
        var object: [String: JSONValue] = [
            "name": .text(band.name),
            "description": .text(band.description),
            "data_type": .text(band.dataType),
        ]
        switch band.nodata {
        case .notANumber: object["nodata"] = "nan"
        case .code(let code): object["nodata"] = .integer(code)
        }
        if !band.unit.isEmpty { object["unit"] = .text(band.unit) }
        if let statistics = band.statistics, statistics.validCount > 0 {
            let share = Double(statistics.validCount) / Double(statistics.sampleCount)
            object["statistics"] = [
                "minimum": .number(statistics.minimum),
                "maximum": .number(statistics.maximum),
                "mean": .number(statistics.mean),
                "stddev": .number(statistics.standardDeviation),
                "count": .integer(statistics.validCount),
                "valid_percent": .number(100 * share),
            ]
        }
        return .object(object)
    }
}
