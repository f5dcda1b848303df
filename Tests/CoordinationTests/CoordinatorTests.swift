import ContentDigest
import Coordination
import Execution
import Foundation
import Messaging
import RunStore
import SimulationKit
import Synchronization
import Testing
import Tiling
import WireProtocol

/// The actor over the in-process network, with a journal on disk and the wire's own codec.
struct CoordinatorTests {
    private let work = SimulatedWork(rows: 2, columns: 3)
    private let clock = VirtualClock()
    private let log = FactLog()
    private let archive = MemoryArchive()
    private let directory: String
    private let network: LoopbackNetwork
    private let key: CurvePublicKey

    init() throws {
        directory =
            FileManager.default.temporaryDirectory
            .appendingPathComponent("sectile-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(
            atPath: directory,
            withIntermediateDirectories: true
        )
        key = try CurvePublicKey(bytes: [UInt8](repeating: 7, count: 32))
        let list = AllowList([try AllowList.Entry(publicKey: key)])
        network = LoopbackNetwork(serverKey: key, authenticator: Authenticator(allowing: list))
    }

    private func openJournal() throws -> RunJournal {
        try RunJournal.open(
            at: directory + "/journal.sqlite",
            plan: work.plan,
            runID: "run",
            wallSeconds: 0,
            files: PosixFileSystem()
        )
    }

    private func coordinator(
        _ journal: RunJournal,
        store: (any JournalStore)? = nil,
        verifier: any ObjectVerifier = TrustingVerifier()
    ) throws -> Coordinator {
        let identity = RunIdentity(
            runID: "run",
            epoch: journal.epoch,
            build: Scene.build,
            runDirectory: directory,
            storageProbe: "probe"
        )
        let state = RunState.restored(
            from: try journal.snapshot(),
            plan: work.plan,
            identity: identity
        )
        return Coordinator(
            state: state,
            surroundings: Coordinator.Surroundings(
                journal: store ?? journal,
                channel: network.coordinator(),
                clock: clock,
                wallClock: clock,
                verifier: verifier,
                archive: archive,
                reducer: work,
                log: log
            )
        )
    }

    /// A worker that computes at once, until it hears that the run is over or its channel closes.
    private func worker(
        _ channel: LoopbackWorkerChannel,
        _ number: Int,
        stopAfter limit: Int = .max,
        transporting transport: Transport? = nil,
        failing failure: @Sendable (LeaseID) -> AttemptFailure? = { _ in nil }
    ) async throws {
        let origin = MonotonicInstant(nanoseconds: 0)
        var worker = SimulatedWorker(
            id: Scene.id(number),
            slots: 2,
            transportsObjects: transport != nil,
            peer: .coordinator,
            at: origin
        )
        var computed = 0
        /// Does what the worker wants.
        func perform(_ first: [SimulatedWorker.Act]) {
            var acts = first[...]
            while let act = acts.popFirst() {
                switch act {
                case .send(let message): _ = channel.send(WireCodec.encode(message))
                case .verifyStorage(let welcome): acts += worker.verified(welcome, at: origin)
                case .compute(let request):
                    computed += 1
                    if computed > limit { continue }
                    if let failed = failure(request.lease) {
                        let failure = TileFailure(
                            failed.failureClass,
                            failed.message,
                            peakResidentBytes: failed.peakResidentBytes
                        )
                        acts += worker.finish(request.lease, .failure(failure), at: origin)
                        continue
                    }
                    var result = work.result(
                        of: request.lease,
                        inputs: request.inputs,
                        constants: request.constants,
                        halo: request.halo,
                        nonce: 1
                    )
                    if let transport { result = transport.result(result) }
                    acts += worker.finish(request.lease, .success(result), at: origin)
                case .reconnect, .remove, .leave: break
                }
            }
        }
        perform(worker.connected(at: origin))
        while !worker.isFinished {
            let batch = await channel.events.nextBatch()
            if batch.isEmpty { return }
            for case .message(let message) in batch {
                let heard = try WireCodec.decodeCoordinator(message.frames)
                if case .request(let request) = heard, let transport {
                    for piece in transport.answers(to: request) {
                        _ = channel.send(WireCodec.encode(WorkerMessage.piece(piece)))
                    }
                }
                perform(worker.hear(heard, at: origin))
            }
        }
    }

