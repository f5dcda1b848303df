import Analysis
import Coordination
import Foundation
import Logging
import Messaging
import RunStore
import Settings
import Telemetry
import Tiling
import WireProtocol

/// A coordinator on this machine: opens the run directory, listens, runs the plan to its end.
struct RunHost {
    /// The plan.
    let planned: PlannedRun
    /// The run directory, absolute.
    let directory: String
    /// Where the coordinator listens.
    let listen: Endpoint
    /// The hosts that workers are told; empty: this machine as it knows itself.
    let advertise: [String]
    /// The journal; nil: in the run directory.
    let journalPath: String?
    /// Local workers to keep running.
    let localWorkers: Int
    /// True to put quarantined tiles back at the start.
    let retriesQuarantined: Bool
    /// What is logged to the terminal, and how.
    let terminal: LogSettings

    /// How a run ended here.
    struct End {
        var outcome: RunOutcome
        var signal: Int32?
    }

    /// Runs the plan until it is over or a signal asks to leave, then concludes; the run's lock is held
    /// until then.
    ///
    /// - Parameter conclude: what is left to be done, such as publishing.
    /// - Returns: what `conclude` returns.
    /// - Throws: `CommandError` with exit code 2 for a directory, key or port that cannot be used, and
    ///   what `conclude` throws.
    func run<Value>(_ conclude: (End) throws -> Value) async throws -> Value {
        defer { ServiceNotices()?.stopping() }
        ProcessFacts.raiseFileLimit()
        let files = PosixFileSystem()
        let opened = try open(files)
        let lock = try opened.lock(
            holder: "process \(ProcessFacts.processID) on \(ProcessFacts.host)"
        )
        defer { withExtendedLifetime(lock) {} }
        let place = try journalPlace()
        let journalLock = try place.lock(
            holder: "process \(ProcessFacts.processID) on \(ProcessFacts.host), for \(directory)"
        )
        defer { withExtendedLifetime(journalLock) {} }
        return try conclude(try await coordinate(opened, at: place, files))
    }

    private func coordinate(
        _ opened: RunDirectory,
        at place: JournalPlace,
        _ files: PosixFileSystem
    ) async throws -> End {
        try ControlDirectory(of: opened).clear()
        if let zones = planned.zones { try zones.write(into: directory) }
        try planned.writeFeatures(into: directory)
        try PlanRecord(planned).write(into: directory)
        var logger = Logs.logger(
            "coordinator",
            path: "\(opened.logsDirectory)/coordinator.jsonl",
            runID: opened.runID,
            terminal: terminal
        )
        let held = try openJournal(at: place, opened, logger: logger)
        let journal = held.journal
        logger[metadataKey: LogKey.epoch] = "\(journal.epoch)"
        let snapshot = try journal.snapshot()
        try Restart(
            isWanted: retriesQuarantined,
            quarantineLimit: leasePolicy().quarantineLimit,
            directory: directory
        ).check(snapshot)
        if snapshot.phase == .paused { warnOfPause(logger) }
        _ = try opened.sweep(
            committed: snapshot.committedKeys,
            open: Set(snapshot.openAttempts.map(\.lease))
        )
        let keys = try RunKeys(directory: opened.keysDirectory, localWorkers: localWorkers)
        let context = try ZeroMQContext()
        let channel = try await CoordinatorChannel.bind(
            to: "\(listen)",
            keys: keys.server,
            authenticator: Authenticator(allowing: keys.allowList),
            context: context
        )
        try writeJoinFile(opened, keys: keys, channel: channel)
        let log = FactCounter(passingOnTo: CoordinatorLog(logger: logger))
        let coordinator = coordinator(
            of: opened,
            journal: held,
            snapshot: snapshot,
            channel: channel,
            log: log
        )
        if retriesQuarantined { await coordinator.retry(nil) }
        let beside = sideJobs(coordinator, opened, held, log, logger)
        let end = try await drive(
            coordinator,
            facts: lostObjects(snapshot, opened) + deadWorkers(journal.path, files),
            keys: keys,
            authenticator: channel.authenticator,
            joinPath: opened.joinFile,
            sideJobs: beside.all,
            logger: logger
        )
        await letWorkersLeave(coordinator)
        await channel.close(lingerMilliseconds: 1000)
        await context.terminate()
        await beside.finish()
        if end.outcome == .cancelled { try sweepAll(journal, opened) }
        try journal.close()
        return end
    }

