import ArgumentParser
import Coordination
import Execution
import Foundation
import Logging
import Messaging
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
            merge DIR SHARD…` brings them together, `sectile run` goes on from there. Its slots are threads of \
            that one process, without limits of their own: --memory only says in how large windows sources \
            are read, no tile has a wall limit, and what crashes ends the share; the same command goes on.

            Without --shard each slot is a process of its own. One that crashes, that passes the wall \
            limit of its tile or holds more than --memory is killed and replaced; the tile's attempt fails as crash, timeout \
            or outOfMemory, and the worker works on.

            A worker may join and leave at any time. SIGTERM lets it finish what it computes within --grace \
            and gives the rest back, uncharged; a second SIGTERM gives everything back at once; the exit \
            code is 0. A notice that the machine will be taken away does the same: SIGUSR1, the file of \
            --notice-file, or the metadata service of --notice-url, whose own deadline counts (aws 120 s, \
            gcp and azure 30 s). With --time-limit, or in a Slurm job with an end, it leaves before the \
            end by itself. A worker that loses its coordinator computes on, and looks for it for ever, or \
            for --give-up-after; then it leaves with exit code 1. Exit code 4 means that starting it again \
            is of no use: another version, or a key that is not allowed.

            Options go before the variables SECTILE_WORKER_…, named like them (SECTILE_WORKER_SLOTS).
            """
    )

    @Option(help: "The coordinator's join.json.")
    var join: String?
    @Option(help: "Where the coordinator is, tcp://HOST:PORT, instead of what join.json says.")
    var connect: String?
    @Option(help: "This worker's own key file (sectile keys generate), instead of join.json's.")
    var key: String?
    @Option(help: "Tiles at a time; default: auto (affinity, cgroup quota, SLURM_CPUS_PER_TASK).")
    var slots: String?
    @Option(
        help: "Memory that one slot may hold, for example 2GiB; default: its share of the machine."
    )
    var memory: String?
    @Option(
        help: """
            Directory for the worker's own files and its log; default: the system's for temporary files, \
            and for the log the directory logs beside join.json, where there is one.
            """
    )
    var scratch: String?
    @Option(help: "What fetched files may take with --no-shared-storage; default: 4GiB.")
    var scratchLimit: String?
    @Option(
        help: ArgumentHelp(
            "Where workers with --no-shared-storage leave results for each other, such as "
                + "/vsis3/bucket/prefix: tiles then read their neighbours there, and of the coordinator "
                + "only what is missing.",
            valueName: "prefix"
        )
    )
    var objectPrefix: String?
    @Flag(help: "Do not look for the run directory here: results and neighbours' tiles travel.")
    var noSharedStorage = false
    @Option(help: "Compute a share i/n of the first stage without a coordinator; see `merge`.")
    var shard: String?
    @Option(help: "With --shard: the configuration.")
    var config: String?
    @Option(help: "With --shard: the shard's own directory.")
    var output: String?
    @Option(
        help: "Time to finish in when told to leave, seconds or a span (2min); default: 30s."
    )
    var grace: String?
    @Option(help: "A file whose appearance is a notice: finish within --grace, and leave.")
    var noticeFile: String?
    @Option(
        help: "A metadata service to ask for notices: aws, gcp, azure or http://HOST[:PORT]/PATH."
    )
    var noticeUrl: String?
    @Option(help: ArgumentHelp("Where that service is, http://HOST:PORT.", visibility: .hidden))
    var noticeAddress: String?
    @Option(
        help: "Time after which the worker is ended, HH:MM:SS, seconds or a span; default: Slurm's."
    )
    var timeLimit: String?
    @Option(
        help: "Time without a coordinator after which the worker leaves (10min); default: never."
    )
    var giveUpAfter: String?
    @Option(
        help:
            "Least severe lines on the terminal: debug, info, notice, warning, error; SECTILE_LOG_LEVEL."
    )
    var logLevel: String?
    @Option(help: "Lines on the terminal: text, or json as in the log files; SECTILE_LOG_FORMAT.")
    var logFormat: String?
    @Flag(help: ArgumentHelp("End with the process that started this one.", visibility: .hidden))
    var local = false
    @Option(help: ArgumentHelp("Workers that share this machine.", visibility: .hidden))
    var siblings = 1

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
        // A crashed slot shall be gone at once, and not start a process that takes it apart; who
        // wants that sets the variable. Before there are threads that could read it.
        unsafe setenv("SWIFT_BACKTRACE", "enable=no", 0)
        if local { endWithParent() }
        Signals.ignoreBrokenPipes()
        let slotCount = settings.slots.count(environment: ProcessInfo.processInfo.environment)
        let memoryBytes = settings.memory?.bytes ?? 0
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
            settings: settings,
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
        let report = try await ShardRun(
            planned: try RunOptions.planned(config),
            directory: URL(fileURLWithPath: output).standardizedFileURL.path,
            share: share,
            slots: slotCount.count(environment: ProcessInfo.processInfo.environment),
            memoryPerSlotBytes: memory.flatMap { ByteSize($0)?.bytes } ?? 0
        ).run()
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
        flags[.objectPrefix] = objectPrefix
        flags[.grace] = grace
        flags[.noticeFile] = noticeFile
        flags[.noticeURL] = noticeUrl
        flags[.timeLimit] = timeLimit
        flags[.giveUpAfter] = giveUpAfter
        flags[.logLevel] = logLevel
        flags[.logFormat] = logFormat
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
        guard noSharedStorage else {
            guard settings.objectPrefix == nil else {
                throw CommandError.usage(
                    "--object-prefix is for workers with --no-shared-storage; with a shared run "
                        + "directory tiles read each other there"
                )
            }
            return nil
        }
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
            terminal: settings.logs
        )
        logger[metadataKey: LogKey.workerID] = "\(workerID.short)"
        logger[metadataKey: LogKey.workerHost] = "\(ProcessFacts.host)"
        return logger
    }

    private func serve(
        _ joinFile: JoinFile,
        keys: CurveKeyPair,
        endpoints: [String],
        identity: WorkerIdentity,
        settings: WorkerSettings,
        logger: Logger
    ) async throws -> WorkerExit {
        // A local worker is the coordinator's, not the manager's.
        let service = local ? nil : ServiceNotices()
        defer { service?.stopping() }
        let notices = try noticeWatch(settings, logger: logger)
        let parts = try makeWorker(
            identity,
            runID: joinFile.runID,
            settings: settings,
            logger: logger
        )
        let worker = parts.worker
        let grace = settings.grace.duration
        defer { parts.slots.close() }
        let context = try ZeroMQContext()
        let exit = try await withThrowingTaskGroup(of: WorkerExit?.self) { group in
            group.addTask {
                await Self.obeySignals(worker, grace: grace)
                return nil
            }
            group.addTask {
                let notice = try await notices.notice()
                worker.drain(grace: notice.grace ?? grace, reason: notice.reason)
                // The worker's own end is the end of the group.
                while true { try await Task.sleep(for: .seconds(3600)) }
            }
            if let service {
                group.addTask {
                    try await service.keepWatch { await worker.standing }
                }
            }
            group.addTask {
                try await worker.run { heartbeat in
                    let channel = try await WorkerChannel.connect(
                        to: endpoints,
                        serverKey: joinFile.serverPublicKey,
                        keys: keys,
                        context: context,
                        heartbeat: heartbeat
                    )
                    service?.ready()
                    return channel
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

    /// Lets signals end the worker; returns when there are no more.
    private static func obeySignals(_ worker: Worker, grace: Duration) async {
        var terminations = 0
        for await number in Signals.terminations(and: [SIGUSR1]) {
            if number == SIGUSR1 {
                worker.drain(grace: grace, reason: "spot notice: SIGUSR1")
                continue
            }
            terminations += 1
            if number == SIGINT || terminations > 1 {
                worker.halt(isInterrupt: number == SIGINT, reason: "signal \(number)")
            } else {
                worker.drain(grace: grace, reason: "SIGTERM")
            }
        }
    }

    private func noticeWatch(_ settings: WorkerSettings, logger: Logger) throws -> NoticeWatch {
        var service: NoticeService?
        if let text = settings.noticeURL {
            service = NoticeService(text)
            guard service != nil else {
                let legal = ProcessKey.noticeURL.legal.joined(separator: ", ")
                throw CommandError.usage("--notice-url: '\(text)'; legal: \(legal)")
            }
        }
        var address: MetadataAddress?
        if let text = noticeAddress {
            address = MetadataAddress(text)
            guard address != nil else {
                throw CommandError.usage("--notice-address: '\(text)'; legal: http://HOST:PORT")
            }
        }
        return NoticeWatch(
            file: settings.noticeFile,
            service: service,
            address: address,
            logger: logger
        )
    }

    /// Time until the worker is ended from outside, seconds, less what leaving takes; nil without end.
    private func secondsLeft(_ settings: WorkerSettings) -> Double? {
        var limits = [settings.timeLimit?.seconds].compactMap(\.self)
        let environment = ProcessInfo.processInfo.environment
        if let text = environment["SLURM_JOB_END_TIME"], let end = Double(text), end > 0 {
            limits.append(end - Timestamps.secondsSince1970())
        }
        return limits.min().map { max(0, $0 - min(5, $0 / 10)) }
    }

    /// What a slot may hold: as given, or its share of the machine.
    private func capBytes(_ identity: WorkerIdentity) -> Int {
        if identity.memoryPerSlotBytes > 0 { return identity.memoryPerSlotBytes }
        return MachineMemory.bytes / 10 * 9 / (identity.slots * max(1, siblings))
    }

    /// Where the objects of this run lie in the store that workers share; nil without one.
    private func objectPrefix(
        _ settings: WorkerSettings,
        runID: String,
        logger: Logger
    ) -> VirtualObjectPrefix? {
        settings.objectPrefix.map { prefix in
            // Each run has a folder of its own there, to be removed as a whole.
            VirtualObjectPrefix("\(prefix)/\(runID)") { failure in
                logger.warning(
                    "a result cannot be left in the object store",
                    metadata: [
                        LogKey.event: "objects.prefixFailed", "detail": "\(failure)",
                    ]
                )
            }
        }
    }

    private func makeWorker(
        _ identity: WorkerIdentity,
        runID: String,
        settings: WorkerSettings,
        logger: Logger
    ) throws -> (worker: Worker, slots: SlotProcesses) {
        let clock = WorldClock()
        let now: @Sendable () -> Duration = { .nanoseconds(clock.now.nanoseconds) }
        let objects = identity.scratchDirectory.map { directory in
            TransportedObjects(
                directory: directory,
                cacheBytes: settings.scratchLimit.bytes,
                prefix: objectPrefix(settings, runID: runID, logger: logger),
                now: now
            )
        }
        let setting = try slotSetting(identity, borrows: objects != nil, logger: logger)
        let log = WorkerFactLog(logger: logger)
        let slots = SlotProcesses(setting, lender: objects, log: log, now: now)
        let inspect = inspection(setting, now)
        let worker = Worker(
            identity: identity,
            policy: WorkerPolicy(
                giveUpAfter: settings.giveUpAfter?.duration,
                endsAt: secondsLeft(settings).map { now() + .seconds($0) },
                grace: settings.grace.duration
            ),
            environment: WorkerEnvironment(
                slots: slots,
                storage: objects.map { objects in
                    TransportedStorage(objects: objects, inspect: inspect)
                } ?? SharedStorage(inspect: inspect),
                transfers: objects,
                log: log,
                now: now,
                sleep: { instant in
                    let wait = instant - now()
                    if wait > .zero { try await Task.sleep(for: wait) }
                },
                residentBytes: { ProcessFacts.residentBytes + slots.residentBytes },
                wallClockSeconds: { Timestamps.secondsSince1970() }
            )
        )
        return (worker, slots)
    }

    /// What the processes of slots are, and may have.
    private func slotSetting(
        _ identity: WorkerIdentity,
        borrows: Bool,
        logger: Logger
    ) throws -> SlotProcesses.Setting {
        let cap = capBytes(identity)
        let level = try InstructionSet.ofEnvironment()
        // Faults that are not allowed are refused here, once, and not by every slot.
        _ = try InjectedFault.ofEnvironment()
        logger.info(
            "kernels chosen",
            metadata: [
                LogKey.event: "worker.kernels",
                "detail": "\(level.rawValue), \(cap >> 20) MiB for each slot",
            ]
        )
        // A tile that runs alone may have what all workers of this machine may have.
        let shares = identity.slots * max(1, siblings)
        return SlotProcesses.Setting(
            // The program that runs, even where another was installed under its name meanwhile.
            executable: "/proc/self/exe",
            arguments: SlotCommand.arguments(
                memoryBytes: identity.memoryPerSlotBytes,
                capBytes: cap,
                shares: shares,
                borrows: borrows
            ),
            slots: identity.slots,
            memoryBytes: cap,
            shares: shares
        )
    }

    /// Says why the run's inputs cannot be read here; nil when they can.
    private func inspection(
        _ setting: SlotProcesses.Setting,
        _ now: @escaping @Sendable () -> Duration
    ) -> @Sendable (_ specification: [UInt8]) -> String? {
        // Workers of `sectile run` see what it has just planned with.
        guard !local else { return { _ in nil } }
        let inspection = SlotInspection(
            executable: setting.executable,
            arguments: setting.arguments,
            now: now
        )
        return { specification in inspection.problem(of: specification) }
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
