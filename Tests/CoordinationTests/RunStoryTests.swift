import Coordination
import Foundation
import RunStore
import SimulationKit
import Testing
import Tiling
import WireProtocol

struct RunStoryTests {
    private static func entry(_ record: JournalRecord, _ number: Int) -> JournalEntry {
        JournalEntry(record, cause: "1.\(number)", wallSeconds: 100 + Double(number))
    }

    /// A tile that failed, was quarantined, put back, and committed.
    private static var history: [JournalEntry] {
        let worker = Scene.id(1).text
        return [
            entry(
                .workerJoined(
                    WorkerDescription(
                        id: worker,
                        host: "node3",
                        processID: 5,
                        slots: 1,
                        build: "b",
                        session: 1
                    )
                ),
                1
            ),
            entry(.granted(Scene.lease(0, 1), worker: worker, isSpeculative: false), 2),
            entry(
                .attemptEnded(
                    AttemptEnd(
                        lease: Scene.lease(0, 1),
                        outcome: .failed,
                        failureClass: .outOfMemory,
                        message: "over 2 GiB",
                        isCharged: true,
                        elapsedSeconds: 12.34,
                        peakResidentBytes: 2048 << 20
                    )
                ),
                3
            ),
            entry(
                .quarantined(
                    Scene.lease(0).unit,
                    failureClass: .outOfMemory,
                    message: "over 2 GiB"
                ),
                3
            ),
            entry(.requeued(Scene.lease(0).unit), 4),
            entry(.granted(Scene.lease(0, 2), worker: worker, isSpeculative: false), 5),
            entry(
                .committed(
                    Scene.result(Scene.lease(0, 2)),
                    worker: worker,
                    elapsedSeconds: 3
                ),
                6
            ),
        ]
    }

    @Test func `a story tells attempts, workers, reasons and durations in order`() async throws {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("sectile-\(UUID().uuidString).sqlite").path
        defer {
            for suffix in ["", "-wal", "-shm"] {
                try? FileManager.default.removeItem(atPath: path + suffix)
            }
        }
        let journal = try RunJournal.open(
            at: path,
            plan: Scene.plan(tiles: 1, stages: [.prepare]),
            runID: "run",
            wallSeconds: 100,
            files: PosixFileSystem()
        )
        try await journal.append(Self.history)
        let story = try RunStory(
            of: TileID(row: 0, column: 0),
            from: JournalReader(path: path, files: PosixFileSystem())
        )
        #expect(
            story.lines.map(\.text) == [
                "attempt 1 leased to 00000000 on node3",
                "attempt 1 failed (outOfMemory) after 12.3 s, peak 2048 MiB: over 2 GiB "
                    + "(not held against the tile)",
                "tile.quarantined: outOfMemory: over 2 GiB",
                "tile.requeued",
                "attempt 2 leased to 00000000 on node3",
                "attempt 2 committed after 3.0 s: read 0.0 s, computed 0.0 s, wrote 0.0 s",
            ]
        )
        #expect(story.lines.map(\.cause) == ["1.2", "1.3", "1.3", "1.4", "1.5", "1.6"])
    }
}
