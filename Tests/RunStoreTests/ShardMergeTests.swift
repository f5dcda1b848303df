import ContentDigest
import Foundation
import RunStore
import Testing
import Tiling

/// Shards of a run come together in one directory.
struct ShardMergeTests {
    private let temporary: TemporaryDirectory
    private let files = PosixFileSystem()
    private let tiles = Fixtures.plan().stages[0].tiles.map(\.id)
    private var target: String { "\(temporary.path)/merged" }

    init() throws { temporary = try TemporaryDirectory() }

    /// The tiles of a share: those at every second position of the plan.
    private func share(_ index: Int) -> [TileID] {
        tiles.enumerated().filter { $0.offset % 2 == index }.map(\.element)
    }

    /// A directory in which some tiles are committed; its path.
    private func shard(
        _ name: String,
        _ tiles: [TileID],
        samples: String = "same",
        plan: RunPlan = Fixtures.plan()
    ) throws -> String {
        let directory = try RunDirectory.prepare(
            at: "\(temporary.path)/\(name)",
            plan: plan,
            runID: name,
            probeToken: name,
            files: files
        )
        let journal = try open(directory, plan: plan)
        for tile in tiles {
            let lease = LeaseID(unit: WorkUnit(stage: .prepare, tile: tile), attempt: .first)
            let bytes = Array("\(samples) \(tile)".utf8)
            let object = TileObject(
                key: TileObjectKey(lease: lease, nonce: 7),
                bytes: bytes.count,
                fileDigest: ContentDigest(of: bytes),
                samplesDigest: ContentDigest(of: bytes)
            )
            try files.write(bytes, to: directory.path(of: object.key), permissions: 0o644)
            let result = TileResult(
                lease: lease,
                object: object,
                partial: [UInt8(tile.row), UInt8(tile.column)],
                cost: TileCost()
            )
            try journal.appendNow([
                Fixtures.entry(.granted(lease, worker: name, isSpeculative: false)),
                Fixtures.entry(.committed(result, worker: name, elapsedSeconds: 1)),
            ])
        }
        try journal.close()
        return directory.path
    }

    private func open(
        _ directory: RunDirectory,
        plan: RunPlan = Fixtures.plan()
    ) throws -> RunJournal {
        try RunJournal.open(
            at: directory.journalFile,
            plan: plan,
            runID: directory.runID,
            wallSeconds: 1000,
            files: files
        )
    }

    private func merge(_ shards: String...) throws -> ShardMerge.Report {
        try ShardMerge(
            into: target,
            shards: shards,
            runID: "merged",
            probeToken: "merged",
            files: files
        ).perform(
            journal: "\(target)/journal.sqlite",
            holder: "process 1 on node1",
            wallSeconds: 2000
        )
    }

    /// What is committed in a directory: the objects, with their contents and partial sums.
    private func committed(_ path: String) throws -> [TileObject: [[UInt8]]] {
        let reader = try JournalReader(path: "\(path)/journal.sqlite", files: files)
        let partials = try reader.partials(stage: .prepare, round: 0).map(\.partial)
        let objects = try reader.results(stage: .prepare, round: 0).map(\.object)
        #expect(partials.count == objects.count)
        var committed: [TileObject: [[UInt8]]] = [:]
        for (object, partial) in zip(objects, partials) {
            let content = try files.contents(at: "\(path)/tiles/\(object.key.path)")
            committed[object] = [content, partial]
        }
        return committed
    }

    @Test func `a merge takes the lock of a journal that lies elsewhere, and leaves a backup`()
        throws
    {
        let shard = try shard("one", tiles)
        let place = JournalPlace(path: "\(temporary.path)/local.sqlite", directory: target)
        func mergeThere() throws -> ShardMerge.Report {
            try ShardMerge(
                into: target,
                shards: [shard],
                runID: "merged",
                probeToken: "merged",
                files: files
            ).perform(journal: place.path, holder: "process 1 on node1", wallSeconds: 2000)
        }
        func refusal() throws -> RunStoreError? {
            let lock = try place.lock(holder: "process 2 on node2, for another directory")
            defer { withExtendedLifetime(lock) {} }
            return #expect(throws: RunStoreError.self) { try mergeThere() }
        }
        #expect(try refusal()?.code == .locked)
        #expect(try mergeThere().adoptedCount == tiles.count)
        let backup = try JournalReader(path: place.backupFile, files: files)
        #expect(try backup.results(stage: .prepare, round: 0).count == tiles.count)
    }

