import Execution
import Foundation
import Regression
import RunStore
import Tiling

/// The share of a run that one process computes without a coordinator.
///
/// Only the first stage is free of sums over the whole country, so that is what a shard does: reading
/// and regridding, as a rule the longest part. `sectile merge` brings shards together, and `sectile run`
/// goes on with the stages that need all tiles.
struct ShardRun {
    /// Which share of how many: `3/8`.
    struct Share: Hashable, Sendable {
        /// From 1.
        let index: Int
        /// At least `index`.
        let count: Int

        /// The forms that are understood, for messages.
        static let legalForm = "i/n with 1 <= i <= n <= 100000, such as 3/8"

        /// Parses a share; nil when it is none.
        init?(_ text: String) {
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 2, let index = Int(parts[0]), let count = Int(parts[1]),
                (1...100_000).contains(count), (1...count).contains(index)
            else { return nil }
            (self.index, self.count) = (index, count)
        }

        /// True when a tile at a position of the plan belongs to it.
        func has(_ position: Int) -> Bool { position % count == index - 1 }
    }

    /// The plan.
    let planned: PlannedRun
    /// The shard's own directory, absolute.
    let directory: String
    /// The share.
    let share: Share
    /// Tiles at a time.
    let slots: Int
    /// Memory that one slot may use, bytes; 0 for no stated limit.
    let memoryPerSlotBytes: Int

    /// What came of it.
    struct Report {
        var computedCount = 0
        var earlierCount = 0
        var failures: [String] = []
    }

    /// Computes what is missing of the share; what is committed in the directory stays.
    ///
    /// - Throws: `CommandError` and ``RunStoreError`` for a directory that cannot be used.
    func run() async throws -> Report {
        guard let stage = planned.plan.stages.first, stage.stage == .prepare else {
            throw CommandError.failed("the plan has no stage that shards can compute")
        }
        let opened = try RunDirectory.prepare(
            at: directory,
            plan: planned.plan,
            runID: UUID().uuidString.lowercased(),
            probeToken: UUID().uuidString.lowercased(),
            files: PosixFileSystem()
        )
        let lock = try opened.lock(
            holder: "process \(ProcessFacts.processID) on \(ProcessFacts.host), as a shard"
        )
        defer { withExtendedLifetime(lock) {} }
        if let zones = planned.zones { try zones.write(into: directory) }
        try planned.writeFeatures(into: directory)
        try PlanRecord(planned).write(into: directory)
        let journal = try RunJournal.open(
            at: opened.journalFile,
            plan: planned.plan,
            runID: opened.runID,
            wallSeconds: Timestamps.secondsSince1970(),
            files: PosixFileSystem()
        )
        let snapshot = try journal.snapshot()
        _ = try opened.sweep(committed: snapshot.committedKeys, open: [])
        let known = Dictionary(uniqueKeysWithValues: snapshot.units.map { ($0.unit, $0) })
        let mine = stage.tiles.enumerated().filter { share.has($0.offset) }.map(\.element)
        let missing = mine.filter { tile in
            known[WorkUnit(stage: .prepare, tile: tile.id)]?.state != .committed
        }
        let failures = await compute(missing, known, journal)
        try journal.close()
        return Report(
            computedCount: missing.count - failures.count,
            earlierCount: mine.count - missing.count,
            failures: failures
        )
    }

    private func compute(
        _ tiles: [Tile],
        _ known: [WorkUnit: UnitSnapshot],
        _ journal: RunJournal
    ) async -> [String] {
        let clock = WorldClock()
        let computer = StageComputer(
            nonce: UInt32.random(in: .min ... .max),
            memoryPerSlotBytes: memoryPerSlotBytes,
            instructionSet: (try? InstructionSet.ofEnvironment()) ?? InstructionSet.available[0],
            seconds: { clock.seconds },
            residentBytes: { ProcessFacts.peakResidentBytes }
        )
        let specification = planned.plan.specification
        let directory = directory
        let worker = "shard \(share.index)/\(share.count) on \(ProcessFacts.host)"
        let failures = await WorkCrew.map(tiles.count, slots: slots) { index -> String? in
            let unit = WorkUnit(stage: .prepare, tile: tiles[index].id)
            let lease = LeaseID(unit: unit, attempt: Attempt((known[unit]?.attempts ?? 0) + 1))
            let request = TileRequest(
                lease: lease,
                core: tiles[index].core,
                inputs: [],
                specification: specification,
                constants: [:],
                runDirectory: directory
            )
            do {
                let result = try computer.compute(request, cancellation: CancellationFlag())
                try Self.record(
                    [
                        .granted(lease, worker: worker, isSpeculative: false),
                        .committed(
                            result,
                            worker: worker,
                            elapsedSeconds: result.cost.totalSeconds
                        ),
                    ],
                    in: journal
                )
                return nil
            } catch {
                return "\(unit): \(error)"
            }
        }
        return failures.compactMap(\.self)
    }

    private static func record(_ records: [JournalRecord], in journal: RunJournal) throws {
        try journal.appendNow(
            records.map {
                JournalEntry($0, cause: "0.0", wallSeconds: Timestamps.secondsSince1970())
            }
        )
    }
}
