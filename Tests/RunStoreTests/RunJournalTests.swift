import ContentDigest
import Foundation
import RunStore
import Testing
import Tiling

struct RunJournalTests {
    private let temporary: TemporaryDirectory
    private var path: String { temporary.path + "/journal.sqlite" }

    init() throws {
        temporary = try TemporaryDirectory()
    }

    private func open(
        plan: RunPlan = Fixtures.plan(),
        runID: String = "run1"
    ) throws(RunStoreError) -> RunJournal {
        try RunJournal.open(
            at: path,
            plan: plan,
            runID: runID,
            wallSeconds: 1000,
            files: PosixFileSystem()
        )
    }

    private func reader() throws -> JournalReader {
        try JournalReader(path: path, files: PosixFileSystem())
    }

    @Test func `the epoch is raised at each open and survives`() throws {
        // The clock on the wall shows 1000.
        #expect(try open().epoch == 1000)
        #expect(try open().epoch == 1001)
        #expect(try open().epoch == 1002)
        #expect(try reader().snapshot().epoch == 1002)
    }

    @Test(arguments: [(0, 1), (2e9, 2_000_000_000), (-5, 1), (1e300, 1)])
    func `an epoch is the time in seconds where that is sane`(wallSeconds: Double, epoch: UInt64)
        throws
    {
        let journal = try RunJournal.open(
            at: path,
            plan: Fixtures.plan(),
            runID: "run1",
            wallSeconds: wallSeconds,
            files: PosixFileSystem()
        )
        #expect(journal.epoch == epoch)
    }

    @Test func `a worker that is to leave is known until it has left for good`() throws {
        let journal = try open()
        let worker = WorkerDescription(
            id: "w1",
            host: "node",
            processID: 1,
            slots: 1,
            build: "b",
            session: 1
        )
        // A session that ended is not the end of its worker.
        try journal.appendNow(
            [
                .workerJoined(worker), .drainRequested(id: "w1"),
                .workerLeft(id: "w1", reason: "silent"),
            ].map { Fixtures.entry($0) }
        )
        #expect(try journal.snapshot().drainedWorkers == ["w1"])
        try journal.appendNow([Fixtures.entry(.drainEnded(id: "w1"))])
        #expect(try journal.snapshot().drainedWorkers.isEmpty)
    }

    @Test func `the history is bounded at each opening and at each stage's end`() throws {
        func eventCount() throws -> Int { try reader().eventCount() }
        let journal = try open()
        let note = Fixtures.entry(.noted("test", message: "", worker: nil))
        let excess = 300
        try journal.appendNow(
            [JournalEntry](repeating: note, count: RunJournal.eventLimit + excess)
        )
        #expect(try eventCount() == RunJournal.eventLimit + excess + 1)
        try journal.appendNow([
            Fixtures.entry(.reduced(.prepare, round: 0, .finished(constants: [])))
        ])
        #expect(try eventCount() == RunJournal.eventLimit)
        try journal.appendNow([JournalEntry](repeating: note, count: excess))
        #expect(try eventCount() == RunJournal.eventLimit + excess)
        try journal.close()
        try open().close()
        #expect(try eventCount() == RunJournal.eventLimit)
    }

    @Test func `what was appended is there for another connection while the writer lives`()
        async throws
    {
        let journal = try open()
        try await journal.append(Fixtures.commit(Fixtures.lease(0, 3)))
        let results = try reader().results(stage: .prepare, round: 0)
        #expect(results.map(\.lease) == [Fixtures.lease(0, 3)])
        #expect(results.first?.object == Fixtures.result(of: Fixtures.lease(0, 3)).object)
        withExtendedLifetime(journal) {}
    }

