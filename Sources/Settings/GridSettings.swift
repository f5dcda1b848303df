package import Lattice

/// The national grid as configured.
package struct GridSettings: Sendable, Codable, Hashable {
    /// The reference system as written: an alias, `EPSG:n`, a PROJ string or WKT.
    package var crs: String
    /// Western edge of column 0, metres.
    package var originX: Double
    /// Northern edge of row 0, metres.
    package var originY: Double
    /// Edge of a cell, metres.
    package var cellSizeMetres: Double
    /// Number of columns.
    package var columns: Int
    /// Number of rows.
    package var rows: Int

    /// A grid from its numbers.
    package init(
        crs: String,
        originX: Double,
        originY: Double,
        cellSizeMetres: Double,
        columns: Int,
        rows: Int
    ) {
        self.crs = crs
        self.originX = originX
        self.originY = originY
        self.cellSizeMetres = cellSizeMetres
        self.columns = columns
        self.rows = rows
    }

    /// The aliases that `crs` knows, with what each stands for.
    ///
    /// `china-albers` is the usual national projection, which has no EPSG code: 105° E, parallels
    /// 25° and 47°. ESRI:102025, often taken for it, is another (95° E, 15° and 65°).
    package static let referenceAliases: [(name: String, definition: String)] = [
        (
            "china-albers",
            "+proj=aea +lat_1=25 +lat_2=47 +lat_0=0 +lon_0=105 +x_0=0 +y_0=0 "
                + "+datum=WGS84 +units=m +no_defs"
        )
    ]

    /// The reference system with an alias replaced by its definition: what GDAL is given.
    package var referenceDefinition: String {
        Self.referenceAliases.first { $0.name == crs }?.definition ?? crs
    }

    /// The grid, once the raster library has resolved ``referenceDefinition``.
    package func grid(reference: CoordinateReference) -> Grid {
        Grid(
            reference: reference,
            originX: originX,
            originY: originY,
            cellSizeMetres: cellSizeMetres,
            columns: columns,
            rows: rows
        )
    }
}

/// How the grid is cut into tiles.
package struct TilingSettings: Sendable, Codable, Hashable {
    /// Edge of a tile, cells.
    package var tileSizePixels: Int

    /// Tiles of `tileSizePixels`.
    package init(tileSizePixels: Int = 512) {
        self.tileSizePixels = tileSizePixels
    }
}
