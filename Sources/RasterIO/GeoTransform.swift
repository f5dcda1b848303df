package import Lattice

/// The affine map from columns and rows of a raster to world coordinates.
///
/// With c columns and r rows from the upper-left corner, x = a₀ + a₁c + a₂r and y = a₃ + a₄c + a₅r:
/// GDAL's six coefficients in its order. Rotated, sheared and south-up rasters are all invertible;
/// only a singular map is refused.
package struct GeoTransform: Hashable, Sendable, Codable {
    /// The six coefficients in GDAL's order.
    package let coefficients: [Double]

    /// A map from six coefficients; nil unless they are finite and the map can be inverted.
    package init?(coefficients: [Double]) {
        guard coefficients.count == 6, coefficients.allSatisfy(\.isFinite) else { return nil }
        let determinant = coefficients[1] * coefficients[5] - coefficients[2] * coefficients[4]
        guard determinant != 0, determinant.isFinite else { return nil }
        self.coefficients = coefficients
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let numbers = try container.decode([Double].self)
        guard let transform = GeoTransform(coefficients: numbers) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "\(numbers) is no invertible affine map"
            )
        }
        self = transform
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(coefficients)
    }

    /// The signed area of a pixel, in squared units of the world; negative when north is up.
    package var determinant: Double {
        coefficients[1] * coefficients[5] - coefficients[2] * coefficients[4]
    }

    /// True when columns run along x and rows along y.
    package var isAligned: Bool { coefficients[2] == 0 && coefficients[4] == 0 }

    /// True when rows run from north to south and columns from west to east.
    package var isNorthUp: Bool { isAligned && coefficients[1] > 0 && coefficients[5] < 0 }

    /// World coordinates of a point given in columns and rows from the upper-left corner.
    package func world(column: Double, row: Double) -> (x: Double, y: Double) {
        let a = coefficients
        return (a[0] + a[1] * column + a[2] * row, a[3] + a[4] * column + a[5] * row)
    }

    /// Columns and rows from the upper-left corner of a point in world coordinates.
    package func position(x: Double, y: Double) -> (column: Double, row: Double) {
        let a = coefficients
        let dx = x - a[0]
        let dy = y - a[3]
        // An aligned map divides directly: the general inverse would round twice more.
        if isAligned { return (dx / a[1], dy / a[5]) }
        return ((dx * a[5] - dy * a[2]) / determinant, (dy * a[1] - dx * a[4]) / determinant)
    }

    /// The box that holds the corners of `columns` × `rows` pixels.
    package func extent(columns: Int, rows: Int) -> Extent {
        let corners = [(0, 0), (columns, 0), (0, rows), (columns, rows)].map { column, row in
            world(column: Double(column), row: Double(row))
        }
        let xs = corners.map(\.x)
        let ys = corners.map(\.y)
        return Extent(
            minimumX: xs.reduce(.infinity, min),
            minimumY: ys.reduce(.infinity, min),
            maximumX: xs.reduce(-.infinity, max),
            maximumY: ys.reduce(-.infinity, max)
        )
    }
}