    private func warnOfPause(_ logger: Logger) {
        logger.warning(
            "the run is paused",
            metadata: [
                LogKey.event: "run.stillPaused", "detail": "`sectile resume \(directory)`",
            ]
        )
    }

    /// Gives workers on their own time to read the goodbye they were sent.
    ///
    /// libzmq drops what a DEALER has received and not yet delivered when its connection ends
    /// (`session_base_t::reconnect` with ZMQ_IMMEDIATE): a goodbye that arrives together with the end
    /// of the connection would be lost, and the worker would dial for ever.
    private func letWorkersLeave(_ coordinator: Coordinator) async {
        // Local workers are waited for by their processes; others can only come from elsewhere.
        guard localWorkers == 0 || listen.host != "127.0.0.1" else { return }
        await coordinator.seeWorkersOff(atMost: 2000)
        // The end of a connection from before the goodbyes may have been counted.
        try? await Task.sleep(for: .milliseconds(100))
    }

    /// Nobody comes back to a run that was cancelled: what is not committed goes.
    private func sweepAll(_ journal: RunJournal, _ opened: RunDirectory) throws {
        _ = try opened.sweep(committed: try journal.snapshot().committedKeys, open: [])
    }

    private func coordinator(
        of opened: RunDirectory,
        journal held: HeldJournal,
        snapshot: JournalSnapshot,
        channel: CoordinatorChannel,
        log: any RunLog
    ) -> Coordinator {
        Coordinator(
            state: RunState.restored(
                from: snapshot,
                plan: planned.plan,
                identity: RunIdentity(
                    runID: opened.runID,
                    epoch: held.journal.epoch,
                    build: Version.identity,
                    runDirectory: directory,
                    storageProbe: opened.probeToken
                ),
                policy: leasePolicy(),
                revivesCancelled: retriesQuarantined
            ),
            surroundings: Coordinator.Surroundings(
                journal: held.store,
                channel: channel,
                clock: WorldClock(),
                wallClock: WorldClock(),
                verifier: DirectoryObjectVerifier(directory: opened, check: .size),
                archive: DirectoryObjectArchive(
                    directory: opened,
                    inputs: planned.model.resolvedInputs
                ),
                reducer: AnalysisReducer(model: planned.model),
                log: log
            )
        )
    }

    /// Workers of this machine that an earlier coordinator had and whose processes are gone: their
    /// tiles need not wait for a lease to run out.
    private func deadWorkers(_ journal: String, _ files: PosixFileSystem) -> [RunEvent] {
        let reader = try? JournalReader(path: journal, files: files)
        let workers = (try? reader?.workers()) ?? []
        return workers.compactMap { worker in
            let process = worker.description.processID
            guard worker.openLeaseCount > 0, worker.description.host == ProcessFacts.host,
                process > 0, kill(pid_t(process), 0) != 0, errno == ESRCH,
                let id = WorkerID(worker.description.id)
            else { return nil }
            return .workerFoundDead(id, reason: "its process ended while no coordinator ran")
        }
    }

    private func open(_ files: PosixFileSystem) throws -> RunDirectory {
        try RunDirectory.prepare(
            at: directory,
            plan: planned.plan,
            runID: UUID().uuidString.lowercased(),
            probeToken: UUID().uuidString.lowercased(),
            files: files
        )
    }

    private func leasePolicy() -> LeasePolicy {
        let engine = planned.settings.engine
        var policy = LeasePolicy()
        policy.heartbeatMilliseconds = Int(engine.lease.heartbeatSeconds * 1000)
        policy.leaseMilliseconds = Int(engine.lease.durationSeconds * 1000)
        policy.wallLimitSeconds = Int(engine.wallLimitSeconds.rounded(.up))
        policy.chargeLimit = engine.attempts
        policy.backoffMilliseconds = Int(engine.backoff.firstSeconds * 1000)
        policy.backoffLimitMilliseconds = Int(engine.backoff.maximumSeconds * 1000)
        policy.speculates = engine.speculation
        policy.quarantineLimit = engine.maximumQuarantined
        return policy
    }

