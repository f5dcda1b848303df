import ArgumentParser
import Coordination
import Execution
import Foundation
import Messaging
import WireProtocol

/// The command `Benchmarks engine-workers`.
struct EngineWorkersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engine-workers",
        abstract: "Serves a coordinator with tiles that compute nothing, until the run is over."
    )

    @Option(help: "The coordinator's join.json; waited for.")
    var join: String
    @Option(help: "Workers in this process, each with a socket and a session of its own.")
    var sessions = 1
    @Option(help: "Tiles at a time of each worker.")
    var slots = 1
    @Option(help: "Leases at a time of each worker; default: one more than slots.")
    var credit: Int?
    @Option(help: "What a tile takes, milliseconds of waiting.")
    var milliseconds = 0
    @Flag(help: "Leave an empty file for each tile.")
    var files = false

    func run() async throws {
        while !FileManager.default.fileExists(atPath: join) {
            try await Task.sleep(for: .milliseconds(5))
        }
        let joinFile = try JoinFile(contentsOfFile: join)
        let context = try ZeroMQContext()
        let failures = try await withThrowingTaskGroup(of: Int32.self) { group in
            for _ in 0..<sessions {
                group.addTask { try await serve(joinFile, context) }
            }
            var failures = 0
            for try await code in group where code != 0 { failures += 1 }
            return failures
        }
        await context.terminate()
        if failures > 0 { throw ExitCode(1) }
    }

    private func serve(_ joinFile: JoinFile, _ context: ZeroMQContext) async throws -> Int32 {
        guard let keys = joinFile.workerKey, let workerID = WorkerID(UUID().uuidString) else {
            throw ValidationError("\(join) brings no worker key")
        }
        let clock = EngineWorld()
        let worker = Worker(
            identity: WorkerIdentity(
                workerID: workerID,
                host: ProcessInfo.processInfo.hostName,
                processID: Int(ProcessInfo.processInfo.processIdentifier),
                build: EngineSetting.build,
                slots: slots,
                credit: credit ?? slots + 1,
                memoryPerSlotBytes: 0
            ),
            policy: WorkerPolicy(),
            environment: WorkerEnvironment(
                slots: IdleRunner(milliseconds: milliseconds, writesFiles: files),
                storage: SharedStorage(),
                log: SilentWorkerLog(),
                now: { .nanoseconds(clock.now.nanoseconds) },
                sleep: { instant in
                    let wait = instant - .nanoseconds(clock.now.nanoseconds)
                    if wait > .zero { try await Task.sleep(for: wait) }
                },
                residentBytes: { ProcessUsage.residentBytes() },
                wallClockSeconds: { clock.secondsSince1970 }
            )
        )
        return try await worker.run { heartbeat in
            try await WorkerChannel.connect(
                to: joinFile.endpoints,
                serverKey: joinFile.serverPublicKey,
                keys: keys,
                context: context,
                heartbeat: heartbeat
            )
        }.exitCode
    }
}
