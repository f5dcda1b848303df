package import Messaging
package import RunStore
package import Tiling
package import WireProtocol

/// Drives a ``RunState``: feeds it what happens, makes records durable, then does what depends on them.
///
/// Records gather while a commit is under way and form the next one, so the rate of commits adapts to
/// the disk; the messages that records release are joined by peer. Nothing here blocks: the journal and
/// the objects are looked after on their own queues. Bounds: what waits for the journal is at most
/// ``recordLimit`` records and one batch of the channel beyond it, then reading stops; what waits to be
/// looked at is at most the leases under way, and each committed object once.
package actor Coordinator {
    /// Records that may wait for the journal before reading from the network stops.
    package static let recordLimit = 65_536
    /// Time between two tries of a commit that failed, milliseconds.
    package static let journalRetryMilliseconds = 1000

    /// Results that are looked at in one go; a slow disk then still lets others through.
    static let verificationLimit = 64

    /// What the coordinator works with; nothing of it is read from the world behind its back.
    package struct Surroundings: Sendable {
        /// Keeps records and hands out partials.
        package var journal: any JournalStore
        /// The network.
        package var channel: any MessageChannel
        /// The clock that decisions go by.
        package var clock: any MonotonicClock
        /// The clock on the wall, for records.
        package var wallClock: any WallClock
        /// Looks at tile objects.
        package var verifier: any ObjectVerifier
        /// Takes in the objects of workers without shared storage, and hands out what they read.
        package var archive: any ObjectArchive
        /// Reduces partials.
        package var reducer: any StageReducer
        /// Takes facts for the operator.
        package var log: any RunLog
        /// Makes frames of messages.
        package var codec: CoordinatorCodec

        /// The surroundings of a coordinator.
        package init(
            journal: any JournalStore,
            channel: any MessageChannel,
            clock: any MonotonicClock,
            wallClock: any WallClock,
            verifier: any ObjectVerifier,
            archive: any ObjectArchive,
            reducer: any StageReducer,
            log: any RunLog,
            codec: CoordinatorCodec = .wire
        ) {
            self.journal = journal
            self.channel = channel
            self.clock = clock
            self.wallClock = wallClock
            self.verifier = verifier
            self.archive = archive
            self.reducer = reducer
            self.log = log
            self.codec = codec
        }
    }

    /// Blocking work, done in order.
    enum Job {
        case verify(TileResult)
        case discard(TileObjectKey)
        case reduce(Stage, round: Int, constants: [Stage: [UInt8]], number: Int)
    }

    private(set) var state: RunState
    let surroundings: Surroundings
    private let queue = BlockingQueue(label: "sectile.coordinator.objects")

    var intake: MessageIntake
    private var gate = CommitGate()
    private var jobs: [Job] = []
    private var finalOutcome: RunOutcome?
    private var isJournalFailing = false
    /// What was made durable so far, and how long it took.
    package private(set) var journalCommits = RunMetrics.JournalCommits()
    /// Reductions that were asked for, and those whose turn has come: what one gives that was overtaken by
    /// a lost object or a retry is not the answer to a later one.
    private var wantedReductions = 0
    private var begunReductions = 0
    /// Answers to heartbeats until the next look at the time, the latest for each peer.
    ///
    /// They say only that the coordinator lives, so they may leave together: a thousand idle workers
    /// would wake the socket's thread for each.
    private var answers: [PeerID: CoordinatorMessage] = [:]

    var transfers: CoordinatorTransfers
    var transferJobs: [CoordinatorTransfers.Job] = []
    /// Committed objects that somebody could not read, until they are compared with their digests.
    var suspects: Set<TileObject> = []
    let transferQueue = BlockingQueue(label: "sectile.coordinator.transfers")
    let transfersWait = WakeUp()

    /// Workers that were told goodbye.
    private var farewellCount = 0

    private let recordsWait = WakeUp()
    private let jobsWait = WakeUp()
    private let isOver = WakeUp()

    /// A coordinator of a run.
    package init(
        state: RunState,
        surroundings: Surroundings,
        transferLimits: TransferLimits = TransferLimits()
    ) {
        self.state = state
        self.surroundings = surroundings
        transfers = CoordinatorTransfers(limits: transferLimits)
        intake = MessageIntake(codec: surroundings.codec)
    }

    /// Runs until the run is over or ``shutDown()`` was asked for; once for each coordinator.
    ///
    /// The channel stays open for the caller to close, with time for the last messages to leave.
    ///
    /// - Parameter facts: what is known beyond the journal before anyone is heard, such as lost
    ///   objects.
    /// - Returns: how the run, or this coordinator's part in it, ended.
    /// - Throws: ``CoordinationError`` when the channel ends, ``RunStoreError`` when the journal fails
    ///   for good, `CancellationError` when the task is cancelled; the run can be resumed.
    package func run(after facts: [RunEvent] = []) async throws -> RunOutcome {
        for fact in facts { apply(fact) }
        apply(.timePassed)
        return try await withThrowingTaskGroup(of: RunOutcome?.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await self.receiveMessages() }
            group.addTask { try await self.watchTime() }
            group.addTask { try await self.commitRecords() }
            group.addTask { try await self.doJobs() }
            group.addTask { try await self.doTransfers() }
            group.addTask { try await self.waitForOutcome() }
            for try await outcome in group {
                if let outcome { return outcome }
            }
            throw CancellationError()
        }
    }

    /// Where the run stands.
    package func progress() -> RunProgress {
        state.progress(at: surroundings.clock.now)
    }

    /// Who works, by slot.
    package func workerReports() -> [WorkerReport] {
        state.workerReports(
            at: surroundings.clock.now,
            wallSeconds: surroundings.wallClock.secondsSince1970
        )
    }

    /// Waits until all that was decided so far is durable.
    ///
    /// - Parameter milliseconds: the longest wait.
    /// - Returns: false when it took longer.
    /// - Throws: `CancellationError`.
    package func decisionsAreDurable(withinMilliseconds milliseconds: Int) async throws -> Bool {
        let position = gate.position
        let clock = surroundings.clock
        let end = clock.now.advanced(byMilliseconds: milliseconds)
        while !gate.isDurable(position) {
            guard clock.now < end else { return false }
            try await pause(milliseconds: 10)
        }
        return true
    }

    /// Waits until as many connections have ended as workers were told goodbye; after ``run(after:)``.
    ///
    /// - Parameter limit: the longest wait, milliseconds.
    package func seeWorkersOff(atMost limit: Int) async {
        let channel = surroundings.channel
        let count = farewellCount
        guard count > 0 else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                var left = count
                while left > 0 {
                    let batch = await channel.events.nextBatch()
                    if batch.isEmpty { return }
                    for event in batch {
                        switch event {
                        case .disconnected: left -= 1
                        // A stranger's end, which is told as well.
                        case .handshakeFailed: left += 1
                        default: break
                        }
                    }
                }
            }
            group.addTask { try? await self.pause(milliseconds: limit) }
            await group.next()
            group.cancelAll()
        }
    }

    /// Tells the workers that it will be back, and lets ``run(after:)`` return `.interrupted`.
    package func shutDown() {
        apply(.shutdownRequested)
        leaveIfJournalFails()
    }

    /// Says that a worker process started by this process has ended.
    ///
    /// - Parameters:
    ///   - processID: the process, on `host` as it called itself in its hello.
    ///   - host: this host.
    ///   - failureClass: `.crash` or `.outOfMemory` when that is how it ended, which charges what it
    ///     computed; else nil.
    ///   - reason: such as `ended by signal 9`.
    package func localWorkerExited(
        processID: Int,
        host: String,
        failureClass: FailureClass?,
        reason: String
    ) {
        apply(
            .localWorkerExited(processID: processID, host: host, failureClass, reason: reason)
        )
    }

    // MARK: - The loop's parts

    private func receiveMessages() async throws -> RunOutcome? {
        while true {
            // While nothing is leased there are only heartbeats and greetings, which may wait for each other.
            let batch = await surroundings.channel.events.nextBatch(isPatient: !state.hasLeases)
            try Task.checkCancellation()
            guard !batch.isEmpty else {
                throw CoordinationError(.channelClosed, message: "the network channel closed")
            }
            for event in batch { try receive(event) }
            while gate.backlog > Self.recordLimit {
                try await pause(milliseconds: state.policy.tickMilliseconds)
            }
        }
    }

    private func receive(_ event: ChannelEvent) throws {
        switch event {
        case .message(let message):
            if let event = intake.event(of: message, at: surroundings.clock.now) { apply(event) }
        case .undeliverable(_, .closed): break
        case .undeliverable(let message, _): lose(message.peer)
        case .rejected(let peer, _, let frameCount):
            let refusal = RunEvent.Refusal(
                code: .malformed,
                found: "a message of \(frameCount) frames beyond the limits",
                wanted: "messages within the limits"
            )
            apply(.messageRejected(refusal, from: peer))
        case .failed(let error):
            throw CoordinationError(
                .channelClosed,
                message: "the network channel broke down",
                underlying: error
            )
        case .connected, .disconnected: break
        default:
            if let fact = RunFact(event) { surroundings.log.record(fact) }
        }
    }

    private func watchTime() async throws -> RunOutcome? {
        let clock = surroundings.clock
        while true {
            let now = clock.now
            let tick = now.advanced(byMilliseconds: state.policy.tickMilliseconds)
            // A lease ends when it ends, not up to a tick later.
            try await clock.sleep(until: min(tick, state.nextExpiry(after: now) ?? tick))
            apply(.timePassed)
            sendAnswers()
            perform(transfers.passTime(at: milliseconds))
            intake.passTime(at: surroundings.clock.now)
        }
    }

    private func sendAnswers() {
        let due = answers
        answers = [:]
        for (peer, answer) in due where !send(answer, to: peer) { lose(peer) }
    }

    private func lose(_ peer: PeerID) {
        transfers.lose(peer)
        apply(.connectionLost(peer))
    }

    private func pause(milliseconds: Int) async throws {
        let clock = surroundings.clock
        try await clock.sleep(until: clock.now.advanced(byMilliseconds: milliseconds))
    }

    private func commitRecords() async throws -> RunOutcome? {
        for await _ in recordsWait.stream {
            while gate.hasBatch {
                try await commit(gate.takeBatch())
                perform(gate.confirm())
            }
        }
        throw CancellationError()
    }

    /// Commits a batch, trying again for as long as the trouble may pass.
    private func commit(_ batch: [JournalEntry]) async throws {
        while true {
            do throws(RunStoreError) {
                let start = surroundings.clock.now
                try await surroundings.journal.append(batch)
                journalCommits.count += 1
                journalCommits.seconds += surroundings.clock.now.seconds(since: start)
                break
            } catch {
                guard error.isTransient else { throw error }
                isJournalFailing = true
                apply(.journalFailed(error.description))
                leaveIfJournalFails()
                try await pause(milliseconds: Self.journalRetryMilliseconds)
            }
        }
        if isJournalFailing {
            isJournalFailing = false
            apply(.journalRecovered)
        }
    }

    /// A coordinator that was asked to leave does not wait for a disk to be freed: what it has not
    /// acknowledged, its workers still have.
    private func leaveIfJournalFails() {
        if isJournalFailing, gate.isLeaving { perform([.finish(.interrupted)]) }
    }

    private func doJobs() async throws -> RunOutcome? {
        for await _ in jobsWait.stream {
            while !jobs.isEmpty {
                let batch = jobs
                jobs = []
                await carryOut(batch)
            }
        }
        throw CancellationError()
    }

    /// Does jobs in order; results in a row are looked at together, because the way to the thread
    /// that may block and back costs more than the look.
    private func carryOut(_ batch: [Job]) async {
        var results: [TileResult] = []
        for job in batch {
            if case .verify(let result) = job {
                results.append(result)
                if results.count < Self.verificationLimit { continue }
                await verify(results)
                results = []
            } else {
                await verify(results)
                results = []
                await carryOut(job)
            }
        }
        await verify(results)
    }

    private func verify(_ results: [TileResult]) async {
        guard !results.isEmpty else { return }
        let verifier = surroundings.verifier
        let reducer = surroundings.reducer
        let discrepancies = await queue.run {
            results.map { result in
                verifier.discrepancy(of: result.object)
                    ?? reducer.fault(in: result.partial, of: result.lease.unit.stage)
            }
        }
        for (result, discrepancy) in zip(results, discrepancies) {
            apply(.objectVerified(result.lease, discrepancy: discrepancy))
        }
    }

    private func carryOut(_ job: Job) async {
        let verifier = surroundings.verifier
        switch job {
        case .verify(let result): await verify([result])
        case .discard(let key):
            await queue.run { verifier.discard(key) }
        case .reduce(let stage, let round, let constants, let number):
            guard let event = await reduction(stage, round: round, constants: constants),
                number == wantedReductions
            else { return }
            apply(event)
        }
    }

    /// Reduces a round; nil when there are partials to be made again first.
    private func reduction(
        _ stage: Stage,
        round: Int,
        constants: [Stage: [UInt8]]
    ) async -> RunEvent? {
        do {
            let partials = try await surroundings.journal.partials(stage: stage, round: round)
            let reducer = surroundings.reducer
            let outcome = await queue.run {
                Result {
                    try reducer.reduce(
                        stage: stage,
                        round: round,
                        partials: partials,
                        constants: constants
                    )
                }
            }
            return .reductionFinished(stage, round: round, try outcome.get())
        } catch let error as RunStoreError where error.code == .damaged {
            let isReplacing = await replacePartials(stage, round: round)
            return isReplacing
                ? nil : .reductionFailed(stage, round: round, reason: error.description)
        } catch {
            return .reductionFailed(stage, round: round, reason: "\(error)")
        }
    }

    /// Partials that are not what was committed cost their tiles, not the run; false when all are.
    private func replacePartials(_ stage: Stage, round: Int) async -> Bool {
        let journal = surroundings.journal
        let damaged = (try? await journal.damagedPartials(stage: stage, round: round)) ?? []
        for unit in damaged {
            apply(.objectLost(unit, reason: "its partial sums in the journal have changed"))
        }
        return !damaged.isEmpty
    }

    private func waitForOutcome() async throws -> RunOutcome? {
        for await _ in isOver.stream {
            if let finalOutcome { return finalOutcome }
        }
        throw CancellationError()
    }

    // MARK: - Effects

    /// Feeds the state an event, and whatever its effects lead to at once.
    func apply(_ event: RunEvent) {
        let effects = state.apply(event, at: surroundings.clock.now)
        wantedReductions += effects.count { if case .reduce = $0 { true } else { false } }
        let ready = gate.admit(
            effects,
            cause: state.cause,
            wallSeconds: surroundings.wallClock.secondsSince1970
        )
        if gate.hasBatch { recordsWait.ring() }
        // A run that was over may have been taken up again before anyone asked for its outcome.
        if !state.phase.isOver, finalOutcome != .interrupted { finalOutcome = nil }
        perform(ready)
    }

    private func perform(_ actions: [CommitGate.Action]) {
        var lostPeers: [PeerID] = []
        for action in actions {
            switch action {
            case .send(let answer, let peer) where answer.isHeartbeat: answers[peer] = answer
            case .send(let message, let peer):
                if case .goodbye = message { farewellCount += 1 }
                if !send(message, to: peer) { lostPeers.append(peer) }
            case .verify(let result): add(.verify(result))
            case .inspect(let objects): suspect(objects)
            case .collect(let result, let peer):
                perform(transfers.collect(result, from: peer, at: milliseconds))
            case .serve(let request, let peer): perform(transfers.serve(request, to: peer))
            case .take(let piece, let peer):
                perform(transfers.take(piece, from: peer, at: milliseconds))
            case .discard(let key) where transfers.isCollecting(key):
                perform(transfers.abandon(key, at: milliseconds))
            case .discard(let key): add(.discard(key))
            case .reduce(let stage, let round, let constants):
                begunReductions += 1
                add(.reduce(stage, round: round, constants: constants, number: begunReductions))
            case .log(let fact): surroundings.log.record(fact)
            case .finish(let outcome):
                finalOutcome = outcome
                isOver.ring()
            }
        }
        // A worker that is lost here will be told to say hello, and both sides compare what they have.
        for peer in lostPeers { lose(peer) }
    }

    private func add(_ job: Job) {
        jobs.append(job)
        jobsWait.ring()
    }

    /// False when the message was not taken although the channel is open.
    private func send(_ message: CoordinatorMessage, to peer: PeerID) -> Bool {
        switch surroundings.channel.send(intake.frames(of: message, to: peer), to: peer) {
        case .queued, .closed: true
        case .queueFull, .illegal: false
        }
    }
}
