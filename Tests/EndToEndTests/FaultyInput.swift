import Foundation
import RunStore
import Testing
import Tiling

/// The small country with short leases, and faults in the processes of slots.
struct FaultyInput {
    /// The run directory.
    let directory: String
    /// Path of the configuration.
    let configuration: String
    /// A tile that faults are for.
    static let tile = TileID(row: 1, column: 1)

    /// Writes the configuration.
    init(in scratch: ScratchDirectory, wallLimitSeconds: Int = 600) throws {
        directory = "\(scratch.path)/run"
        var input = try SmallInput(in: scratch)
        input.configuration += """
              wallLimitSeconds: \(wallLimitSeconds)
              speculation: false
              lease:
                heartbeatSeconds: 0.2
                durationSeconds: 1

            """
        configuration = try input.write()
    }

    /// The environment that injects a fault.
    static func environment(_ fault: String, memory: String? = nil) -> [String: String] {
        var environment = ["SECTILE_FAULT": fault, "SECTILE_ALLOW_FAULTS": "1"]
        environment["SECTILE_WORKER_MEMORY"] = memory
        return environment
    }

    /// Runs it whole with a fault.
    func run(fault: String, memory: String? = nil) async throws -> Finished {
        try await SectileProcess(
            ["run", configuration, "--output", directory, "--workers", "2"],
            environment: Self.environment(fault, memory: memory)
        ).finished()
    }

    /// Starts the coordinator alone, and waits until workers can join.
    func coordinator() async throws -> SectileProcess {
        let coordinator = try SectileProcess.coordinator(configuration, to: directory)
        try await waitForJoin(directory, of: coordinator)
        return coordinator
    }

    /// Starts a worker on its own.
    func worker(
        _ arguments: [String] = [],
        environment: [String: String] = [:]
    ) throws -> SectileProcess {
        try SectileProcess.worker(joining: directory, arguments, environment: environment)
    }

    /// The lines of all logs whose name begins so.
    func lines(_ log: String) -> [String] {
        let logs = "\(directory)/logs"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: logs)) ?? []
        return names.filter { $0.hasPrefix(log) }.sorted().flatMap { name in
            String(
                decoding: FileManager.default.contents(atPath: "\(logs)/\(name)") ?? Data(),
                as: UTF8.self
            ).split(separator: "\n").map(String.init)
        }
    }

    /// The lines of an event.
    func lines(_ log: String, event: String) -> [String] {
        lines(log).filter { $0.contains("\"event\":\"\(event)\"") }
    }

    /// The attempts at a tile in a stage, in order.
    func outcomes(of stage: Stage, tile: TileID = Self.tile) throws -> [String] {
        try CommittedTiles(directory: directory).attempts(of: tile)
            .filter { $0.lease.unit.stage == stage }
            .sorted { $0.lease < $1.lease }
            .map { attempt in
                let outcome = attempt.outcome?.rawValue ?? "open"
                return attempt.failureClass.map { "\(outcome) \($0.rawValue)" } ?? outcome
            }
    }

    /// Checks that a run whose tiles all came through is whole: each unit committed once, and the bits of
    /// a run that nothing happened to.
    func checkWhole(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let again = try CommittedTiles(directory: directory).unitsNotCommittedOnce()
        #expect(again.isEmpty, sourceLocation: sourceLocation)
        let reference = try await SmallReference.outcome()
        let outcome = try RunOutcome(directory: directory)
        #expect(outcome == reference, sourceLocation: sourceLocation)
    }

    /// The number of committed units.
    var commitCount: Int { CommittedTiles.count(in: directory) }

    /// The number of units.
    static let unitCount = 2 * 4 * 3
}
