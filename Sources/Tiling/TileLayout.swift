package import Lattice

/// The tiles that cover a grid exactly once.
package struct TileLayout: Hashable, Sendable {
    /// The cells covered.
    package let window: CellWindow
    /// Edge of a full tile, cells; tiles at the eastern and southern edge may be smaller.
    package let tileSizePixels: Int
    /// Tiles in a column of tiles.
    package let tileRows: Int
    /// Tiles in a row of tiles.
    package let tileColumns: Int

    /// Cuts the grid into tiles of `tileSizePixels`, at least 1.
    package init(grid: Grid, tileSizePixels: Int) {
        precondition(tileSizePixels >= 1, "a tile has at least one cell")
        window = grid.window
        self.tileSizePixels = tileSizePixels
        tileRows = (grid.rows + tileSizePixels - 1) / tileSizePixels
        tileColumns = (grid.columns + tileSizePixels - 1) / tileSizePixels
    }

    /// Number of tiles.
    package var count: Int { tileRows * tileColumns }

    /// The identities in row-major order.
    package var tileIDs: [TileID] {
        (0..<tileRows).flatMap { row in
            (0..<tileColumns).map { TileID(row: row, column: $0) }
        }
    }

    /// The cells a tile owns; nil for an identity outside the layout.
    package func core(of tile: TileID) -> CellWindow? {
        guard tile.row < tileRows, tile.column < tileColumns else { return nil }
        let top = tile.row * tileSizePixels
        let left = tile.column * tileSizePixels
        return CellWindow(
            rows: top..<min(top + tileSizePixels, window.rowEnd),
            columns: left..<min(left + tileSizePixels, window.columnEnd)
        )
    }

    /// The tiles whose cores share a cell with `query`, in row-major order.
    package func tiles(intersecting query: CellWindow) -> [TileID] {
        guard let common = query.intersection(window) else { return [] }
        let rows = (common.rowStart / tileSizePixels)...((common.rowEnd - 1) / tileSizePixels)
        let columns =
            (common.columnStart / tileSizePixels)...((common.columnEnd - 1) / tileSizePixels)
        return rows.flatMap { row in columns.map { TileID(row: row, column: $0) } }
    }
}
