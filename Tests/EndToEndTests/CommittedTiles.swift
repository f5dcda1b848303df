import Foundation
import RunStore
import Tiling

/// What the journal of a run says of its tiles.
struct CommittedTiles {
    private let reader: JournalReader

    /// Opens the journal of a run, of a live one, too.
    init(directory: String) throws {
        reader = try JournalReader(path: "\(directory)/journal.sqlite", files: PosixFileSystem())
    }

    /// The attempts whose results count.
    func leases() throws -> Set<LeaseID> {
        var leases: Set<LeaseID> = []
        for stage in try reader.plan().stages {
            leases.formUnion(try reader.results(stage: stage.stage, round: 0).map(\.lease))
        }
        return leases
    }

    /// The units of the plan.
    func units() throws -> Set<WorkUnit> {
        var units: Set<WorkUnit> = []
        for stage in try reader.plan().stages {
            units.formUnion(stage.tiles.map { WorkUnit(stage: stage.stage, tile: $0.id) })
        }
        return units
    }

    /// The units that were not committed exactly once, in any of their attempts.
    func unitsNotCommittedOnce() throws -> Set<WorkUnit> {
        var counts: [WorkUnit: Int] = [:]
        let units = try units()
        for tile in Set(units.map(\.tile)) {
            for attempt in try reader.attempts(of: tile) where attempt.outcome == .committed {
                counts[attempt.lease.unit, default: 0] += 1
            }
        }
        return units.filter { counts[$0] != 1 }
    }

    /// Every attempt ever made at a tile, of all stages.
    func attempts(of tile: TileID) throws -> [StoredAttempt] { try reader.attempts(of: tile) }

    /// The number of attempts ever made.
    func attemptCount() throws -> Int {
        try Set(try units().map(\.tile)).reduce(0) { $0 + (try reader.attempts(of: $1).count) }
    }

    /// The number of committed units; 0 while there is no journal yet.
    static func count(in directory: String) -> Int {
        guard let journal = try? CommittedTiles(directory: directory) else { return 0 }
        return (try? journal.leases().count) ?? 0
    }
}
