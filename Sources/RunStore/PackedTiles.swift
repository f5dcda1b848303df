import Lattice
import Tiling

/// The tiles of a stage as bytes: seven little-endian 64-bit integers each.
///
/// A million tiles as JSON would take longer to read than the rest of a resume.
enum PackedTiles {
    private static let integersPerTile = 7

    /// The bytes of tiles.
    static func bytes(of tiles: [Tile]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(tiles.count * integersPerTile * 8)
        for tile in tiles {
            let integers = [
                tile.id.row, tile.id.column, tile.core.rowStart, tile.core.rowEnd,
                tile.core.columnStart, tile.core.columnEnd, tile.cost,
            ]
            for integer in integers {
                var rest = UInt64(bitPattern: Int64(integer))
                for _ in 0..<8 {
                    bytes.append(UInt8(truncatingIfNeeded: rest))
                    rest >>= 8
                }
            }
        }
        return bytes
    }

    /// The tiles of bytes; nil when they are not what ``bytes(of:)`` makes.
    static func tiles(from bytes: [UInt8]) -> [Tile]? {
        let tileBytes = integersPerTile * 8
        guard bytes.count % tileBytes == 0 else { return nil }
        var tiles: [Tile] = []
        tiles.reserveCapacity(bytes.count / tileBytes)
        for start in stride(from: 0, to: bytes.count, by: tileBytes) {
            func integer(_ index: Int) -> Int {
                var value: UInt64 = 0
                for byte in (0..<8).reversed() {
                    value = value << 8 | UInt64(bytes[start + index * 8 + byte])
                }
                return Int(Int64(bitPattern: value))
            }
            let indices = 0...TileID.maximumIndex
            guard indices.contains(integer(0)), indices.contains(integer(1)),
                integer(2) <= integer(3), integer(4) <= integer(5), integer(6) >= 1
            else { return nil }
            tiles.append(
                Tile(
                    id: TileID(row: integer(0), column: integer(1)),
                    core: CellWindow(
                        rows: integer(2)..<integer(3),
                        columns: integer(4)..<integer(5)
                    ),
                    cost: integer(6)
                )
            )
        }
        return tiles
    }
}
