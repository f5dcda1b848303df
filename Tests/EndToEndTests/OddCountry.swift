import Foundation

/// A country of 48 × 40 cells of any shape, with two covariates as rough as noise.
///
/// Every layer is a text file on the grid itself, so that each cell is what its shape makes it.
struct OddCountry {
    /// Columns of the grid.
    static let columns = 48
    /// Rows of the grid.
    static let rows = 40
    /// Metres from the grid's west and north to the outer corner.
    static let originY = 4_000_000.0
    /// The edge of a cell, metres.
    static let cellSizeMetres = 10_000.0

    /// Which cells there are, and which of them emit.
    enum Shape: String, CaseIterable, Sendable {
        /// Emission in two far corners; a model is wanted everywhere.
        case desert
        /// Two islands of different size, a strip of coast, and an islet of one cell.
        case islands
        /// A country around a lake that is wider than its neighbourhoods.
        case lake
        /// A country of three rows, narrower than any neighbourhood.
        case strip
        /// A tile with one cell alone, beside tiles without any.
        case lonelyCell

        func contains(row: Int, column: Int) -> Bool {
            func disc(_ centreRow: Int, _ centreColumn: Int, _ squaredRadius: Int) -> Bool {
                let rows = row - centreRow
                let columns = column - centreColumn
                return rows * rows + columns * columns < squaredRadius
            }
            switch self {
            case .islands:
                return disc(8, 8, 36) || disc(30, 38, 50) || (row, column) == (20, 24)
                    || (row == 36 && (2..<9).contains(column))
            case .lake:
                return (2..<38).contains(row) && (3..<45).contains(column)
                    && !((12..<28).contains(row) && (15..<35).contains(column))
            case .strip: return (19..<22).contains(row)
            case .lonelyCell: return (row < 14 && column < 30) || (row, column) == (30, 40)
            case .desert: return true
            }
        }

        func emits(row: Int, column: Int) -> Bool {
            self != .desert || (row < 12 && column < 20) || (row > 34 && column > 40)
        }
    }

    /// The configuration's path.
    let path: String

    /// Writes layers and configuration.
    ///
    /// - Parameters:
    ///   - shape: what the country looks like.
    ///   - tileSizePixels: the edge of a tile.
    ///   - bandwidth: the key's value.
    ///   - regression: further lines of the section, indented by two.
    ///   - scratch: where everything goes.
    /// - Throws: where a file cannot be written.
    init(
        _ shape: Shape,
        tileSizePixels: Int,
        bandwidth: String,
        regression: String = "",
        in scratch: ScratchDirectory
    ) throws {
        func noise(_ field: UInt64, _ row: Int, _ column: Int) -> Double {
            var random = SeededRandom(
                seed: field << 32 | UInt64(row * Self.columns + column)
            )
            return Double.random(in: 0..<1, using: &random)
        }
        try Self.write("emission", in: scratch) { row, column in
            guard shape.contains(row: row, column: column) else { return nil }
            guard shape.emits(row: row, column: column) else { return 0 }
            return 20 + 400 * noise(1, row, column) + Double(row)
        }
        try Self.write("sink", in: scratch) { row, column in
            shape.contains(row: row, column: column) ? 20 + 30 * noise(2, row, column) : nil
        }
        try Self.write("one", in: scratch) { noise(3, $0, $1) }
        try Self.write("two", in: scratch) { noise(4, $0, $1) + 0.05 * Double($1) }
        func layer(_ name: String, _ role: String, _ unit: String) -> String {
            "  - {name: \(name), role: \(role), path: \(name).asc, crs: china-albers, unit: \(unit)"
        }
        path = try scratch.write(
            """
            name: odd
            grid: {crs: china-albers, originX: 0, originY: 4000000, cellSizeMetres: 10000, \
            columns: 48, rows: 40}
            tiling: {tileSizePixels: \(tileSizePixels)}
            layers:
            \(layer("emission", "emission", "tCO2/km2/yr")), quantity: density}
            \(layer("sink", "sink", "tCO2/km2/yr")), quantity: density, sink: npp}
            \(layer("one", "covariate", "\"1\"")), quantity: intensity}
            \(layer("two", "covariate", "\"1\"")), quantity: intensity}
            deficit: {variants: [abs, rel, logratio]}
            regression:
              units: [cell]
              response: logratio
              covariates: [one, two]
              minimumEmission: 0
              bandwidth: \(bandwidth)
            \(regression)

            """,
            to: "odd-\(tileSizePixels).yaml"
        )
    }

    private static func write(
        _ name: String,
        in scratch: ScratchDirectory,
        value: (_ row: Int, _ column: Int) -> Double?
    ) throws {
        var lines = [
            "ncols \(columns)", "nrows \(rows)", "xllcorner 0", "yllcorner 3600000",
            "cellsize 10000", "NODATA_value -9999",
        ]
        for row in 0..<rows {
            lines.append(
                (0..<columns).map { value(row, $0).map { "\($0)" } ?? "-9999" }
                    .joined(separator: " ")
            )
        }
        try scratch.write(lines.joined(separator: "\n") + "\n", to: "\(name).asc")
    }
}
