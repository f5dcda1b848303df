import ArgumentParser
import Coordination
import Execution
import Foundation
import Logging
import Messaging
import RasterIO
import Regression
import RunStore
import Settings
import Telemetry
import WireProtocol

/// The command `sectile worker`.
struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Compute tiles for a coordinator until the run is over.",
        discussion: """
            One file is all that a worker on another machine needs: the join.json that the coordinator \
            wrote into its run directory (mode 0600: endpoints, the server's key, a worker's key). The \
            inputs have to be visible under the same paths or URLs; the run directory too, unless \
            --no-shared-storage is given: then results and what units read of each other travel over \
            the connection.

            --shard i/n computes a share of the first stage, reading and regridding, with no coordinator \
            and no open port: one process of a Slurm array each, into a directory of its own. `sectile \
            merge DIR SHARD…` brings them together, `sectile run` goes on from there.

            A worker may join and leave at any time. SIGTERM lets it finish what it computes; a second \
            SIGTERM gives everything back at once. Exit code 4 means that starting it again is of no \
            use: another version, or a key that is not allowed.
            """
    )

    @Option(help: "The coordinator's join.json.")
    var join: String?
    @Option(help: "Where the coordinator is, tcp://HOST:PORT, instead of what join.json says.")
    var connect: String?
    @Option(help: "This worker's own key file (sectile keys generate), instead of join.json's.")
    var key: String?
    @Option(help: "Tiles at a time, or auto (affinity, cgroup quota, SLURM_CPUS_PER_TASK).")
    var slots: String?
    @Option(help: "Memory that one slot may use, for example 2GiB.")
    var memory: String?
    @Option(help: "Directory for the worker's own files; its log goes there.")
    var scratch: String?
    @Option(help: "What fetched files may take with --no-shared-storage, for example 20GiB.")
    var scratchLimit: String?
    @Flag(help: "Do not look for the run directory here: results and neighbours' tiles travel.")
    var noSharedStorage = false
    @Option(help: "Compute a share i/n of the first stage without a coordinator; see `merge`.")
    var shard: String?
    @Option(help: "With --shard: the configuration.")
    var config: String?
    @Option(help: "With --shard: the shard's own directory.")
    var output: String?
    @Option(help: "Least severe lines on the terminal: debug, info, notice, warning, error.")
    var logLevel: String?
    @Flag(help: ArgumentHelp("End with the process that started this one.", visibility: .hidden))
    var local = false

    func run() async throws {
        if let shard { return try await runShard(shard) }
        guard config == nil, output == nil else {
            throw CommandError.usage("--config and --output go with --shard")
        }
        let settings = try resolvedSettings()
        let joinFile: JoinFile
        let keys: CurveKeyPair
        do {
            joinFile = try JoinFile(contentsOfFile: settings.join)
            if let path = settings.key {
                keys = try CurveKeyPair(contentsOfFile: path)
            } else if let pair = joinFile.workerKey {
                keys = pair
            } else {
                throw CommandError.usage(
                    "\(settings.join) brings no worker key; give one with --key (sectile keys "
                        + "generate), and have it allowed (sectile keys allow)"
                )
            }
        } catch let error as MessagingError {
            throw CommandError.usage("\(error)")
        }
        if local { endWithParent() }
        let slotCount = settings.slots.count(environment: ProcessInfo.processInfo.environment)
        let memoryBytes = settings.memory?.bytes ?? 0
        do {
            try GDALRuntime.start(cacheBytes: max(32 << 20, min(256 << 20, memoryBytes / 4)))
        } catch { throw CommandError.failed("\(error)") }
        guard let workerID = WorkerID(UUID().uuidString) else {
            preconditionFailure("a UUID is a worker's identity")
        }
        let logger = makeLogger(settings, runID: joinFile.runID, workerID: workerID)
        let space = try scratchSpace(settings, workerID: workerID)
        defer { space?.remove() }
        let exitReason = try await serve(
            joinFile,
            keys: keys,
            endpoints: settings.connect.map { ["\($0)"] } ?? joinFile.endpoints,
            identity: WorkerIdentity(
                workerID: workerID,
                host: ProcessFacts.host,
                processID: ProcessFacts.processID,
                build: Version.identity,
                slots: slotCount,
                credit: slotCount + 1,
                memoryPerSlotBytes: memoryBytes,
                scratchDirectory: space?.path
            ),
            scratchLimitBytes: settings.scratchLimit.bytes,
            logger: logger
        )
        guard exitReason.exitCode == 0 else {
            throw CommandError(exitCode: exitReason.exitCode, description: "\(exitReason)")
        }
    }

    private func runShard(_ text: String) async throws {
        guard let share = ShardRun.Share(text) else {
            throw CommandError.usage("--shard: '\(text)'; legal: \(ShardRun.Share.legalForm)")
        }
        guard let config, let output, join == nil else {
            throw CommandError.usage(
                "--shard needs --config FILE and --output DIR, and no --join: it knows no coordinator"
            )
        }
        guard let slotCount = SlotCount(slots ?? "auto") else {
            throw CommandError.usage(
                "--slots: '\(slots ?? "")'; legal: \(SlotCount.legalForms.joined(separator: ", "))"
            )
        }
        guard memory == nil || ByteSize(memory ?? "") != nil else {
            throw CommandError.usage(
                "--memory: '\(memory ?? "")'; legal: \(ByteSize.legalForms.joined(separator: ", "))"
            )
        }
        let report: ShardRun.Report
        do {
            report = try await ShardRun(
                planned: try RunOptions.planned(config),
                directory: URL(fileURLWithPath: output).standardizedFileURL.path,
                share: share,
                slots: slotCount.count(environment: ProcessInfo.processInfo.environment),
                memoryPerSlotBytes: memory.flatMap { ByteSize($0)?.bytes } ?? 0
            ).run()
        } catch let error as RunStoreError {
            throw CommandError(exitCode: error.exitCode, description: "\(error)")
        }
        for failure in report.failures {
            StandardStreamSink.error.write(line: "failed: \(failure)")
        }
        print(
            "shard \(text): \(report.computedCount) tiles computed, \(report.earlierCount) were there, "
                + "\(report.failures.count) failed"
        )
        guard report.failures.isEmpty else {
            throw ArgumentParser.ExitCode(ExitCode.incomplete)
        }
    }

    private func resolvedSettings() throws -> WorkerSettings {
        var flags: [ProcessKey: String] = [:]
        flags[.join] = join
        flags[.connect] = connect
        flags[.key] = key
        flags[.slots] = slots
        flags[.memory] = memory
        flags[.scratch] = scratch
        flags[.scratchLimit] = scratchLimit
        flags[.logLevel] = logLevel
        do {
            return try WorkerSettings.resolve(
                flags: flags,
                environment: ProcessInfo.processInfo.environment
            )
        } catch { throw CommandError.usage("\(error)") }
    }

    /// The worker's own directory, where it does not see the run directory.
    private func scratchSpace(
        _ settings: WorkerSettings,
        workerID: WorkerID
    ) throws -> ScratchSpace? {
        guard noSharedStorage else { return nil }
        let parent = settings.scratch ?? FileManager.default.temporaryDirectory.path
        do {
            return try ScratchSpace(below: parent, name: workerID.text)
        } catch {
            throw CommandError.failed("the scratch directory \(parent) cannot be used: \(error)")
        }
    }

    private func makeLogger(
        _ settings: WorkerSettings,
        runID: String,
        workerID: WorkerID
    ) -> Logger {
        let joinDirectory = URL(fileURLWithPath: settings.join).deletingLastPathComponent().path
        let shared = "\(joinDirectory)/logs"
        if let scratch = settings.scratch {
            try? FileManager.default.createDirectory(
                atPath: scratch,
                withIntermediateDirectories: true
            )
        }
        let directory =
            settings.scratch ?? (FileManager.default.fileExists(atPath: shared) ? shared : nil)
        var logger = Logs.logger(
            "worker",
            path: directory.map { "\($0)/worker-\(ProcessFacts.host)-\(workerID.short).jsonl" },
            runID: runID,
            terminalLevel: local
                ? .error : Logger.Level(rawValue: settings.logs.level.rawValue) ?? .notice
        )
        logger[metadataKey: LogKey.workerID] = "\(workerID.short)"
        return logger
    }

    private func serve(
        _ joinFile: JoinFile,
        keys: CurveKeyPair,
        endpoints: [String],
        identity: WorkerIdentity,
        scratchLimitBytes: Int,
        logger: Logger
    ) async throws -> WorkerExit {
        let worker = try makeWorker(
            identity,
            scratchLimitBytes: scratchLimitBytes,
            logger: logger
        )
        let context = try ZeroMQContext()
        let exit = try await withThrowingTaskGroup(of: WorkerExit?.self) { group in
            group.addTask {
                var count = 0
                for await number in Signals.terminations() {
                    count += 1
                    if number == SIGINT || count > 1 {
                        worker.halt(isInterrupt: number == SIGINT, reason: "signal \(number)")
                    } else {
                        worker.drain(grace: .seconds(30), reason: "SIGTERM")
                    }
                }
                return nil
            }
            group.addTask {
                try await worker.run { heartbeat in
                    try await WorkerChannel.connect(
                        to: endpoints,
                        serverKey: joinFile.serverPublicKey,
                        keys: keys,
                        context: context,
                        heartbeat: heartbeat
                    )
                }
            }
            defer { group.cancelAll() }
            for try await exit in group {
                if let exit { return exit }
            }
            return WorkerExit.interrupted(reason: "no more signals")
        }
        await context.terminate()
        return exit
    }

    private func makeWorker(
        _ identity: WorkerIdentity,
        scratchLimitBytes: Int,
        logger: Logger
    ) throws -> Worker {
        let clock = WorldClock()
        let objects = identity.scratchDirectory.map { directory in
            TransportedObjects(
                directory: directory,
                cacheBytes: scratchLimitBytes,
                now: { .nanoseconds(clock.now.nanoseconds) }
            )
        }
        let level = try InstructionSet.ofEnvironment()
        logger.info(
            "kernels chosen",
            metadata: [LogKey.event: "worker.kernels", "instructionSet": "\(level.rawValue)"]
        )
        let computer = StageComputer(
            nonce: UInt32.random(in: .min ... .max),
            objects: objects ?? SharedObjects(),
            memoryPerSlotBytes: identity.memoryPerSlotBytes,
            instructionSet: level,
            seconds: { clock.seconds },
            residentBytes: { ProcessFacts.peakResidentBytes }
        )
        return Worker(
            identity: identity,
            policy: WorkerPolicy(),
            environment: WorkerEnvironment(
                slots: ComputeExecutor(slots: identity.slots, computer: computer),
                storage: objects.map { objects in
                    TransportedStorage(objects: objects) { InputCheck.problem(of: $0) }
                } ?? SharedStorage(),
                transfers: objects,
                log: WorkerFactLog(logger: logger),
                now: { .nanoseconds(clock.now.nanoseconds) },
                sleep: { instant in
                    let wait = instant - .nanoseconds(clock.now.nanoseconds)
                    if wait > .zero { try await Task.sleep(for: wait) }
                },
                residentBytes: { ProcessFacts.residentBytes },
                wallClockSeconds: { Timestamps.secondsSince1970() }
            )
        )
    }

    /// Ends this process when its parent does: no process survives a killed run.
    ///
    /// The parent holds the other end of standard input. The kernel's own parent-death signal is of
    /// no use here, because it follows the thread that started the process, not the process.
    private func endWithParent() {
        let thread = Thread {
            var byte: UInt8 = 0
            while true {
                let count = unsafe read(STDIN_FILENO, &byte, 1)
                if count == 0 || (count < 0 && errno != EINTR) { break }
            }
            Foundation.exit(ExitCode.terminated)
        }
        thread.name = "sectile-parent"
        thread.start()
    }
}
