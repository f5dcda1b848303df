import Lattice
import RasterIO

/// The zones, and the national grid as a further zone, over the pixels of a source raster.
struct SourceAtlas {
    /// The coverage of pixels: the zones in their order, then the grid.
    let zones: ZoneAtlas
    /// The pixels that the grid's box meets; nil when there are none.
    let window: CellWindow?

    /// Brings polygons on the national grid's projection to a source's pixels.
    ///
    /// - Throws: when they cannot be transformed.
    init(
        grid: Grid,
        features: [PolygonFeature],
        description: RasterDescription,
        reference: CoordinateReference
    ) throws {
        let extent = grid.extent(of: grid.window)
        let projection = PixelProjection(
            description: description,
            transform: try CoordinateTransform(
                from: grid.reference,
                to: reference,
                areaOfInterest: try CoordinateTransform.geographicExtent(
                    of: extent,
                    in: grid.reference
                )
            ),
            pieceLength: grid.cellSizeMetres
        )
        let outline = PolygonRing(
            xs: [
                extent.minimumX, extent.maximumX, extent.maximumX, extent.minimumX,
                extent.minimumX,
            ],
            ys: [
                extent.minimumY, extent.minimumY, extent.maximumY, extent.maximumY,
                extent.minimumY,
            ]
        )
        let turn = projection.turn(for: outline)
        let parts = features.map(\.parts) + [[PolygonPart(rings: [outline])]]
        // Pixels are unit squares of a plane of their own: only their order on it counts.
        let plane = Grid(
            reference: reference,
            originX: 0,
            originY: 0,
            cellSizeMetres: 1,
            columns: description.columns,
            rows: description.rows
        )
        zones = try ZoneAtlas(
            grid: plane,
            zones: parts.map { parts in
                ZonePolygon(
                    parts: parts.map { part in part.rings.map { projection.vertices($0, turn) } }
                )
            }
        )
        window = zones.box(ofZone: features.count)?.intersection(plane.window)
    }
}

/// The projection of rings to the columns and rows of a source; belongs to one thread.
private struct PixelProjection: ~Copyable {
    let description: RasterDescription
    let transform: CoordinateTransform
    /// Edges are cut into pieces no longer than this, metres: a straight edge is a curve elsewhere.
    let pieceLength: Double

    init(
        description: RasterDescription,
        transform: consuming CoordinateTransform,
        pieceLength: Double
    ) {
        self.description = description
        self.transform = transform
        self.pieceLength = pieceLength
    }

    /// What is added to longitudes so that a ring falls on the raster: files run from −180 to 180 or
    /// from 0 to 360.
    func turn(for ring: PolygonRing) -> Double {
        guard description.isGeographic else { return 0 }
        let whole = 2 * Double.pi / description.unitSize
        let (xs, _) = projected(ring)
        let finite = xs.filter(\.isFinite)
        guard let low = finite.min(), let high = finite.max() else { return 0 }
        let middle = (low + high) / 2
        let extent = description.extent
        return [0, whole, -whole].first { turn in
            (extent.minimumX...extent.maximumX).contains(middle + turn)
        } ?? 0
    }

    /// A ring in pixels; y is the negative row.
    func vertices(_ ring: PolygonRing, _ turn: Double) -> [ZonePolygon.Vertex] {
        let (xs, ys) = projected(ring)
        return zip(xs, ys).compactMap { x, y in
            guard x.isFinite else { return nil }
            let place = description.affine.position(x: x + turn, y: y)
            return ZonePolygon.Vertex(x: place.column, y: -place.row)
        }
    }

    private func projected(_ ring: PolygonRing) -> (xs: [Double], ys: [Double]) {
        var xs: [Double] = []
        var ys: [Double] = []
        for index in 0..<max(0, ring.count - 1) {
            let dx = ring.xs[index + 1] - ring.xs[index]
            let dy = ring.ys[index + 1] - ring.ys[index]
            let length = (dx * dx + dy * dy).squareRoot()
            let pieces = max(1, min(10_000, Int((length / pieceLength).rounded(.up))))
            for piece in 0..<pieces {
                let share = Double(piece) / Double(pieces)
                xs.append(ring.xs[index] + dx * share)
                ys.append(ring.ys[index] + dy * share)
            }
        }
        transform.transform(xs: &xs, ys: &ys)
        return (xs, ys)
    }
}
