import ContentDigest
import Foundation
import RunStore
import Testing
import Tiling

/// A journal on a disk of its own, and what the run directory keeps of it.
struct MirroredJournalTests {
    private let temporary: TemporaryDirectory
    private let files = PosixFileSystem()
    private let directory: RunDirectory
    private let place: JournalPlace

    init() throws {
        temporary = try TemporaryDirectory()
        directory = try RunDirectory.prepare(
            at: "\(temporary.path)/run",
            plan: Fixtures.plan(),
            runID: "run1",
            probeToken: "probe",
            files: files
        )
        try files.createDirectory(at: "\(temporary.path)/local", permissions: 0o755)
        place = JournalPlace(path: "\(temporary.path)/local/j.sqlite", directory: directory.path)
    }

    private func open() throws -> MirroredJournal {
        let journal = try RunJournal.open(
            at: place.path,
            plan: Fixtures.plan(),
            runID: "run1",
            wallSeconds: 1000,
            files: files
        )
        return try MirroredJournal(journal, place: place, files: files)
    }

    /// Writes an object and returns the entries that grant and commit it.
    private func commit(_ row: Int, damaged: Bool = false) throws -> [JournalEntry] {
        let lease = Fixtures.lease(row)
        let bytes = Array("object \(row)".utf8)
        let object = TileObject(
            key: TileObjectKey(lease: lease, nonce: 1),
            bytes: bytes.count,
            fileDigest: ContentDigest(of: bytes),
            samplesDigest: ContentDigest(of: "samples \(row)")
        )
        try files.write(
            damaged ? bytes.reversed() : bytes,
            to: directory.path(of: object.key),
            permissions: 0o644
        )
        let result = TileResult(
            lease: lease,
            object: object,
            partial: [UInt8](repeating: UInt8(row), count: 1000 + row),
            cost: TileCost(computeSeconds: 1)
        )
        return [
            Fixtures.entry(.granted(lease, worker: "w", isSpeculative: false)),
            Fixtures.entry(.committed(result, worker: "w", elapsedSeconds: 1)),
        ]
    }

    private func loseAndRestore() throws -> (MirroredJournal, JournalPlace.Adoption) {
        for suffix in ["", "-wal", "-shm"] { try files.remove(place.path + suffix) }
        #expect(try place.restore(files: files))
        let mirror = try open()
        let adoption = try place.adopt(
            into: mirror.journal,
            directory: directory,
            wallSeconds: 2000
        )
        return (mirror, adoption)
    }

    @Test func `a lost journal comes back from its backup, and later tiles are adopted by digest`()
        async throws
    {
        var mirror: MirroredJournal? = try open()
        try await mirror?.append(try commit(0))
        try mirror?.backUp()
        try await mirror?.append(try commit(1))
        try await mirror?.append(try commit(2, damaged: true))
        // The copy waits for what is to be written beside it.
        try mirror?.backUp()
        try await mirror?.append(try commit(3))
        try mirror?.journal.close()
        let epoch = try #require(mirror?.journal.epoch)
        try await Task.sleep(for: .milliseconds(50))
        mirror = nil
        let (restored, adoption) = try loseAndRestore()
        #expect(adoption.adopted == [Fixtures.lease(3).unit])
        #expect(adoption.refused.isEmpty)
        let snapshot = try restored.journal.snapshot()
        #expect(snapshot.units.filter { $0.state == .committed }.count == 4)
        #expect(snapshot.attemptBase == JournalPlace.restoreStep)
        #expect(restored.journal.epoch > epoch + 1000)
        let partials = try await restored.partials(stage: .prepare, round: 0)
        #expect(partials.map(\.partial.count) == [1000, 1001, 1002, 1003])
    }

    @Test func `a later tile that is not as it was committed is computed again`() async throws {
        let mirror = try open()
        try mirror.backUp()
        try await mirror.append(try commit(0))
        try await mirror.append(try commit(1, damaged: true))
        try await Task.sleep(for: .milliseconds(50))
        try mirror.journal.close()
        let (restored, adoption) = try loseAndRestore()
        #expect(adoption.adopted == [Fixtures.lease(0).unit])
        #expect(adoption.refused.map(\.unit) == [Fixtures.lease(1).unit])
        let states = try restored.journal.snapshot().units.filter { $0.state == .committed }
        #expect(states.map(\.unit) == [Fixtures.lease(0).unit])
    }

    @Test func `a torn record ends what is adopted and nothing else`() async throws {
        let mirror = try open()
        try mirror.backUp()
        for row in 0..<2 { try await mirror.append(try commit(row)) }
        try await Task.sleep(for: .milliseconds(50))
        try mirror.journal.close()
        let whole = try files.contents(at: place.recentFile)
        for length in stride(from: 0, to: whole.count, by: 97) {
            try files.write(
                Array(whole.prefix(length)),
                to: place.recentFile,
                permissions: 0o644
            )
            var commits: [LeaseID] = []
            try RecentCommits.forEach(in: place.recentFile, files: files) {
                commits.append($0.result.lease)
            }
            #expect(
                commits == [Fixtures.lease(0), Fixtures.lease(1)].prefix(commits.count).map(\.self)
            )
            #expect(commits.count == (length > whole.count / 2 ? 1 : 0))
        }
    }

    @Test func `what was taken back is not adopted`() async throws {
        let mirror = try open()
        try mirror.backUp()
        try await mirror.append(try commit(0))
        try await mirror.append([
            Fixtures.entry(.resultDiscarded(Fixtures.lease(0).unit, reason: "wrong"))
        ])
        try await Task.sleep(for: .milliseconds(50))
        #expect(mirror.wantsBackUp)
        try mirror.journal.close()
        let (_, adoption) = try loseAndRestore()
        #expect(adoption.adopted.isEmpty)
    }

    @Test func `readers find the journal where it is, and its backup from other hosts`() throws {
        let mirror = try open()
        try mirror.backUp()
        try place.note(host: "here", files: files)
        let own = try JournalPlace.readable(
            nil,
            directory: directory.path,
            host: "here",
            files: files
        )
        #expect(own.path == place.path && !own.isBackup)
        let other = try JournalPlace.readable(
            nil,
            directory: directory.path,
            host: "there",
            files: files
        )
        #expect(other.path == place.backupFile && other.isBackup)
        #expect(try JournalReader(path: other.path, files: files).plan() == Fixtures.plan())
    }

    @Test func `a damaged backup is refused with the remedy, not restored`() throws {
        let mirror = try open()
        try mirror.backUp()
        try mirror.journal.close()
        var bytes = try files.contents(at: place.backupFile)
        for index in 4096..<min(bytes.count, 12_288) { bytes[index] = 0xA5 }
        try files.write(bytes, to: place.backupFile, permissions: 0o644)
        try files.remove(place.path)
        #expect(throws: RunStoreError.self) { try place.restore(files: files) }
        #expect(try files.information(at: place.path) == nil)
    }
}
