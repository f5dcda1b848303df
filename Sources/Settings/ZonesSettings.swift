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
    /// Encoding of the attributes; nil: the file's own.
    package var encoding: String?
    /// The reference system that replaces the file's own; nil: the file's own.
    package var crs: String?
    /// The datum of the coordinates.
    package var datum = VectorDatum.wgs84
    /// How cells are weighted in a zone's mean of a layer.
    package var aggregate = ZoneAggregate.area
    /// The layer whose fraction of each cell zones count; nil: whole zones.
    package var within: String?
    /// A table of further attributes.
    package var attributes: ZoneAttributesSettings?

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

/// A table of attributes that is joined to the zones by their identifiers.
package struct ZoneAttributesSettings: Sendable, Codable, Hashable {
    /// The table.
    package var path: SourcePath
    /// The column with the zones' identifiers.
    package var key: String
    /// Its encoding; nil: UTF-8.
    package var encoding: String?

    /// A table of attributes.
    package init(path: SourcePath, key: String, encoding: String? = nil) {
        self.path = path
        self.key = key
        self.encoding = encoding
    }
}
