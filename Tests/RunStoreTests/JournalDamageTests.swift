import Foundation
import RunStore
import Testing
import Tiling

/// A journal whose file was damaged opens to its last commits or is refused with the remedy.
struct JournalDamageTests {
    private let temporary: TemporaryDirectory
    private let files = PosixFileSystem()
    private var path: String { "\(temporary.path)/journal.sqlite" }

    init() throws { temporary = try TemporaryDirectory() }

    private func open() throws(RunStoreError) -> RunJournal {
        try RunJournal.open(
            at: path,
            plan: Fixtures.plan(),
            runID: "run1",
            wallSeconds: 1000,
            files: files
        )
    }

    /// The files of a journal that was not closed: a process that was killed.
    private func abandonedJournal() async throws -> [String: [UInt8]] {
        let journal = try open()
        for row in 0..<2 {
            for attempt in 1...3 {
                try await journal.append([
                    Fixtures.entry(
                        .granted(Fixtures.lease(row, attempt), worker: "w", isSpeculative: false)
                    ),
                    Fixtures.entry(.noted("test", message: "a line of history", worker: nil)),
                ])
            }
        }
        var contents: [String: [UInt8]] = [:]
        for suffix in ["", "-wal"] { contents[suffix] = try files.contents(at: path + suffix) }
        withExtendedLifetime(journal) {}
        return contents
    }

    private func put(_ contents: [String: [UInt8]]) throws {
        for suffix in ["", "-wal", "-shm"] { try files.remove(path + suffix) }
        for (suffix, bytes) in contents {
            try files.write(bytes, to: path + suffix, permissions: 0o644)
        }
    }

    @Test(arguments: 0..<120)
    func `whatever is damaged, it opens to a state it had or says what to do`(seed: Int)
        async throws
    {
        var contents = try await abandonedJournal()
        var random = SeededDamage(seed: UInt64(seed))
        let suffix = random.below(2) == 0 ? "" : "-wal"
        var bytes = try #require(contents[suffix])
        let place = random.below(bytes.count)
        let damage = random.below(4)
        switch damage {
        case 0: bytes = Array(bytes.prefix(place))
        case 1: for index in place..<bytes.count { bytes[index] = 0 }
        case 2: bytes[place] ^= UInt8(1 << random.below(8))
        default: bytes += [UInt8](repeating: 0, count: 4096)
        }
        contents[suffix] = bytes
        try put(contents)
        do throws(RunStoreError) {
            let journal = try open()
            let snapshot = try journal.snapshot()
            // A changed bit within a value is for the digests of objects and sums to find, not for
            // SQLite; all else opens to a prefix of what was appended.
            let counts = snapshot.units.map(\.attempts)
            #expect(
                damage == 2 || [[], [1], [2], [3], [3, 1], [3, 2], [3, 3]].contains(counts),
                "\(counts)"
            )
        } catch {
            #expect(
                [.damaged, .permission, .inputOutput, .misuse].contains(error.code),
                "\(error)"
            )
            if error.code == .damaged {
                #expect(error.message.contains("backup") || error.message.contains("give another"))
            }
        }
    }
}

/// Draws of the damage tests.
private struct SeededDamage {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

    mutating func below(_ limit: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(max(1, limit)))
    }
}
