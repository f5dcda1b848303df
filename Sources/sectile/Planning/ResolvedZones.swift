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
    /// What was repaired.
    let warnings: [String]
    private let reference: CoordinateReference

    /// Reads the zones of a configuration.
    ///
    /// - Throws: `RasterError` naming file, field or feature; `LatticeError` for a vertex far from the
    ///   grid.
    init(_ settings: ZonesSettings, grid: Grid) throws {
        let source = try VectorSource(path: settings.path.resolved, layer: settings.layer)
        let layer = try source.polygons(
            idField: settings.idField,
            nameField: settings.nameField,
            in: grid.reference,
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
        let atlas = try ZoneAtlas(grid: grid, zones: zones.polygons)
        let outside = zones.identities.indices.filter { index in
            atlas.box(ofZone: index).flatMap { $0.intersection(grid.window) } == nil
        }
        guard outside.count < features.count else {
            throw InputError(
                "\(settings.path.resolved): none of its \(features.count) zones overlaps the grid; "
                    + "check its coordinate reference system"
            )
        }
        var warnings: [String] = []
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