    private func checkResults() throws {
        let reader = try JournalReader(
            path: directory + "/journal.sqlite",
            files: PosixFileSystem()
        )
        let expected = try work.faultlessSamples()
        var found: [WorkUnit: ContentDigest] = [:]
        for (stage, round) in [(Stage.balance, 0), (.bandwidth, 0), (.bandwidth, 1), (.fit, 0)] {
            for result in try reader.results(stage: stage, round: round) {
                found[result.lease.unit] = result.object.samplesDigest
            }
        }
        #expect(found == expected)
    }

    @Test func `a run ends done with every result in the journal`() async throws {
        let journal = try openJournal()
        let coordinator = try coordinator(journal)
        let channels = (1...2).map { _ in network.worker(publicKey: key) }
        async let outcome = coordinator.run()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, channel) in channels.enumerated() {
                group.addTask { try await worker(channel, index + 1) }
            }
            try await group.waitForAll()
        }
        #expect(try await outcome == .done)
        #expect(await coordinator.progress().phase == .done)
        try checkResults()
        #expect(log.count(.runFinished) == 1)
        #expect(log.count(.tileCommitted) == 24)
    }

    @Test func `a finished run is taken up again for an object that was lost`() async throws {
        let journal = try openJournal()
        let first = try coordinator(journal)
        let channel = network.worker(publicKey: key)
        async let outcome = first.run()
        try await worker(channel, 1)
        #expect(try await outcome == .done)
        try journal.close()

        let again = try openJournal()
        let second = try coordinator(again)
        // Said before anything else, as an operator would: nothing is quarantined, the run is over.
        await second.retry(nil)
        let unit = WorkUnit(stage: .balance, tile: TileID(row: 0, column: 0))
        async let final = second.run(after: [.objectLost(unit, reason: "gone")])
        try await worker(network.worker(publicKey: key), 2)
        #expect(try await final == .done)
        #expect(log.count(.tileCommitted) == 25)
        try checkResults()
    }

    @Test func `garbage is refused and the run goes on`() async throws {
        let journal = try openJournal()
        let coordinator = try coordinator(journal)
        let bad = network.worker(publicKey: key)
        let good = network.worker(publicKey: key)
        async let outcome = coordinator.run()
        _ = bad.send([[0xFF, 0, 1], [2, 3]])
        let answer = await bad.events.nextBatch()
        try await worker(good, 1)
        #expect(try await outcome == .done)
        let refused = try answer.contains { event in
            guard case .message(let message) = event,
                case .refuse(let refusal) = try WireCodec.decodeCoordinator(message.frames)
            else { return false }
            return refusal.code == .malformed
        }
        #expect(refused || answer.allSatisfy { if case .message = $0 { false } else { true } })
        try checkResults()
    }

    @Test func `a journal without space holds everything back and loses nothing`() async throws {
        let journal = try openJournal()
        let full = FullJournal(journal, failures: 5)
        let coordinator = try coordinator(journal, store: full)
        let channel = network.worker(publicKey: key)
        async let outcome = coordinator.run()
        async let working: Void = worker(channel, 1)
        // The tries are a second of virtual time apart.
        while full.remaining > 0 {
            await Task.yield()
            if clock.sleeperCount >= 2 { clock.advance(milliseconds: 1000) }
        }
        while clock.sleeperCount >= 2 { clock.advance(milliseconds: 1000) }
        try await working
        #expect(try await outcome == .done)
        #expect(log.count(.journalFailed) == 1)
        #expect(log.count(.journalRecovered) == 1)
        #expect(await coordinator.journalCommits.count > 0)
        try checkResults()
    }

    @Test func `a coordinator that is shut down is continued by the next`() async throws {
        let journal = try openJournal()
        let first = try coordinator(journal)
        let channel = network.worker(publicKey: key)
        async let outcome = first.run()
        async let working: Void = worker(channel, 1, stopAfter: 4)
        while await first.progress().committedCount < 4 { await Task.yield() }
        await first.shutDown()
        #expect(try await outcome == .interrupted)
        await channel.close()
        try await working
        try journal.close()

        let again = try openJournal()
        #expect(again.epoch == 2)
        let second = try coordinator(again)
        #expect(await second.progress().phase == .running)
        async let final = second.run()
        // The leases of the first worker, which is gone, have to run out.
        while await second.progress().leaseCount > 0 || clock.sleeperCount == 0 {
            if clock.sleeperCount > 0 { clock.advance(milliseconds: 250) }
            await Task.yield()
        }
        try await worker(network.worker(publicKey: key), 2)
        #expect(try await final == .done)
        try checkResults()
    }

    @Test func `shutting down does not wait for a disk that is full`() async throws {
        let journal = try openJournal()
        let full = FullJournal(journal, failures: .max)
        let coordinator = try coordinator(journal, store: full)
        let channel = network.worker(publicKey: key)
        _ = channel.send(WireCodec.encode(WorkerMessage.hello(Scene.hello(1))))
        async let outcome = coordinator.run()
        while log.count(.journalFailed) == 0 { await Task.yield() }
        await coordinator.shutDown()
        #expect(try await outcome == .interrupted)
    }

    @Test func `cancelling the task ends the coordinator`() async throws {
        let journal = try openJournal()
        let coordinator = try coordinator(journal)
        await #expect(throws: CancellationError.self) {
            try await withThrowingTaskGroup(of: RunOutcome.self) { group in
                group.addTask { try await coordinator.run() }
                group.cancelAll()
                for try await _ in group {}
            }
        }
    }

    @Test(arguments: [Transport.Fault.none, .firstPieceTwice, .firstObjectWrong])
    fileprivate func `results of workers without shared storage come over the connection`(
        fault: Transport.Fault
    ) async throws {
        let journal = try openJournal()
        let coordinator = try coordinator(journal)
        let transport = Transport(fault: fault)
        let channel = network.worker(publicKey: key)
        async let outcome = coordinator.run()
        async let work: Void = worker(channel, 1, transporting: transport)
        if fault == .firstObjectWrong {
            // Until the tile is tried again, time has to pass.
            while log.count(.resultRejected) == 0 { await Task.yield() }
            clock.advance(milliseconds: 600)
        }
        try await work
        #expect(try await outcome == .done)
        let committed = try journal.snapshot().units.compactMap(\.object)
        #expect(committed.count == 4 * 6)
        for object in committed {
            #expect(archive.content(of: object.key) == Transport.content(of: object.key))
        }
        #expect(log.count(.objectStored) == 4 * 6)
        #expect(log.count(.resultRejected) == (fault == .firstObjectWrong ? 1 : 0))
    }

    @Test func `partial sums that changed in the journal cost their tiles and not the run`()
        async throws
    {
        let journal = try openJournal()
        let unit = WorkUnit(stage: .balance, tile: TileID(row: 1, column: 2))
        let coordinator = try coordinator(journal, store: SpoiltJournal(journal, unit))
        let channel = network.worker(publicKey: key)
        async let outcome = coordinator.run()
        try await worker(channel, 1)
        #expect(try await outcome == .done)
        #expect(log.count(.objectLost) == 1)
        #expect(log.count(.tileCommitted) == 25)
        try checkResults()
    }

    @Test func `an object that two readers suspect is looked at once and computed again`()
        async throws
    {
        let journal = try openJournal()
        let unit = WorkUnit(stage: .balance, tile: TileID(row: 0, column: 0))
        let key = TileObjectKey(lease: LeaseID(unit: unit, attempt: .first), nonce: 1)
        let verifier = FlawVerifier(flawed: key, log: log)
        let coordinator = try coordinator(journal, verifier: verifier)
        let channel = network.worker(publicKey: self.key)
        async let outcome = coordinator.run()
        async let working: Void = worker(channel, 1) { lease in
            guard lease.unit.stage == .bandwidth, lease.unit.round == 0, lease.attempt == .first,
                lease.unit.tile.row == 1, lease.unit.tile.column > 0
            else { return nil }
            return AttemptFailure(
                lease: lease,
                failureClass: .storage,
                message: "\(key.path) cannot be read"
            )
        }
        // All but the two that wait after their failures, and the one that is computed again.
        while log.count(.tileCommitted) < 6 + 1 + 4 { await Task.yield() }
        while clock.sleeperCount == 0 { await Task.yield() }
        clock.advance(milliseconds: 600)
        try await working
        #expect(try await outcome == .done)
        #expect(verifier.lookCount == 1)
        #expect(log.count(.objectLost) == 1)
        #expect(log.count(.tileCommitted) == 25)
        try checkResults()
    }

    @Test func `a closed channel is an error, not an end`() async throws {
        let journal = try openJournal()
        let coordinator = try coordinator(journal)
        await network.coordinator().close()
        let error = await #expect(throws: CoordinationError.self) {
            _ = try await coordinator.run()
        }
        #expect(error?.code == .channelClosed)
    }
}