    /// Committed objects that are no longer in the directory: their tiles are computed again.
    ///
    /// Where nothing is left to be computed, only publishing follows, which compares digests and sends
    /// whoever finds a damaged file here: so do we, then. While tiles are still computed, sizes do: each
    /// tile's inputs are compared with their digests when they are read, and all results before they are
    /// published.
    private func lostObjects(
        _ snapshot: JournalSnapshot,
        _ directory: RunDirectory
    ) -> [RunEvent] {
        let isComputed =
            snapshot.phase == .done || (snapshot.phase == .incomplete && !retriesQuarantined)
        let verifier = DirectoryObjectVerifier(
            directory: directory,
            check: isComputed ? .digest : .size
        )
        return snapshot.lostUnits { directory.believing(verifier.discrepancy(of: $0)) }
            .map { .objectLost($0.unit, reason: $0.reason) }
    }

    private func writeJoinFile(
        _ opened: RunDirectory,
        keys: RunKeys,
        channel: CoordinatorChannel
    ) throws {
        var hosts = advertise
        if hosts.isEmpty {
            hosts = listen.isWildcard ? [ProcessFacts.host, "127.0.0.1"] : [listen.host]
        }
        var endpoints: [String] = []
        for host in hosts {
            let endpoint = "\(Endpoint(host: host, port: channel.boundPort))"
            if !endpoints.contains(endpoint) { endpoints.append(endpoint) }
        }
        try JoinFile(
            endpoints: endpoints,
            serverPublicKey: keys.server.publicKey,
            runID: opened.runID,
            workerKey: keys.sharedWorker
        ).write(toFile: opened.joinFile)
    }

    /// Runs coordinator, local workers, signals, progress and the allow-list side by side.
    private func drive(
        _ coordinator: Coordinator,
        facts: [RunEvent],
        keys: RunKeys,
        authenticator: Authenticator,
        joinPath: String,
        sideJobs: [@Sendable () async throws -> Never],
        logger: Logger
    ) async throws -> End {
        enum Part: Sendable {
            case outcome(RunOutcome)
            case signal(Int32)
            case workersBroken(String)
            case workersEnded
        }
        let workers = LocalWorkers(
            executable: ProcessFacts.executable,
            joinPath: joinPath,
            keyPaths: keys.localWorkerPaths,
            arguments: [
                "--slots", "1", "--siblings", "\(max(1, keys.localWorkerPaths.count))",
                "--log-level", "\(LogLevel.error)", "--log-format", "\(terminal.format.rawValue)",
            ],
            logger: logger
        )
        return try await withThrowingTaskGroup(of: Part.self) { group in
            group.addTask { .outcome(try await coordinator.run(after: facts)) }
            group.addTask {
                // A second signal, while workers are waited for, ends this process as such signals do.
                for await number in Signals.terminations(endsAfterwards: true) {
                    return .signal(number)
                }
                throw CancellationError()
            }
            group.addTask {
                try await keys.watch(authenticator, of: coordinator, logger: logger)
            }
            for job in sideJobs { group.addTask { try await job() } }
            if !keys.localWorkerPaths.isEmpty {
                group.addTask {
                    let reason = await workers.run(graceSeconds: 20) { processID, end in
                        // A worker that left in good order has said so itself.
                        if case .exited(0) = end { return }
                        await coordinator.localWorkerExited(
                            processID: processID,
                            host: ProcessFacts.host,
                            failureClass: end.failureClass,
                            reason: end.text
                        )
                    }
                    return reason.map { .workersBroken($0) } ?? .workersEnded
                }
            }
            var signal: Int32?
            while let part = try await group.next() {
                switch part {
                case .outcome(let outcome):
                    group.cancelAll()
                    // Workers leave by the goodbye they were sent; the group waits for them.
                    return End(outcome: outcome, signal: signal)
                case .signal(let number):
                    signal = number
                    await coordinator.shutDown()
                case .workersBroken(let reason):
                    logger.critical(
                        "no local worker can be kept running",
                        metadata: [LogKey.event: "run.workersBroken", "detail": "\(reason)"]
                    )
                    throw CommandError.failed("no local worker can be kept running: \(reason)")
                case .workersEnded: break
                }
            }
            throw CancellationError()
        }
    }
}

extension ChildProcess.End {
    /// How the end of a worker is charged to what it computed; nil when it is not.
    var failureClass: FailureClass? {
        switch self {
        // SIGKILL is an operator's or the system's doing, not the tile's.
        case .signalled(SIGKILL), .signalled(SIGTERM), .signalled(SIGINT): nil
        case .signalled: .crash
        case .exited, .failedToStart: nil
        }
    }

    /// For people.
    var text: String {
        switch self {
        case .exited(let code): "ended with exit code \(code)"
        case .signalled(let number): "ended by signal \(number)"
        case .failedToStart(let reason): reason
        }
    }
}
