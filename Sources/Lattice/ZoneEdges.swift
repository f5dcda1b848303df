/// A zone's edges, indexed by the rows of the grid that they cross.
struct ZoneEdges: Sendable {
    /// Binary digits behind the point of a coordinate.
    static let fractionBits: Int64 = 44
    /// One cell on the lattice.
    static let one: Int64 = 1 << fractionBits
    /// Twice the area of a cell on the lattice.
    static let wholeCell: Int128 = 1 << 89
    /// The farthest coordinate, in cells: beyond 2¹⁷ columns of a grid, and such that differences fit
    /// 63 bits and areas 127.
    static let maximumCoordinate = 200_000.0

    /// Twice the polygon's area, in units of 2⁻⁸⁸ cells.
    let doubledArea: Int128
    /// The cells that the polygon's box meets, nil when the zone has no area.
    let box: CellWindow?

    private let edges: [ZoneEdge]
    /// First row of the index.
    private let firstRow: Int
    /// Where each row's list begins in `rowEdges`; one more than there are rows.
    private let rowStarts: [Int32]
    private let rowEdges: [Int32]

    init(_ zone: ZonePolygon, zoneIndex: Int, grid: Grid) throws(LatticeError) {
        var edges: [ZoneEdge] = []
        var area: Int128 = 0
        for part in zone.parts {
            for (ringIndex, ring) in part.enumerated() {
                let vertices = try Self.lattice(ring, zoneIndex: zoneIndex, grid: grid)
                let signed = Self.signedDoubledArea(vertices)
                guard signed != 0 else { continue }
                // Exteriors count, holes are taken away, whichever way they run.
                let isHole = ringIndex > 0
                area += isHole ? -abs(signed) : abs(signed)
                Self.append(vertices, isReversed: (signed < 0) != isHole, to: &edges)
            }
        }
        doubledArea = max(0, area)
        self.edges = edges
        guard area > 0, let box = Self.box(of: edges) else {
            self.box = nil
            firstRow = 0
            rowStarts = [0]
            rowEdges = []
            return
        }
        self.box = box
        let rows = max(box.rowStart, 0)..<max(min(box.rowEnd, grid.rows), max(box.rowStart, 0))
        firstRow = rows.lowerBound
        (rowStarts, rowEdges) = Self.index(edges, rows: rows)
    }

    /// A number of cells from twice an area on the lattice, rounded once.
    static func cells(fromDoubledArea area: Int128) -> Double {
        Double(area) * 0x1p-89
    }

    private static func lattice(
        _ ring: [ZonePolygon.Vertex],
        zoneIndex: Int,
        grid: Grid
    ) throws(LatticeError) -> [(x: Int64, y: Int64)] {
        var vertices: [(x: Int64, y: Int64)] = []
        vertices.reserveCapacity(ring.count)
        for vertex in ring {
            let place = grid.position(x: vertex.x, y: vertex.y)
            guard place.column.magnitude < maximumCoordinate,
                place.row.magnitude < maximumCoordinate
            else {
                throw LatticeError(
                    .coordinateOutOfRange,
                    "zone \(zoneIndex) has the vertex (\(vertex.x), \(vertex.y)), "
                        + "which is not within \(Int(maximumCoordinate)) cells of the grid's origin"
                )
            }
            let scale = Double(one)
            vertices.append(
                (
                    Int64((place.column * scale).rounded(.toNearestOrEven)),
                    Int64((place.row * scale).rounded(.toNearestOrEven))
                )
            )
        }
        return vertices
    }

    /// Twice the area inside a ring; positive when it runs clockwise on a map (rows grow southwards).
    private static func signedDoubledArea(_ ring: [(x: Int64, y: Int64)]) -> Int128 {
        guard let origin = ring.first else { return 0 }
        var area: Int128 = 0
        var previous = ring[ring.count - 1]
        for vertex in ring {
            // Partial sums may wrap; the total fits, and modular arithmetic gives it back.
            let left = Int128(previous.x - origin.x) &* Int128(vertex.y - origin.y)
            let right = Int128(vertex.x - origin.x) &* Int128(previous.y - origin.y)
            area = area &+ (left &- right)
            previous = vertex
        }
        return area
    }

    private static func append(
        _ ring: [(x: Int64, y: Int64)],
        isReversed: Bool,
        to edges: inout [ZoneEdge]
    ) {
        var previous = ring[ring.count - 1]
        for vertex in ring {
            let (from, to) = isReversed ? (vertex, previous) : (previous, vertex)
            // A ring with positive area has its inside west of edges that run south.
            if from.y < to.y {
                edges.append(ZoneEdge(x0: from.x, y0: from.y, x1: to.x, y1: to.y, sign: -1))
            } else if from.y > to.y {
                edges.append(ZoneEdge(x0: to.x, y0: to.y, x1: from.x, y1: from.y, sign: 1))
            }
            previous = vertex
        }
    }

    private static func box(of edges: [ZoneEdge]) -> CellWindow? {
        guard let first = edges.first else { return nil }
        var (left, right, top, bottom) = (first.x0, first.x0, first.y0, first.y1)
        for edge in edges {
            left = min(left, edge.x0, edge.x1)
            right = max(right, edge.x0, edge.x1)
            top = min(top, edge.y0)
            bottom = max(bottom, edge.y1)
        }
        func ceiling(_ coordinate: Int64) -> Int { Int((coordinate + one - 1) >> fractionBits) }
        return CellWindow(
            rows: Int(top >> fractionBits)..<ceiling(bottom),
            columns: Int(left >> fractionBits)..<ceiling(right)
        )
    }

    /// For each row the edges that cross it, in the order of the edges.
    private static func index(_ edges: [ZoneEdge], rows: Range<Int>) -> ([Int32], [Int32]) {
        func span(_ edge: ZoneEdge) -> Range<Int> {
            let first = Int(edge.y0 >> fractionBits)
            let end = Int((edge.y1 + one - 1) >> fractionBits)
            return (first..<end).clamped(to: rows)
        }
        var starts = [Int32](repeating: 0, count: rows.count + 1)
        for edge in edges {
            for row in span(edge) { starts[row - rows.lowerBound + 1] += 1 }
        }
        for index in 0..<rows.count { starts[index + 1] += starts[index] }
        var next = starts
        var list = [Int32](repeating: 0, count: Int(starts[rows.count]))
        for (edgeIndex, edge) in edges.enumerated() {
            for row in span(edge) {
                let place = row - rows.lowerBound
                list[Int(next[place])] = Int32(edgeIndex)
                next[place] += 1
            }
        }
        return (starts, list)
    }
}

extension ZoneEdges {
    /// Calls `emit` for every cell of `window` with a non-zero area, in row-major order.
    ///
    /// `window` lies within the grid and within ``box``.
    func accumulate(
        over window: CellWindow,
        emit: (_ place: (row: Int, column: Int), _ doubledArea: Int128) -> Void
    ) {
        var sweep = ZoneRowSweep(columns: window.columns)
        for row in window.rows {
            let index = row - firstRow
            let list = rowEdges[Int(rowStarts[index])..<Int(rowStarts[index + 1])]
            guard !list.isEmpty else { continue }
            for edgeIndex in list { sweep.add(edges[Int(edgeIndex)], row: row) }
            sweep.finish { column, area in emit((row, column), area) }
        }
    }
}