/// Takes every object for what it is said to be.
private struct TrustingVerifier: ObjectVerifier {
    func discrepancy(of object: TileObject) -> String? { nil }
    func damage(of object: TileObject) -> String? { nil }
    func discard(_ key: TileObjectKey) {}
}

/// Finds one object damaged, once two attempts have failed, and counts the looks at it.
private final class FlawVerifier: ObjectVerifier {
    private let flawed: TileObjectKey
    private let log: FactLog
    private let looks = Mutex(0)

    init(flawed: TileObjectKey, log: FactLog) {
        self.flawed = flawed
        self.log = log
    }

    var lookCount: Int { looks.withLock { $0 } }

    func discrepancy(of object: TileObject) -> String? { nil }

    func damage(of object: TileObject) -> String? {
        guard object.key == flawed else { return nil }
        looks.withLock { $0 += 1 }
        while log.count(.attemptFailed) < 2 { usleep(1000) }
        return "another digest"
    }

    func discard(_ key: TileObjectKey) {}
}

/// The worker's side of what travels: objects of 300 kB, and what goes wrong with them.
private final class Transport: Sendable {
    enum Fault: Sendable {
        case none, firstPieceTwice, firstObjectWrong
    }

    private let fault: Fault
    private let isFirst = Mutex(true)

