import Foundation
import RunStore
import Settings
import Tiling

/// Removes tile files of a run that is done and published, as `output.keepTiles` says.
struct TileRemoval {
    /// The run directory.
    let directory: String
    /// The journal as the operator gave it.
    let journalPath: String?
    /// What shall remain.
    let keep: KeepTiles

    /// The stages from which mosaics are made.
    private static let resultStages: Set<Stage> = [.balance, .fit, .diagnose]

    /// Removes; says how much.
    ///
    /// The caller holds the run's lock.
    ///
    /// - Returns: files and their bytes.
    /// - Throws: what keeps the journal from being written or a file from being removed.
    func perform() throws -> (count: Int, bytes: Int) {
        let files = PosixFileSystem()
        guard keep != .all, let opened = try RunDirectory.open(at: directory, files: files) else {
            return (0, 0)
        }
        let path = try RunReading.path(directory, journal: journalPath)
        let snapshot = try JournalReader(path: path, files: files).snapshot()
        guard snapshot.phase == .done else { return (0, 0) }
        let stages = Set(Stage.allCases).filter {
            keep == .none || !Self.resultStages.contains($0)
        }
        // First the word, then the deed: a file that is gone without a word counts as lost.
        try RunJournal.note(removedStages: stages, in: path)
        var count = 0
        var bytes = 0
        for object in snapshot.units.compactMap(\.object)
        where stages.contains(object.key.lease.unit.stage) {
            let file = opened.path(of: object.key)
            guard try files.information(at: file) != nil else { continue }
            try files.remove(file)
            count += 1
            bytes += object.bytes
        }
        return (count, bytes)
    }
}

extension JournalSnapshot {
    /// The committed objects that are not there are lost, save those that were removed on purpose; what
    /// was removed is missing only where something has to be computed from it again.
    ///
    /// - Parameter discrepancy: what is wrong with an object; nil when it is as it should be.
    /// - Returns: the units to be computed again, each with what was found.
    func lostUnits(
        _ discrepancy: (TileObject) -> String?
    ) -> [(unit: WorkUnit, reason: String)] {
        var lost: [(unit: WorkUnit, reason: String)] = []
        for unit in units where !removedStages.contains(unit.unit.stage) {
            guard let object = unit.object, let reason = discrepancy(object) else { continue }
            lost.append((unit.unit, reason))
        }
        guard !lost.isEmpty else { return [] }
        let tiles = Set(lost.map(\.unit.tile))
        for unit in units
        where removedStages.contains(unit.unit.stage) && tiles.contains(unit.unit.tile) {
            guard let object = unit.object, let reason = discrepancy(object) else { continue }
            lost.append((unit.unit, reason))
        }
        return lost
    }
}