    @Test func `commits submitted together all become durable`() async throws {
        let journal = try open()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for attempt in 1...200 {
                group.addTask {
                    let lease = Fixtures.lease(0, attempt)
                    try await journal.append([
                        Fixtures.entry(.granted(lease, worker: "w", isSpeculative: false))
                    ])
                }
            }
            try await group.waitForAll()
        }
        let snapshot = try reader().snapshot()
        #expect(snapshot.openAttempts.count == 200)
        #expect(snapshot.units.first?.attempts == 200)
    }

    @Test func `a batch with an illegal entry leaves no trace`() async throws {
        let journal = try open()
        try await journal.append(Fixtures.commit(Fixtures.lease(0)))
        let lease = Fixtures.lease(0, 2)
        let batch = [
            Fixtures.entry(.granted(lease, worker: "w", isSpeculative: false)),
            Fixtures.entry(
                .committed(Fixtures.result(of: lease), worker: "w", elapsedSeconds: 1)
            ),
        ]
        let error = await #expect(throws: RunStoreError.self) { try await journal.append(batch) }
        #expect(error?.code == .misuse)
        let snapshot = try journal.snapshot()
        #expect(snapshot.openAttempts.isEmpty)
        #expect(snapshot.units.first?.attempts == 1)
        #expect(snapshot.units.first?.object?.key.lease == Fixtures.lease(0))
    }

    @Test func `a result from elsewhere takes the place of a tile that was given up here`()
        async throws
    {
        let journal = try open()
        try await journal.append([
            Fixtures.entry(.granted(Fixtures.lease(0), worker: "w", isSpeculative: false)),
            Fixtures.entry(
                .attemptEnded(
                    AttemptEnd(
                        lease: Fixtures.lease(0),
                        outcome: .failed,
                        failureClass: .input,
                        message: "unreadable"
                    )
                )
            ),
            Fixtures.entry(
                .quarantined(Fixtures.lease(0).unit, failureClass: .input, message: "unreadable")
            ),
        ])
        let stored = StoredResult(
            lease: Fixtures.lease(0),
            object: Fixtures.result(of: Fixtures.lease(0)).object,
            worker: "shard",
            committedSeconds: 5
        )
        let renamed = stored.renamed(to: Attempt(2))
        #expect(renamed.object.key.lease == Fixtures.lease(0, 2))
        #expect(renamed.object.key.nonce == stored.object.key.nonce)
        #expect(renamed.object.samplesDigest == stored.object.samplesDigest)
        let result = TileResult(
            lease: renamed.lease,
            object: renamed.object,
            partial: [3],
            cost: TileCost()
        )
        try await journal.append([
            Fixtures.entry(.granted(renamed.lease, worker: "shard", isSpeculative: false)),
            Fixtures.entry(.committed(result, worker: "shard", elapsedSeconds: 0)),
        ])
        let unit = try #require(try journal.snapshot().units.first)
        #expect(unit.state == .committed)
        #expect(unit.object == renamed.object)
        #expect(unit.attempts == 2)
    }

    @Test func `the plan comes back exactly`() throws {
        _ = try open()
        #expect(try reader().plan() == Fixtures.plan())
    }

    @Test func `the journal of another plan or run is refused`() throws {
        _ = try open()
        for attempt in [
            { try open(plan: Fixtures.plan(name: "another")) }, { try open(runID: "run2") },
        ] {
            let error = #expect(throws: RunStoreError.self) { _ = try attempt() }
            #expect(error?.code == .otherPlan)
        }
        #expect(try reader().snapshot().epoch == 1000)
    }

    @Test func `a network file system is refused with the remedy`() throws {
        let files = MemoryFileSystem()
        files.pretend(.network("NFS"))
        let error = #expect(throws: RunStoreError.self) {
            try RunJournal.open(
                at: path,
                plan: Fixtures.plan(),
                runID: "run1",
                wallSeconds: 0,
                files: files
            )
        }
        #expect(error?.code == .networkFileSystem)
        #expect(error?.message.contains("--journal") == true)
        #expect(error?.message.contains("NFS") == true)
    }

    @Test func `partials come back in tile order and a changed one is found`() async throws {
        let journal = try open()
        for row in [1, 0] {
            let lease = Fixtures.lease(row)
            let result = Fixtures.result(of: lease, partial: [UInt8(row), 9])
            try await journal.append([
                Fixtures.entry(.granted(lease, worker: "w", isSpeculative: false)),
                Fixtures.entry(.committed(result, worker: "w", elapsedSeconds: 1)),
            ])
        }
        let partials = try await journal.partials(stage: .prepare, round: 0)
        #expect(partials.map(\.partial) == [[0, 9], [1, 9]])
        try journal.close()
        try Self.replace([1, 9], with: [1, 8], in: path)
        let error = #expect(throws: RunStoreError.self) {
            try reader().partials(stage: .prepare, round: 0)
        }
        #expect(error?.code == .damaged)
        let again = try open()
        let damaged = try await again.damagedPartials(stage: .prepare, round: 0)
        #expect(damaged == [Fixtures.lease(1).unit])
        // Computed again, it is whole.
        let lease = Fixtures.lease(1, 2)
        let result = Fixtures.result(of: lease, partial: [1, 9])
        try await again.append([
            Fixtures.entry(.resultDiscarded(lease.unit, reason: "changed")),
            Fixtures.entry(.granted(lease, worker: "w", isSpeculative: false)),
            Fixtures.entry(.committed(result, worker: "w", elapsedSeconds: 1)),
        ])
        #expect(
            try await again.partials(stage: .prepare, round: 0).map(\.partial) == [
                [0, 9], [1, 9],
            ]
        )
        #expect(try await again.damagedPartials(stage: .prepare, round: 0).isEmpty)
    }

    /// Flips the bytes of a stored partial behind the journal's back, by its place in the file.
    private static func replace(_ old: [UInt8], with new: [UInt8], in path: String) throws {
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        // The check stands before the partial in its row: twelve digits, then the two bytes.
        let check = Array(ContentDigest(of: old).short.utf8)
        let place = try #require(
            bytes.indices.dropLast(14).first { Array(bytes[$0..<$0 + 14]) == check + old }
        )
        bytes.replaceSubrange(place + 12..<place + 14, with: new)
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    @Test func `a file that is no database is refused with what to do`() throws {
        try Data(repeating: 0x41, count: 10_000).write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: RunStoreError.self) { _ = try open() }
        #expect(error?.code == .damaged)
        #expect(error?.message.contains("backup") == true)
        #expect(throws: RunStoreError.self) { _ = try reader() }
    }

    @Test func `a damaged page is found before anything is written`() async throws {
        let journal = try open()
        for row in 0...1 {
            let result = Fixtures.result(
                of: Fixtures.lease(row),
                partial: [UInt8](repeating: 5, count: 60_000)
            )
            try await journal.append([
                Fixtures.entry(
                    .granted(Fixtures.lease(row), worker: "w", isSpeculative: false)
                ),
                Fixtures.entry(.committed(result, worker: "w", elapsedSeconds: 1)),
            ])
        }
        try journal.close()
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        for page in stride(from: 4096 * 3, to: bytes.count, by: 4096) {
            for offset in 0..<16 { bytes[page + offset] = 0xFF }
        }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: RunStoreError.self) { _ = try open() }
        #expect(error?.code == .damaged)
    }

    @Test(arguments: [1, 100, 5000])
    func `a journal cut short opens to a commit or refuses`(removedBytes: Int) async throws {
        let journal = try open()
        for row in 0...1 { try await journal.append(Fixtures.commit(Fixtures.lease(row))) }
        try journal.close()
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        try bytes.dropLast(removedBytes).write(to: URL(fileURLWithPath: path))
        do {
            let snapshot = try open().snapshot()
            #expect(snapshot.units.allSatisfy { $0.state == .committed })
        } catch {
            #expect(error.code == .damaged)
        }
    }

    @Test func `a log whose end is torn opens to the last good commit`() async throws {
        let journal = try open()
        try await journal.append(Fixtures.commit(Fixtures.lease(0)))
        try await journal.append(Fixtures.commit(Fixtures.lease(1)))
        // As after a kill: the log was never merged. The copy stands for the next process.
        let copy = temporary.path + "/copy.sqlite"
        try FileManager.default.copyItem(atPath: path, toPath: copy)
        let log = try Data(contentsOf: URL(fileURLWithPath: path + "-wal"))
        try (log.dropLast(1) + [0]).write(to: URL(fileURLWithPath: copy + "-wal"))
        let reader = try JournalReader(path: copy, files: PosixFileSystem())
        let committed = try reader.snapshot().units.filter { $0.state == .committed }
        #expect(committed.map(\.unit) == [Fixtures.lease(0).unit])
        withExtendedLifetime(journal) {}
    }

    @Test func `a journal copied with its log goes on elsewhere`() async throws {
        let journal = try open()
        try await journal.append(Fixtures.commit(Fixtures.lease(0)))
        let copy = temporary.path + "/copy.sqlite"
        for suffix in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: path + suffix, toPath: copy + suffix)
        }
        let elsewhere = try RunJournal.open(
            at: copy,
            plan: Fixtures.plan(),
            runID: "run1",
            wallSeconds: 2000,
            files: PosixFileSystem()
        )
        // Whoever goes on here too at another second has another epoch.
        #expect(elsewhere.epoch == 2000)
        #expect(journal.epoch == 1000)
        #expect(try elsewhere.snapshot().units.map(\.state) == [.committed])
        withExtendedLifetime(journal) {}
    }

    @Test func `a backup is a journal of its own`() async throws {
        let journal = try open()
        try await journal.append(Fixtures.commit(Fixtures.lease(0)))
        let destination = temporary.path + "/backup.sqlite"
        try journal.backup(to: destination, files: PosixFileSystem())
        try journal.backup(to: destination, files: PosixFileSystem())
        try await journal.append(Fixtures.commit(Fixtures.lease(1)))
        let backup = try JournalReader(path: destination, files: PosixFileSystem())
        #expect(try backup.snapshot().units.count == 1)
        #expect(try backup.integrityFindings() == [])
        #expect(try backup.plan() == Fixtures.plan())
    }

    @Test func `appending to a closed journal is an error`() async throws {
        let journal = try open()
        try journal.close()
        let error = await #expect(throws: RunStoreError.self) {
            try await journal.append(Fixtures.commit(Fixtures.lease(0)))
        }
        #expect(error?.code == .misuse)
    }

    @Test func `no journal is said to be none`() throws {
        let error = #expect(throws: RunStoreError.self) { _ = try reader() }
        #expect(error?.code == .noRun)
    }
}