    init(fault: Fault) {
        self.fault = fault
    }

    static func content(of key: TileObjectKey) -> [UInt8] {
        let seed = key.path.utf8.reduce(UInt8(0)) { $0 &* 31 &+ $1 }
        return (0..<300_000).map { UInt8(truncatingIfNeeded: $0) &+ seed }
    }

    func result(_ result: TileResult) -> TileResult {
        let content = Self.content(of: result.object.key)
        let object = TileObject(
            key: result.object.key,
            bytes: content.count,
            fileDigest: ContentDigest(of: content),
            samplesDigest: result.object.samplesDigest
        )
        return TileResult(
            lease: result.lease,
            object: object,
            partial: result.partial,
            cost: result.cost
        )
    }

    func answers(to request: FileRequest) -> [FilePiece] {
        guard case .object(let key) = request.file else { return [] }
        var content = Self.content(of: key)
        let isFirst = self.isFirst.withLock { isFirst in
            defer { isFirst = false }
            return isFirst
        }
        if isFirst, fault == .firstObjectWrong { content[request.offset] &+= 1 }
        let end = min(content.count, request.offset + request.length)
        let piece = FilePiece(
            file: request.file,
            offset: request.offset,
            content: .bytes(Array(content[request.offset..<end]), fileBytes: content.count)
        )
        return isFirst && fault == .firstPieceTwice ? [piece, piece] : [piece]
    }
}

/// Keeps objects in memory.
private final class MemoryArchive: ObjectArchive {
    private struct State {
        var partial: [TileObjectKey: [UInt8]] = [:]
        var whole: [TileObjectKey: [UInt8]] = [:]
    }

    private let state = Mutex(State())

    func content(of key: TileObjectKey) -> [UInt8]? { state.withLock { $0.whole[key] } }

