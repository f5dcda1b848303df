import Foundation

/// A country of 64 × 48 cells, made of text files: two layers of 0.25° and three zones.
struct SmallInput {
    /// Where everything lies.
    let scratch: ScratchDirectory
    /// The configuration; tests change it.
    var configuration: String

    /// Writes the layers and zones.
    init(in scratch: ScratchDirectory) throws {
        self.scratch = scratch
        try Self.writeLayer("emission", in: scratch) { 100 + 7 * Double(($0 * 5 + $1 * 3) % 41) }
        try Self.writeLayer("sink", in: scratch) { 20 + 3 * Double(($0 * 2 + $1 * 11) % 37) }
        try scratch.write(
            Self.zones([
                ("1", "west", "[104,30],[108,30],[108,38],[104,38],[104,30]"),
                ("2", "north", "[108,34],[113,34],[113,38],[108,38],[108,34]"),
                ("3", "south", "[108,30],[113,30],[113,34],[108,34],[108,30]"),
            ]),
            to: "zones.geojson"
        )
        configuration = """
            name: small
            grid:
              crs: china-albers
              originX: 0
              originY: 3980000
              cellSizeMetres: 10000
              columns: 64
              rows: 48
            tiling:
              tileSizePixels: 16
            layers:
              - name: emission
                role: emission
                path: emission.asc
                quantity: density
                unit: tCO2/km2/yr
                support: 10000
              - name: sink
                role: sink
                sink: npp
                path: sink.asc
                quantity: density
                unit: tCO2/km2/yr
                support: 10000
            zones:
              path: zones.geojson
              idField: id
              nameField: name
            deficit:
              variants: [abs, rel, norm]
            engine:
              attempts: 2
              backoff:
                firstSeconds: 0.1
                maximumSeconds: 0.2

            """
    }

    /// Writes the configuration and returns its path.
    func write(_ name: String = "small.yaml") throws -> String {
        try scratch.write(configuration, to: name)
    }

    /// Replaces a text of the configuration.
    mutating func replace(_ text: String, with other: String) {
        precondition(configuration.contains(text), "the configuration has no '\(text)'")
        configuration = configuration.replacingOccurrences(of: text, with: other)
    }

    /// Makes the cells so many times finer: tiles of the same number of cells become the square as many.
    mutating func refine(by factor: Int) {
        replace("cellSizeMetres: 10000", with: "cellSizeMetres: \(10_000 / factor)")
        replace("columns: 64", with: "columns: \(64 * factor)")
        replace("rows: 48", with: "rows: \(48 * factor)")
    }

    /// Writes a layer of 36 × 32 cells from 104° E, 38° N to the south-east; or from another west.
    static func writeLayer(
        _ name: String,
        in scratch: ScratchDirectory,
        west: Double = 104,
        value: (_ row: Int, _ column: Int) -> Double
    ) throws {
        var lines = [
            "ncols 36", "nrows 32", "xllcorner \(west)", "yllcorner 30", "cellsize 0.25",
            "NODATA_value -9999",
        ]
        for row in 0..<32 {
            lines.append((0..<36).map { "\(value(row, $0))" }.joined(separator: " "))
        }
        try scratch.write(lines.joined(separator: "\n") + "\n", to: "\(name).asc")
        try scratch.write(
            """
            GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],\
            PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]
            """,
            to: "\(name).prj"
        )
    }

    /// A GeoJSON text of polygons.
    static func zones(_ zones: [(id: String, name: String, ring: String)]) -> String {
        let features = zones.map { zone in
            """
            {"type":"Feature","properties":{"id":"\(zone.id)","name":"\(zone.name)"},\
            "geometry":{"type":"Polygon","coordinates":[[\(zone.ring)]]}}
            """
        }
        return #"{"type":"FeatureCollection","features":["#
            + features.joined(separator: ",\n") + "]}\n"
    }
}
