import Foundation
import RunStore
import Testing
import Tiling

/// A journal whose bytes have changed on the disk.
struct FlippedJournalTests {
    private let temporary: TemporaryDirectory
    private let path: String

    init() throws {
        temporary = try TemporaryDirectory()
        path = temporary.path + "/journal.sqlite"
    }

    private func open(_ path: String) throws(RunStoreError) -> RunJournal {
        try RunJournal.open(
            at: path,
            plan: Fixtures.plan(),
            runID: "run1",
            wallSeconds: 1000,
            files: PosixFileSystem()
        )
    }

    @Test func `whatever bits have changed, it opens or is refused, and nothing traps`()
        async throws
    {
        let journal = try open(path)
        for row in 0...1 { try await journal.append(Fixtures.commit(Fixtures.lease(row))) }
        let open = JournalRecord.granted(
            Fixtures.lease(0, stage: .balance),
            worker: "w",
            isSpeculative: false
        )
        try await journal.append([Fixtures.entry(open)])
        try journal.close()
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        // Where something is written, not in what is empty.
        let places = bytes.indices.filter { bytes[$0] != 0 }
        var state: UInt64 = 18
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var opened = 0
        var refused = 0
        for number in 0..<300 {
            var changed = bytes
            for _ in 0...random(3) {
                let place = places[random(places.count)]
                changed[place] =
                    number % 2 == 0 ? changed[place] ^ (1 << UInt8(random(8))) : UInt8(random(256))
            }
            let copy = "\(temporary.path)/copy.sqlite"
            for suffix in ["", "-wal", "-shm"] {
                try? FileManager.default.removeItem(atPath: copy + suffix)
            }
            try changed.write(to: URL(fileURLWithPath: copy))
            do {
                let journal = try self.open(copy)
                _ = try journal.snapshot()
                for round in 0...1 {
                    _ = try await journal.partials(stage: .prepare, round: round)
                }
                try journal.close()
                let reader = try JournalReader(path: copy, files: PosixFileSystem())
                _ = try reader.snapshot()
                _ = try reader.plan()
                _ = try reader.workers()
                _ = try reader.results(stage: .prepare, round: 0)
                _ = try reader.attempts(of: Fixtures.lease(0).unit.tile)
                opened += 1
            } catch {
                #expect(!error.description.isEmpty)
                refused += 1
            }
        }
        #expect(opened > 10)
        #expect(refused > 10)
    }
}
