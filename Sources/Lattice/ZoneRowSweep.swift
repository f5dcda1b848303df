/// Signed areas of one row of cells, in units of 2⁻⁸⁹ cells.
struct ZoneRowSweep {
    private let columns: Range<Int>
    /// Area within the crossed cell.
    private var areas: [Int128]
    /// Height that each cell hands on to all cells east of it; the first entry comes from the west.
    private var covers: [Int64]
    /// The places that an edge has touched.
    private var firstTouched: Int
    private var lastTouched = -1

    init(columns: Range<Int>) {
        self.columns = columns
        areas = Array(repeating: 0, count: columns.count)
        covers = Array(repeating: 0, count: columns.count + 1)
        firstTouched = columns.count
    }

    /// Adds the part of an edge within a row.
    mutating func add(_ edge: ZoneEdge, row: Int) {
        let one = ZoneEdges.one
        let top = max(edge.y0, Int64(row) * one)
        let bottom = min(edge.y1, Int64(row + 1) * one)
        let west = Int64(columns.lowerBound) * one
        let east = Int64(columns.upperBound) * one
        let height = Int64(edge.sign) * (bottom - top)
        // Wholly west or east of the window no crossing is needed.
        if max(edge.x0, edge.x1) <= west {
            covers[0] += height
            firstTouched = 0
            return
        }
        if min(edge.x0, edge.x1) >= east { return }
        let start = edge.column(atRow: top)
        let end = edge.column(atRow: bottom)
        if start <= end {
            addRising(edge.sign, x0: start, y0: top, x1: end, y1: bottom)
        } else {
            // Mirrored in the row, so that cells are always visited from west to east. The end with
            // the smaller column comes first whichever zone the edge belongs to.
            addRising(edge.sign, x0: end, y0: bottom, x1: start, y1: top)
        }
    }

    /// Adds a segment within the row from its western to its eastern end.
    private mutating func addRising(_ sign: Int8, x0: Int64, y0: Int64, x1: Int64, y1: Int64) {
        let bits = ZoneEdges.fractionBits
        var x = x0
        var y = y0
        var column = Int(x0 >> bits)
        while true {
            // West of the window one step leads to its edge.
            let border = Int64(max(column + 1, columns.lowerBound)) << bits
            let isLast = x1 <= border
            let nextX = isLast ? x1 : border
            let nextY =
                isLast ? y1 : y0 + Self.offset(y1 - y0, part: border - x0, of: x1 - x0)
            // Up or down the row does not matter: the sign of the edge tells the side.
            let height = Int64(sign) * abs(nextY - y)
            if column < columns.lowerBound {
                covers[0] += height
                firstTouched = 0
            } else if column < columns.upperBound {
                let place = column - columns.lowerBound
                // Twice the trapezium between the segment and the cell's eastern side.
                areas[place] += Int128(height) * Int128((border - x) + (border - nextX))
                covers[place + 1] += height
                firstTouched = min(firstTouched, place)
                lastTouched = max(lastTouched, place)
            } else {
                return
            }
            if isLast { return }
            x = nextX
            y = nextY
            column = Int(border >> bits)
        }
    }

    private static func offset(_ whole: Int64, part: Int64, of length: Int64) -> Int64 {
        ZoneEdge.interpolated(from: 0, to: whole, part: part, of: length)
    }

    /// Hands out the non-zero areas from west to east and clears the row.
    mutating func finish(_ emit: (_ column: Int, _ doubledArea: Int128) -> Void) {
        var cover: Int64 = 0
        var coverArea: Int128 = 0
        // Wide integers are multiplied only where an edge has changed the cover.
        for place in firstTouched..<max(firstTouched, areas.count) {
            if covers[place] != 0 {
                cover += covers[place]
                covers[place] = 0
                coverArea = Int128(cover) * Int128(2 * ZoneEdges.one)
            }
            if place > lastTouched, cover == 0 { break }
            let area = place > lastTouched ? coverArea : areas[place] + coverArea
            if area != 0 { emit(columns.lowerBound + place, area) }
            if place <= lastTouched { areas[place] = 0 }
        }
        if lastTouched >= 0 { covers[lastTouched + 1] = 0 }
        covers[0] = 0
        firstTouched = columns.count
        lastTouched = -1
    }
}
