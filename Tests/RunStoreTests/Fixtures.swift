import ContentDigest
import Foundation
import Lattice
import RunStore
import Tiling

/// Small plans and entries for the tests of this target.
enum Fixtures {
    /// A plan of two stages with six tiles each.
    static func plan(name: String = "test") -> RunPlan {
        let tiles = (0..<6).map { index in
            Tile(
                id: TileID(row: index / 3, column: index % 3),
                core: CellWindow(rows: index * 4..<index * 4 + 4, columns: 0..<4),
                cost: index + 1
            )
        }
        return RunPlan(
            name: name,
            stages: [.prepare, .balance].map {
                StagePlan(stage: $0, tiles: tiles, modelDigest: ContentDigest(of: $0.rawValue))
            },
            specification: [7, 8, 9]
        )
    }

    /// A lease of a tile of the first column.
    static func lease(_ row: Int, _ attempt: Int = 1, stage: Stage = .prepare) -> LeaseID {
        LeaseID(
            unit: WorkUnit(stage: stage, tile: TileID(row: row, column: 0)),
            attempt: Attempt(attempt)
        )
    }

    /// A result of a lease.
    static func result(of lease: LeaseID, partial: [UInt8] = [1, 2]) -> TileResult {
        TileResult(
            lease: lease,
            object: TileObject(
                key: TileObjectKey(lease: lease, nonce: 0xABCD),
                bytes: 123,
                fileDigest: ContentDigest(of: "file \(lease)"),
                samplesDigest: ContentDigest(of: "samples \(lease.unit)")
            ),
            partial: partial,
            cost: TileCost(
                readSeconds: 1,
                computeSeconds: 2,
                writeSeconds: 3,
                peakResidentBytes: 4 << 20
            )
        )
    }

    /// An entry at a second after the origin.
    static func entry(_ record: JournalRecord, at seconds: Double = 1000) -> JournalEntry {
        JournalEntry(record, cause: "1.\(Int(seconds))", wallSeconds: seconds)
    }

    /// The entries that grant and commit a lease.
    static func commit(_ lease: LeaseID, worker: String = "w", at seconds: Double = 1000)
        -> [JournalEntry]
    {
        [
            entry(.granted(lease, worker: worker, isSpeculative: false), at: seconds),
            entry(
                .committed(result(of: lease), worker: worker, elapsedSeconds: 6.5),
                at: seconds + 1
            ),
        ]
    }
}

/// A directory that goes away with the value.
final class TemporaryDirectory {
    let path: String

    init() throws {
        path =
            FileManager.default.temporaryDirectory
            .appendingPathComponent("sectile-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: true
        )
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}
