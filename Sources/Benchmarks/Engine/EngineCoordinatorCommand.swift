import ArgumentParser
import Coordination
import Foundation
import Messaging
import RunStore
import Tiling
import WireProtocol

/// The command `Benchmarks engine-coordinator`.
struct EngineCoordinatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engine-coordinator",
        abstract: "Coordinates a run of tiles that compute nothing, and says what that cost.",
        discussion: """
            The engine's own coordinator, journal (synchronous=FULL) and CURVE channel, in a run directory \
            that sectile status reads. The workers are processes of engine-workers.
            """
    )

    @Option(help: "The run directory; a run that is there is gone on with.")
    var directory: String
    @Option(help: "Tiles of the plan.")
    var tiles: Int
    @Option(help: "Sessions to wait for before the first lease.")
    var sessions = 1
    @Option(help: "Seconds to look at idle sessions before the first lease.")
    var idle = 0.0
    @Option(help: "Time between heartbeats, milliseconds; leases last three.")
    var heartbeat = 3000
    @Option(help: "End after so many commits, to be gone on with.")
    var stopAfter: Int?
    @Flag(help: "Leave when the run could go on: only the time to there is of interest.")
    var onlyOpen = false
    @Flag(help: "Look at the file of each tile, as the program does.")
    var files = false
    @Flag(help: "Keep no log; by default every line is written that the program writes.")
    var noLog = false

    func run() async throws {
        var account = EngineReport(start: ProcessUsage())
        let plan = EngineSetting.plan(tileCount: tiles)
        account.planned = ProcessUsage()
        let fileSystem = PosixFileSystem()
        let opened = try RunDirectory.prepare(
            at: URL(fileURLWithPath: directory).standardizedFileURL.path,
            plan: plan,
            runID: UUID().uuidString.lowercased(),
            probeToken: UUID().uuidString.lowercased(),
            files: fileSystem
        )
        let lock = try opened.lock(holder: "benchmark")
        defer { withExtendedLifetime(lock) {} }
        let journal = try RunJournal.open(
            at: opened.journalFile,
            plan: plan,
            runID: opened.runID,
            wallSeconds: EngineWorld().secondsSince1970,
            files: fileSystem
        )
        account.opened = ProcessUsage()
        let verifier: any ObjectVerifier =
            files ? DirectoryObjectVerifier(directory: opened, check: .size) : TrustingVerifier()
        let (state, lost) = try restored(plan, journal, opened, verifier)
        account.restored = ProcessUsage()
        let context = try ZeroMQContext()
        let channel = try await channel(of: opened, context)
        let meter = EngineMeter(
            fields: noLog ? nil : "\(opened.logsDirectory)/coordinator.jsonl",
            runID: opened.runID
        )
        let coordinator = Coordinator(
            state: state,
            surroundings: Coordinator.Surroundings(
                journal: journal,
                channel: channel,
                clock: EngineWorld(),
                wallClock: EngineWorld(),
                verifier: verifier,
                archive: DirectoryObjectArchive(directory: opened, inputs: []),
                reducer: EmptyReducer(),
                log: meter
            )
        )
        account.ready = ProcessUsage()
        try await drive(coordinator, lost, meter, &account)
        await channel.close(lingerMilliseconds: 1000)
        await context.terminate()
        try journal.close()
        account.take(meter)
        try report(account)
    }

    /// What the journal knows, as the program takes it up; its objects are looked for.
    private func restored(
        _ plan: RunPlan,
        _ journal: RunJournal,
        _ directory: RunDirectory,
        _ verifier: any ObjectVerifier
    ) throws -> (RunState, lost: [RunEvent]) {
        let snapshot = try journal.snapshot()
        _ = try directory.sweep(
            committed: snapshot.committedKeys,
            open: Set(snapshot.openAttempts.map(\.lease))
        )
        var policy = LeasePolicy()
        policy.heartbeatMilliseconds = heartbeat
        policy.leaseMilliseconds = 3 * heartbeat
        let state = RunState.restored(
            from: snapshot,
            plan: plan,
            identity: RunIdentity(
                runID: directory.runID,
                epoch: journal.epoch,
                build: EngineSetting.build,
                runDirectory: directory.path,
                storageProbe: directory.probeToken
            ),
            policy: policy
        )
        let lost: [RunEvent] = snapshot.units.compactMap { unit in
            guard let object = unit.object, let reason = verifier.discrepancy(of: object) else {
                return nil
            }
            return .objectLost(unit.unit, reason: reason)
        }
        return (state, lost)
    }

    private func channel(
        of opened: RunDirectory,
        _ context: ZeroMQContext
    ) async throws -> CoordinatorChannel {
        let server = try CurveKeyPair.generate()
        let worker = try CurveKeyPair.generate()
        let allowed = try AllowList.Entry(publicKey: worker.publicKey, label: "benchmark")
        let channel = try await CoordinatorChannel.bind(
            to: "tcp://127.0.0.1:0",
            keys: server,
            authenticator: Authenticator(allowing: AllowList([allowed])),
            context: context
        )
        let temporary = "\(opened.joinFile).new"
        try? FileManager.default.removeItem(atPath: opened.joinFile)
        try JoinFile(
            endpoints: ["tcp://127.0.0.1:\(channel.boundPort)"],
            serverPublicKey: server.publicKey,
            runID: opened.runID,
            workerKey: worker
        ).write(toFile: temporary)
        try FileManager.default.moveItem(atPath: temporary, toPath: opened.joinFile)
        return channel
    }

    /// Runs the plan: waits for the sessions, looks at them idle, then lets them work.
    private func drive(
        _ coordinator: Coordinator,
        _ lost: [RunEvent],
        _ meter: EngineMeter,
        _ account: inout EngineReport
    ) async throws {
        if sessions > 0 { await coordinator.pause() }
        async let outcome = coordinator.run(after: lost)
        if onlyOpen {
            // The state is asked after its first events, so that the run is under way by then.
            _ = await coordinator.progress()
            account.underWay = ProcessUsage()
            await coordinator.shutDown()
            account.outcome = "\(try await outcome)"
            return
        }
        while meter.joinedCount < sessions { try await Task.sleep(for: .milliseconds(5)) }
        if idle > 0 {
            // Storage probes and the first heartbeats are not idleness.
            try await Task.sleep(for: .seconds(3))
            account.idleFrom = ProcessUsage()
            try await Task.sleep(for: .seconds(idle))
            account.idleTo = ProcessUsage()
        }
        meter.begin()
        if sessions > 0 { await coordinator.resume() }
        if let stopAfter {
            while meter.committedCount < stopAfter {
                try await Task.sleep(for: .milliseconds(20))
            }
            await coordinator.shutDown()
        }
        account.outcome = "\(try await outcome)"
        account.end = ProcessUsage()
        account.peakBytes = Int(peakMemoryMebibytes() * 1_048_576)
        // The goodbye is read before the connection ends.
        try await Task.sleep(for: .milliseconds(500))
    }
}
