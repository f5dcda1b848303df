import Foundation
import Testing
import Tiling

/// A coordinator process on a small input, and workers that join it one by one.
///
/// Of 48 tiles in each of two stages: it takes some seconds, long enough for trouble.
final class SmallCluster {
    /// The run directory.
    let directory: String
    /// The coordinator; another one after ``restart()``.
    private(set) var coordinator: SectileProcess
    /// Where it listens.
    private(set) var endpoint: String
    /// Where everything lies.
    let scratch: ScratchDirectory
    /// Path of the configuration.
    let configuration: String
    private let factor: Int

    /// Starts a coordinator.
    ///
    /// - Parameters:
    ///   - heartbeat: seconds between heartbeats.
    ///   - lease: seconds of silence after which leases are taken back.
    ///   - isFine: false for 12 tiles instead of 48 in each stage.
    ///   - listen: where the coordinator listens; its workers are told 127.0.0.1.
    /// - Throws: `NeverHappened` when the coordinator does not come to listen.
    init(
        heartbeat: Double = 0.1,
        lease: Double = 1,
        isFine: Bool = true,
        listen: String = "tcp://127.0.0.1:0"
    ) async throws {
        scratch = try ScratchDirectory()
        var input = try SmallInput(in: scratch)
        factor = isFine ? 2 : 1
        input.refine(by: factor)
        input.configuration += """
              lease:
                heartbeatSeconds: \(heartbeat)
                durationSeconds: \(lease)

            """
        configuration = try input.write()
        directory = "\(scratch.path)/run"
        coordinator = try .coordinator(configuration, to: directory, listen: listen)
        endpoint = ""
        try await waitForJoin(directory, of: coordinator)
        endpoint = try #require(try JoinText(directory: directory).endpoints.first)
    }

    /// The join file.
    var join: String { "\(directory)/join.json" }

    /// The port of the coordinator.
    var port: Int { endpoint.split(separator: ":").last.flatMap { Int($0) } ?? 0 }

    /// Starts a worker, which dials the coordinator or something in between; with a fault in its slots.
    func worker(
        connect other: String? = nil,
        slots: Int = 1,
        fault: String? = nil,
        _ arguments: [String] = []
    ) throws -> SectileProcess {
        try SectileProcess(
            ["worker", "--join", join, "--slots", "\(slots)", "--connect", other ?? endpoint]
                + arguments,
            environment: fault.map { FaultyInput.environment($0) } ?? [:]
        )
    }

    /// The files of a tile in a stage by their final names, of all attempts or of one.
    func objects(_ stage: Stage, _ tile: TileID, attempt: Int? = nil) -> [String] {
        let folder = "\(directory)/tiles/\(stage.rawValue)"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let start = "\(tile).a" + (attempt.map { "\($0)." } ?? "")
        return names.filter { $0.hasPrefix(start) && $0.hasSuffix(".tif") }
    }

    /// Kills the coordinator.
    func kill() async {
        coordinator.signal(SIGKILL)
        _ = await coordinator.finished()
    }

    /// Starts another coordinator in place of one that is dead.
    func restart() throws {
        coordinator = try .coordinator(configuration, to: directory, listen: endpoint)
    }

    /// Waits until so many units are committed.
    func waitForCommits(_ count: Int) async throws {
        let (coordinator, directory) = (coordinator, directory)
        try await wait(for: "\(count) commits", while: { coordinator.isRunning }) {
            CommittedTiles.count(in: directory) >= count
        }
    }

    /// Waits until some worker has begun a tile.
    func waitForBegin(_ stage: Stage, _ tile: TileID) async throws {
        let (coordinator, directory) = (coordinator, directory)
        try await wait(for: "the begin of \(tile)", while: { coordinator.isRunning }) {
            try LogLine.workers(of: directory)
                .contains { $0.event == "tile.began" && $0.concerns(stage, tile) }
        }
    }

    /// Expects that nothing that workers say arrives for so long: no unit is committed, though some are open.
    func expectStandstill(
        milliseconds: Int,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        // What had arrived before is committed first.
        try await Task.sleep(for: .milliseconds(300))
        let before = CommittedTiles.count(in: directory)
        try await Task.sleep(for: .milliseconds(milliseconds))
        #expect(coordinator.isRunning, sourceLocation: sourceLocation)
        let after = CommittedTiles.count(in: directory)
        #expect(after == before, sourceLocation: sourceLocation)
    }

    /// Expects that no unit was begun twice, by whomever.
    func expectNothingBegunAgain(sourceLocation: SourceLocation = #_sourceLocation) throws {
        let began = try workerLogs().filter { $0.event == "tile.began" }
            .map { "\($0.stage ?? "") \($0.tile ?? "")" }
        #expect(!began.isEmpty, sourceLocation: sourceLocation)
        #expect(began.count == Set(began).count, sourceLocation: sourceLocation)
    }

    /// Waits for the end of the run and checks that it is whole: each unit committed once, and the bits
    /// of a run that nothing happened to.
    func finish(
        _ workers: [SectileProcess] = [],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let finished = await coordinator.finished()
        #expect(finished.exitCode == 0, "\(finished.errors)", sourceLocation: sourceLocation)
        for worker in workers {
            let left = await worker.finished()
            #expect(left.exitCode == 0, "\(left.errors)", sourceLocation: sourceLocation)
        }
        let again = try CommittedTiles(directory: directory).unitsNotCommittedOnce()
        #expect(again.isEmpty, sourceLocation: sourceLocation)
        let reference = try await SmallReference.outcome(refinedBy: factor)
        let outcome = try RunOutcome(directory: directory)
        #expect(outcome == reference, sourceLocation: sourceLocation)
    }

    // MARK: - What can be seen of it

    /// The lines of the coordinator's log.
    func log() throws -> [LogLine] { try LogLine.coordinator(of: directory) }

    /// The lines of all workers' logs.
    func workerLogs() throws -> [LogLine] { try LogLine.workers(of: directory) }

    /// How often the coordinator logged an event.
    func count(_ event: String) throws -> Int { try log().count { $0.event == event } }
}

/// What the system says of a process.
enum ProcessUse {
    /// Open descriptors.
    static func descriptors(of process: SectileProcess) -> Int {
        let path = "/proc/\(process.identifier)/fd"
        return (try? FileManager.default.contentsOfDirectory(atPath: path))?.count ?? 0
    }

    /// Resident memory, KiB.
    static func residentKibibytes(of process: SectileProcess) -> Int {
        let path = "/proc/\(process.identifier)/status"
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    }
}
