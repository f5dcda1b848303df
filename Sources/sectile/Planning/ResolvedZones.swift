import Analysis
import ContentDigest
import Execution
import Foundation
import Lattice
import RasterIO
import Settings

/// The configured zones, read, repaired and brought to the grid's projection once, so that workers,
/// tables and maps use the very same vertices.
struct ResolvedZones {
    /// Where the resolved zones lie within the run directory.
    static let relativePath = "inputs/zones.gpkg"
    /// The same for workers.
    static let encodedPath = "inputs/zones.bin"

    /// The polygons on the grid's projection.
    let features: [PolygonFeature]
    /// The same as the analysis uses them.
    let zones: ZoneSet
    /// Identity of the resolved geometry.
    let digest: ContentDigest
    /// What is known of the zones beside their shapes.
    let attributes: ZoneAttributes
    /// Area of each zone's polygon on the grid's projection, km².
    let areasKm2: [Double]
    /// Their coverage of the grid's cells.
    let atlas: ZoneAtlas
    /// What was repaired, and what does not fit.
    let warnings: [String]
    private let reference: CoordinateReference

    /// Reads the zones of a configuration.
    ///
    /// - Throws: `RasterError` naming file, field or feature; `LatticeError` for a vertex far from the
    ///   grid.
    init(_ settings: ZonesSettings, grid: Grid) throws {
        let path = settings.path.resolved
        let source = try VectorSource(
            path: path,
            layer: settings.layer,
            encoding: settings.encoding
        )
        let layer = try source.polygons(
            idField: settings.idField,
            nameField: settings.nameField,
            in: grid.reference,
            assumedReference: try settings.crs.map { try ReferenceParser.parse($0) },
            isShifted: settings.datum == .gcj02,
            areaOfInterest: try CoordinateTransform.geographicExtent(
                of: grid.extent(of: grid.window),
                in: grid.reference
            )
        )
        guard !layer.features.isEmpty else {
            throw InputError("\(settings.path.resolved): has no features")
        }
        features = layer.features
        reference = grid.reference
        let zones = ZoneSet(layer.features)
        self.zones = zones
        digest = zones.digest
        attributes = try ZoneAttributes(
            layer.features,
            fieldNames: layer.fieldNames,
            table: settings.attributes
        )
        let atlas = try ZoneAtlas(grid: grid, zones: zones.polygons)
        areasKm2 = layer.features.indices.map { atlas.areaKm2(ofZone: $0) }
        self.atlas = atlas
        let outside = zones.identities.indices.filter { index in
            atlas.box(ofZone: index).flatMap { $0.intersection(grid.window) } == nil
        }
        guard outside.count < features.count else {
            throw InputError(
                "\(settings.path.resolved): none of its \(features.count) zones overlaps the grid; "
                    + "check its coordinate reference system"
            )
        }
        var warnings = attributes.warnings
        let suspicion = ShiftedDatum.suspicion(path: path, fieldNames: layer.fieldNames)
        if settings.datum == .wgs84, let suspicion {
            warnings.append(
                "zones: the boundaries look shifted by some 500 m: \(suspicion); if they are from "
                    + "one, write 'datum: gcj02'"
            )
        }
        if !layer.repairs.isEmpty {
            warnings.append(
                "zones: \(layer.repairs.count) invalid geometries repaired: "
                    + layer.repairs.prefix(5).joined(separator: "; ")
                    + (layer.repairs.count > 5 ? "; …" : "")
            )
        }
        if !outside.isEmpty {
            let names = outside.prefix(5).map { zones.identities[$0].name }
            warnings.append(
                "zones: \(outside.count) lie outside the grid: \(names.joined(separator: ", "))"
                    + (outside.count > 5 ? ", …" : "")
            )
        }
        self.warnings = warnings
    }

    /// Writes the resolved zones into a run directory, unless they are there.
    func write(into directory: String) throws {
        let path = "\(directory)/\(Self.relativePath)"
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let encoded = URL(fileURLWithPath: "\(directory)/\(Self.encodedPath)")
        if let present = try? Data(contentsOf: encoded), Array(present) == zones.encoded,
            FileManager.default.fileExists(atPath: path)
        {
            return
        }
        try Data(zones.encoded).write(to: encoded, options: .atomic)
        try VectorWriter.write(
            to: path,
            layer: "zones",
            reference: reference,
            columns: [
                AttributeColumn(name: "zone_id", kind: .text),
                AttributeColumn(name: "zone_name", kind: .text),
            ],
            features: features.map { feature in
                VectorFeature(
                    geometry: .polygons(feature.parts),
                    values: [.text(feature.id), .text(feature.name)]
                )
            }
        )
    }
}
