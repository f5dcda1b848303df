/// The polygons for which tables are made.
package struct ZonesSettings: Sendable, Codable, Hashable {
    /// The vector file.
    package var path: SourcePath
    /// Layer within the file; nil: it has one.
    package var layer: String?
    /// The field that identifies a zone, read as text.
    package var idField: String
    /// The field with a zone's name; nil: the identity is the name.
    package var nameField: String?
    /// What becomes of cells outside every zone.
    package var outside: OutsidePolicy

    /// Zones of a file.
    package init(
        path: SourcePath,
        layer: String? = nil,
        idField: String,
        nameField: String? = nil,
        outside: OutsidePolicy = .mask
    ) {
        self.path = path
        self.layer = layer
        self.idField = idField
        self.nameField = nameField
        self.outside = outside
    }
}

/// What becomes of cells outside every zone.
package enum OutsidePolicy: String, Sendable, Codable, Hashable, CaseIterable {
    /// They have no values, and status 255.
    case mask
    /// They are treated like any other cell.
    case keep
}