    @Test func `two shards are together what one run of all tiles commits`() throws {
        let whole = try shard("whole", tiles)
        let (first, second) = (try shard("first", share(0)), try shard("second", share(1)))
        var report = try merge(first, second)
        #expect(report.adoptedCount == tiles.count)
        #expect(report.knownCount == 0)
        #expect(report.refused.isEmpty)
        #expect(try committed(target) == committed(whole))
        // Nothing is left over of the copies, and merging again adds nothing.
        let names = try files.names(in: "\(target)/tiles/prepare")
        #expect(names.count == tiles.count)
        report = try merge(second, first)
        #expect(report.adoptedCount == 0)
        #expect(report.knownCount == tiles.count)
        #expect(report.refused.isEmpty)
        #expect(try committed(target) == committed(whole))
    }

    @Test func `a shard that is not there is refused by its path and nothing is made`() throws {
        let first = try shard("first", share(0))
        let missing = "\(temporary.path)/second"
        let error = #expect(throws: RunStoreError.self) { try merge(first, missing) }
        #expect(error?.code == .noRun)
        #expect(error?.description.contains(missing) == true)
        #expect(try files.information(at: target) == nil)
    }

    @Test func `shards of two plans are refused by their paths and nothing is made`() throws {
        let first = try shard("first", share(0))
        let other = try shard("other", share(1), plan: Fixtures.plan(name: "another"))
        let error = #expect(throws: RunStoreError.self) { try merge(first, other) }
        #expect(error?.code == .otherPlan)
        #expect(error?.description.contains(first) == true)
        #expect(error?.description.contains(other) == true)
        #expect(try files.information(at: target) == nil)
    }

    @Test func `a tile of which two shards say different things is refused by their paths`()
        throws
    {
        let first = try shard("first", share(0))
        let second = try shard("second", share(1) + [tiles[0]], samples: "other")
        let report = try merge(first, second)
        #expect(report.adoptedCount == tiles.count)
        #expect(report.knownCount == 1)
        #expect(report.refused.count == 1)
        #expect(report.refused.first?.contains(second) == true)
        #expect(report.refused.first?.contains(target) == true)
        // What came first stands.
        let own = try committed(first)
        #expect(try committed(target).filter { own[$0.key] != nil } == own)
    }

    @Test func `a tile whose file is not what was committed is refused and its shard named`()
        throws
    {
        let first = try shard("first", share(0))
        let object = try #require(try committed(first).keys.first)
        try files.write([1], to: "\(first)/tiles/\(object.key.path)", permissions: 0o644)
        let report = try merge(first)
        #expect(report.adoptedCount == share(0).count - 1)
        #expect(report.refused.count == 1)
        #expect(report.refused.first?.contains(first) == true)
        #expect(report.refused.first?.contains(object.key.path) == true)
    }

    @Test func `a tile that was tried here in vain is adopted under the next attempt`() throws {
        let directory = try RunDirectory.prepare(
            at: target,
            plan: Fixtures.plan(),
            runID: "merged",
            probeToken: "merged",
            files: files
        )
        let journal = try open(directory)
        let lease = LeaseID(
            unit: WorkUnit(stage: .prepare, tile: tiles[0]),
            attempt: Attempt(3)
        )
        try journal.appendNow([
            Fixtures.entry(.granted(lease, worker: "w", isSpeculative: false)),
            Fixtures.entry(
                .attemptEnded(
                    AttemptEnd(lease: lease, outcome: .failed, failureClass: .crash, message: "")
                )
            ),
        ])
        try journal.close()
        #expect(try merge(try shard("first", [tiles[0]])).adoptedCount == 1)
        let object = try #require(try committed(target).keys.first)
        #expect(object.key.lease == LeaseID(unit: lease.unit, attempt: Attempt(4)))
    }
}