    func piece(
        of key: TileObjectKey,
        offset: Int,
        count: Int
    ) throws(RunStoreError) -> (bytes: [UInt8], fileBytes: Int) {
        guard let content = content(of: key) else {
            throw RunStoreError(.inputOutput, path: key.path, message: "is not there")
        }
        return (Array(content.dropFirst(offset).prefix(count)), content.count)
    }

    func piece(
        ofInput path: String,
        offset: Int,
        count: Int
    ) throws(RunStoreError) -> (bytes: [UInt8], fileBytes: Int) {
        throw RunStoreError(.misuse, path: path, message: "is no input of this run")
    }

    func begin(_ key: TileObjectKey) throws(RunStoreError) {
        state.withLock { $0.partial[key] = [] }
    }

    func keep(_ bytes: [UInt8], of key: TileObjectKey, offset: Int) throws(RunStoreError) {
        state.withLock { state in
            var content = state.partial[key] ?? []
            content += [UInt8](repeating: 0, count: max(0, offset + bytes.count - content.count))
            content.replaceSubrange(offset..<offset + bytes.count, with: bytes)
            state.partial[key] = content
        }
    }

    func finish(_ object: TileObject) throws(RunStoreError) -> String? {
        state.withLock { state in
            let content = state.partial.removeValue(forKey: object.key) ?? []
            guard ContentDigest(of: content) == object.fileDigest else { return "another digest" }
            state.whole[object.key] = content
            return nil
        }
    }

    func abandon(_ key: TileObjectKey) {
        state.withLock { _ = $0.partial.removeValue(forKey: key) }
    }
}

/// Counts facts by name.
private final class FactLog: RunLog {
    private let counts = Mutex<[RunFact.Name: Int]>([:])

    func record(_ fact: RunFact) {
        counts.withLock { $0[fact.name, default: 0] += 1 }
    }

    func count(_ name: RunFact.Name) -> Int { counts.withLock { $0[name] ?? 0 } }
}

/// A journal whose disk is full for a number of commits.
private final class FullJournal: JournalStore {
    private let journal: RunJournal
    private let failures: Mutex<Int>

    init(_ journal: RunJournal, failures: Int) {
        self.journal = journal
        self.failures = Mutex(failures)
    }

    var remaining: Int { failures.withLock { $0 } }

    func append(_ entries: [JournalEntry]) async throws(RunStoreError) {
        let isFull = failures.withLock { failures in
            if failures > 0 { failures -= 1 }
            return failures > 0
        }
        if isFull { throw RunStoreError(.full, path: journal.path, message: "no space is left") }
        try await journal.append(entries)
    }

    func partials(
        stage: Stage,
        round: Int
    ) async throws(RunStoreError) -> [(tile: TileID, partial: [UInt8])] {
        try await journal.partials(stage: stage, round: round)
    }

    func damagedPartials(stage: Stage, round: Int) async throws(RunStoreError) -> [WorkUnit] {
        try await journal.damagedPartials(stage: stage, round: round)
    }
}

/// A journal in which the partial sums of a unit have changed until it is committed again.
private final class SpoiltJournal: JournalStore {
    private let journal: RunJournal
    private let unit: WorkUnit
    private let isSpoilt = Mutex(true)

    init(_ journal: RunJournal, _ unit: WorkUnit) {
        self.journal = journal
        self.unit = unit
    }

    func append(_ entries: [JournalEntry]) async throws(RunStoreError) {
        try await journal.append(entries)
        for entry in entries {
            if case .resultDiscarded(unit, _) = entry.record { isSpoilt.withLock { $0 = false } }
        }
    }

    func partials(
        stage: Stage,
        round: Int
    ) async throws(RunStoreError) -> [(tile: TileID, partial: [UInt8])] {
        if stage == unit.stage, round == unit.round, isSpoilt.withLock({ $0 }) {
            throw RunStoreError(.damaged, path: journal.path, message: "the partials have changed")
        }
        return try await journal.partials(stage: stage, round: round)
    }

    func damagedPartials(stage: Stage, round: Int) async throws(RunStoreError) -> [WorkUnit] {
        [unit]
    }
}
