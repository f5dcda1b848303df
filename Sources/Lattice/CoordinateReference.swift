/// A coordinate reference system as an opaque identity: its WKT2 text and its name.
///
/// Pure code compares and carries it; only the raster library interprets it.
package struct CoordinateReference: Hashable, Sendable, Codable {
    /// The full definition, WKT2:2019 on one line.
    package var wkt: String
    /// The name in the definition, for people.
    package var name: String

    /// A reference from its definition and name.
    package init(wkt: String, name: String) {
        self.wkt = wkt
        self.name = name
    }
}
