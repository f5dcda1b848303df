import Analysis
import Lattice
import RasterIO

/// The polygons of the zones on the grid's projection, as the run resolved them.
struct ZoneOutlines: Sendable {
    /// The polygons in the order of the zones.
    let features: [PolygonFeature]
    /// Area of each zone, km².
    let areasKm2: [Double]
    /// Share of each zone's area outside the grid, 0…1.
    let sharesOutside: [Double]

    /// Polygons on a grid.
    ///
    /// - Throws: `LatticeError` when a vertex is too far from the grid.
    init(features: [PolygonFeature], grid: Grid) throws {
        let atlas = try ZoneAtlas(grid: grid, zones: features.map(\.zonePolygon))
        self.features = features
        areasKm2 = features.indices.map { atlas.areaKm2(ofZone: $0) }
        sharesOutside = features.indices.map { atlas.shareOutsideGrid(ofZone: $0) }
    }

    /// Reads the resolved zones of a run; none when it has no zones.
    ///
    /// - Throws: when the file cannot be read, or holds other zones than the run's.
    init(directory: String, model: RunModel, zones: [ZoneSet.Identity]) throws {
        guard let resolved = model.zones else {
            try self.init(features: [], grid: model.grid)
            return
        }
        let path = "\(directory)/\(resolved.path)"
        let source = try VectorSource(path: path, layer: "zones")
        // The file's coordinates are the grid's, whatever its own text of the system reads as.
        let layer = try source.polygons(
            idField: "zone_id",
            nameField: "zone_name",
            in: model.grid.reference,
            assumedReference: model.grid.reference
        )
        guard layer.features.map(\.id) == zones.map(\.id) else {
            throw PublishingError(
                .incompleteRun,
                path,
                "its \(layer.features.count) zones are not the \(zones.count) zones of the run; the "
                    + "file was replaced: start the run anew in another directory"
            )
        }
        try self.init(features: layer.features, grid: model.grid)
    }

    /// The centroids of the zones' areas, metres on the grid's projection.
    var centroids: [(x: Double, y: Double)] { features.map(\.centroid) }

    /// The rings in columns and rows from a grid's origin, scaled.
    ///
    /// - Parameters:
    ///   - grid: the grid of the picture.
    ///   - columnScale: picture cells for a column of the grid.
    ///   - rowScale: picture cells for a row of the grid.
    /// - Returns: closed rings.
    func borders(
        grid: Grid,
        columnScale: Double,
        rowScale: Double
    ) -> [[(x: Double, y: Double)]] {
        features.flatMap { feature in
            feature.parts.flatMap { part in
                part.rings.map { ring in
                    zip(ring.xs, ring.ys).map { x, y in
                        let place = grid.position(x: x, y: y)
                        return (x: place.column * columnScale, y: place.row * rowScale)
                    }
                }
            }
        }
    }
}

extension PolygonFeature {
    /// The centroid of the area; the first vertex of a feature without area.
    ///
    /// Relative to the first vertex: national coordinates squared would cost half of the digits.
    var centroid: (x: Double, y: Double) {
        guard let origin = parts.first?.rings.first, origin.count > 0 else { return (.nan, .nan) }
        let (originX, originY) = (origin.xs[0], origin.ys[0])
        var (area, momentX, momentY) = (0.0, 0.0, 0.0)
        for ring in parts.lazy.flatMap(\.rings) {
            for index in 1..<max(1, ring.count) {
                let (ax, ay) = (ring.xs[index - 1] - originX, ring.ys[index - 1] - originY)
                let (bx, by) = (ring.xs[index] - originX, ring.ys[index] - originY)
                let cross = ax * by - bx * ay
                area += cross
                momentX += (ax + bx) * cross
                momentY += (ay + by) * cross
            }
        }
        guard area != 0 else { return (originX, originY) }
        return (originX + momentX / (3 * area), originY + momentY / (3 * area))
    }

    /// The polygons as the coverage takes them.
    var zonePolygon: ZonePolygon {
        ZonePolygon(
            parts: parts.map { part in
                part.rings.map { ring in
                    zip(ring.xs, ring.ys).map { ZonePolygon.Vertex(x: $0, y: $1) }
                }
            }
        )
    }
}
