import ContentDigest
import RunStore
import Tiling

/// Compares committed tile files with what the journal says of them, before they are used.
struct TileVerifier {
    let directory: String
    let files: any FileSystem

    /// Where a tile's file lies.
    func path(of tile: PublishingInput.CommittedTile) -> String {
        "\(directory)/tiles/\(tile.object.key.path)"
    }

    /// Reads every file once.
    ///
    /// - Throws: ``PublishingError/Code/damagedTile`` naming tile, file, and what to type.
    func verify(_ tiles: [PublishingInput.CommittedTile]) throws {
        for tile in tiles {
            if let finding = try discrepancy(of: tile) { throw damaged(tile, finding) }
        }
    }

    /// The error of a tile.
    func damaged(_ tile: PublishingInput.CommittedTile, _ finding: String) -> PublishingError {
        PublishingError(
            .damagedTile,
            "tile \(tile.id)",
            "\(path(of: tile)) \(finding); type `sectile doctor \(directory)` to examine the "
                + "directory, and `sectile run CONFIG --output \(directory)` to compute the tile again"
        )
    }

    private func discrepancy(of tile: PublishingInput.CommittedTile) throws -> String? {
        let path = path(of: tile)
        guard let information = try files.information(at: path), information.kind == .file else {
            return "is missing"
        }
        guard information.bytes == tile.object.bytes else {
            return "has \(information.bytes) bytes, the journal says \(tile.object.bytes)"
        }
        let digest = try files.digest(at: path)
        guard digest == tile.object.fileDigest else {
            return "has the SHA-256 \(digest.short)…, the journal says "
                + "\(tile.object.fileDigest.short)…"
        }
        return nil
    }
}
