package import Coordination
import Execution
import Messaging
import RunStore
import Tiling
import WireProtocol

/// A coordinator, its workers, the network and the disks between them, in virtual time from one seed.
///
/// All decisions are those of the product: ``RunState`` behind a ``CommitGate``, and a `WorkerState` in each
/// worker. After every step the checkers look at them; ``violations`` says what they found.
package struct SimulatedCluster {
    enum Happening {
        case outward(worker: Int, peer: PeerID, WorkerMessage)
        case inward(worker: Int, life: Int, peer: PeerID, CoordinatorMessage)
        case pulse(worker: Int, life: Int)
        case connect(worker: Int, life: Int, peer: PeerID)
        case disconnect(worker: Int, life: Int, peer: PeerID)
        case storageSeen(worker: Int, life: Int, Welcome)
        case computed(worker: Int, life: Int, TileRequest)
        case killWorker, startWorker(worker: Int)
        case killCoordinator, startCoordinator
        case partition, heal(worker: Int)
        case stall
        case stallWorker, goOn(worker: Int, life: Int)
        case fill, empty
        case tick(life: Int)
        case journaled(life: Int)
        case verified(life: Int, TileResult)
        case inspected(life: Int, [TileObject])
        case collected(life: Int, peer: PeerID, TileResult)
        case reduced(life: Int, number: Int, Stage, round: Int, constants: [Stage: [UInt8]])
        case operate, resume, rot
        case calm
    }

    let options: Options
    /// The work.
    package let work: SimulatedWork
    var random: SeededRandom
    /// Of what must not influence anything, so that the rest of the run stays the same.
    private var wallRandom: SeededRandom
    private var queue = EventQueue<Happening>()
    var now = MonotonicInstant(nanoseconds: 0)
    var network: FaultyNetwork
    /// The shared storage.
    package internal(set) var disk: FaultyDisk
    /// The journal as it is on disk.
    package private(set) var journal: JournalImage

    var state: RunState?
    private var gate = CommitGate()
    var batch: [JournalEntry] = []
    var coordinatorLife = 0
    private var stalledUntil: MonotonicInstant?
    /// Reductions that the coordinator asked for, and those that its gate let through.
    private var wantedReductions = 0
    private var begunReductions = 0
    /// Committed objects that were spoilt.
    var rotten: Set<TileObjectKey> = []
    /// Actions until the coordinator dies; nil while it shall live.
    var actionsLeft: Int?

    var workers: [SimulatedWorker?]
    /// Workers that computed something wrong.
    var wrongWorkers: Set<String> = []
    var lives: [Int]
    /// What waits for workers that stand still, by worker.
    var backlogs: [Int: [Happening]] = [:]
    /// Workers that ever started.
    var startedCount = 0
    var lastPeer: UInt32 = 0

    /// How the run ended; nil while it goes on.
    package internal(set) var outcome: RunOutcome?
    /// What the checkers found; empty while all is well.
    package internal(set) var violations: [String] = []
    /// Steps taken.
    package private(set) var stepCount = 0
    /// Restarts of the coordinator.
    package private(set) var restartCount = 0
    /// Workers that were found to compute wrongly in a run that ended with the right samples.
    package internal(set) var clearedCount = 0
    /// Facts that the coordinator logged, by name.
    package private(set) var factCounts: [RunFact.Name: Int] = [:]
    /// Leases that were granted beside another one of their unit.
    package var speculationCount: Int {
        journal.entries.count {
            if case .granted(_, _, isSpeculative: true) = $0.record { true } else { false }
        }
    }
    /// The latest happenings, for a failure's message.
    package private(set) var trace: [String] = []

    /// A cluster about to begin.
    package init(seed: UInt64, options: Options) {
        self.options = options
        random = SeededRandom(seed: seed)
        wallRandom = SeededRandom(seed: ~seed)
        work = SimulatedWork(
            rows: options.tileRows,
            columns: options.tileColumns,
            unreadable: options.unreadable
        )
        network = FaultyNetwork(options: options.network)
        disk = FaultyDisk(options: options.disk)
        journal = JournalImage(runID: "run", planDigest: work.plan.digest)
        workers = [SimulatedWorker?](repeating: nil, count: options.workerCount)
        lives = [Int](repeating: 0, count: options.workerCount)
        startCoordinator()
        for worker in workers.indices {
            after(random.integer(in: 0...50), .startWorker(worker: worker))
        }
        schedule(options.workerKillMilliseconds, .killWorker)
        schedule(options.coordinatorKillMilliseconds, .killCoordinator)
        schedule(options.partitionMilliseconds, .partition)
        schedule(options.stallMilliseconds, .stall)
        schedule(options.workerStallMilliseconds, .stallWorker)
        schedule(options.fillMilliseconds, .fill)
        schedule(options.operatorMilliseconds, .operate)
        schedule(options.rotMilliseconds, .rot)
        after(options.calmAfterMilliseconds, .calm)
    }

    /// Runs to the end, to the first violation, or to the limit of time.
    package mutating func run() throws {
        while outcome == nil, violations.isEmpty {
            guard let (at, happening) = queue.pop() else {
                violations.append("nothing happens any more and the run is not over")
                return
            }
            now = max(now, at)
            guard
                now.milliseconds(since: MonotonicInstant(nanoseconds: 0))
                    < options.limitMilliseconds
            else {
                violations.append("the run is not over after \(options.limitMilliseconds) ms")
                return
            }
            stepCount += 1
            try happen(happening)
            check()
        }
        if violations.isEmpty { try checkEnd() }
    }

    // MARK: - Happenings

    var isCalm: Bool {
        now.milliseconds(since: MonotonicInstant(nanoseconds: 0)) >= options.calmAfterMilliseconds
    }

    mutating func after(_ milliseconds: Int, _ happening: Happening) {
        queue.push(happening, at: now.advanced(byMilliseconds: milliseconds))
    }

    mutating func schedule(_ mean: Int?, _ happening: Happening) {
        guard let mean, !isCalm else { return }
        after(random.integer(in: mean / 4...mean * 7 / 4), happening)
    }

    /// How long an outage lasts, milliseconds.
    ///
    /// - Parameter hurried: the least and the most in a hurried cluster.
    /// - Returns: a length drawn at random, in this cluster's pace.
    mutating func outage(_ hurried: ClosedRange<Int>) -> Int {
        random.integer(in: hurried) * options.pace.outageFactor
    }

    mutating func note(_ text: String) {
        if trace.count > 400 { trace.removeFirst(200) }
        trace.append("\(now.nanoseconds / 1_000_000) \(text)")
    }

    mutating func happen(_ happening: Happening) throws {
        if isWaiting(happening) { return }
        switch happening {
        case .outward(let worker, let peer, let message):
            // What is on its way arrives, whether its sender still lives or not.
            deliver(worker: worker, peer: peer, message)
        case .inward(let worker, let life, let peer, let message):
            hear(worker: worker, life: life, peer: peer, message)
        case .pulse(let worker, let life): pulse(worker: worker, life: life)
        case .connect(let worker, let life, let peer):
            connect(worker: worker, life: life, peer: peer)
        case .disconnect(let worker, let life, let peer):
            disconnect(worker: worker, life: life, peer: peer)
        case .storageSeen(let worker, let life, let welcome):
            guard lives[worker] == life else { return }
            say(worker, workers[worker]?.verified(welcome, at: now) ?? [])
        case .computed(let worker, let life, let request):
            finish(worker: worker, life: life, request)
        case .killWorker: killWorker()
        case .startWorker(let worker): startWorker(worker)
        case .killCoordinator: killCoordinator()
        case .startCoordinator: startCoordinator()
        case .partition: partition()
        case .heal(let worker): network.heal(worker)
        case .stall:
            stalledUntil = now.advanced(byMilliseconds: outage(100...1500))
            note("coordinator stalls")
            schedule(options.stallMilliseconds, .stall)
        case .stallWorker: stallWorker()
        case .goOn(let worker, let life): if lives[worker] == life { try goOn(worker: worker) }
        case .fill: fill()
        case .empty: disk.isFull = false
        case .tick(let life): tick(life: life)
        case .journaled(let life): if life == coordinatorLife { endCommit() }
        case .verified(let life, let result):
            guard life == coordinatorLife else { return }
            apply(
                .objectVerified(result.lease, discrepancy: disk.discrepancy(of: result.object))
            )
        case .inspected(let life, let objects):
            for object in objects {
                guard life == coordinatorLife, let reason = disk.discrepancy(of: object) else {
                    continue
                }
                loseObject(object, reason: reason)
            }
        case .collected(let life, let peer, let result):
            collect(life: life, peer: peer, result)
        case .operate: operate()
        case .resume: resume()
        case .rot: rot()
        case .reduced(let life, let number, let stage, let round, let constants):
            // One that was overtaken by a lost object or a retry is nobody's answer.
            guard life == coordinatorLife, number == wantedReductions, state?.isReducing ?? false
            else { return }
            let partials = journal.partials(stage: stage, round: round)
            checkPartials(partials, stage: stage, round: round)
            let reduction = try work.reduce(
                stage: stage,
                round: round,
                partials: partials,
                constants: constants
            )
            apply(.reductionFinished(stage, round: round, reduction))
        case .calm: try calm()
        }
    }

    /// The faults are over: what is cut off is healed, what is dead or stopped goes on, nothing is lost
    /// any more.
    private mutating func calm() throws {
        network.options = FaultyNetwork.Options()
        disk.options = FaultyDisk.Options()
        disk.isFull = false
        for worker in workers.indices {
            network.heal(worker)
            try goOn(worker: worker)
            if workers[worker] == nil { after(0, .startWorker(worker: worker)) }
        }
        if state == nil { after(0, .startCoordinator) } else { apply(.resumeRequested) }
    }

    private mutating func fill() {
        schedule(options.fillMilliseconds, .fill)
        guard !isCalm else { return }
        note("the disks are full")
        disk.isFull = true
        after(outage(50...1500), .empty)
    }

    private mutating func deliver(worker: Int, peer: PeerID, _ message: WorkerMessage) {
        guard state != nil else { return }
        if let until = stalledUntil, until > now {
            // A stopped process hears everything at once when it goes on.
            queue.push(
                .outward(worker: worker, peer: peer, message),
                at: until
            )
            return
        }
        note("w\(worker) \(peer) says \(Self.short(message))")
        apply(.received(message, from: peer, userID: "key \(worker)"))
    }

    private mutating func tick(life: Int) {
        guard life == coordinatorLife, state != nil else { return }
        if let until = stalledUntil, until > now {
            queue.push(.tick(life: life), at: until.advanced(byMilliseconds: 1))
            return
        }
        stalledUntil = nil
        apply(.timePassed)
        after(options.pace.leases.tickMilliseconds, .tick(life: life))
    }

    // MARK: - The coordinator

    private mutating func startCoordinator() {
        guard state == nil, outcome == nil else { return }
        journal.raiseEpoch()
        coordinatorLife += 1
        stalledUntil = nil
        actionsLeft = nil
        let identity = RunIdentity(
            runID: "run",
            epoch: journal.epoch,
            build: BuildIdentity(version: "1", gdal: "3.6.2", proj: "9.1.1"),
            runDirectory: "/run",
            storageProbe: "probe"
        )
        state = RunState.restored(
            from: journal.snapshot,
            plan: work.plan,
            identity: identity,
            policy: options.pace.leases
        )
        gate = CommitGate()
        batch = []
        wantedReductions = 0
        begunReductions = 0
        note("coordinator starts, epoch \(journal.epoch)")
        apply(journal.phase == .cancelled ? .resumeRequested : .timePassed)
        if isCalm, state != nil { apply(.resumeRequested) }
        after(options.pace.leases.tickMilliseconds, .tick(life: coordinatorLife))
    }

    private mutating func killCoordinator() {
        schedule(options.coordinatorKillMilliseconds, .killCoordinator)
        guard state != nil, !isCalm else { return }
        if random.chance(options.crashBetweenActions) {
            actionsLeft = random.integer(in: 0...9)
        } else {
            die()
        }
    }

    private mutating func die() {
        // The batch under way may have reached the disk although nobody heard of it: all of it or nothing,
        // because a batch is one transaction of the journal, of which recovery leaves no part.
        if !batch.isEmpty, random.chance(0.5) { journal.append(batch) }
        note("coordinator dies")
        state = nil
        breakConnections()
        batch = []
        actionsLeft = nil
        coordinatorLife += 1
        restartCount += 1
        after(outage(10...1200), .startCoordinator)
    }

    /// The workers of a process that has ended hear of it soon; those of a machine that has, by silence.
    private mutating func breakConnections() {
        guard random.chance(0.7) else { return }
        for (worker, peer) in workers.map({ $0?.peer }).enumerated() {
            guard let peer else { continue }
            after(
                random.integer(in: 0...50),
                .disconnect(worker: worker, life: lives[worker], peer: peer)
            )
        }
    }

    mutating func apply(_ event: RunEvent) {
        guard var state else { return }
        self.state = nil
        let effects = state.apply(event, at: now)
        wantedReductions += effects.count { if case .reduce = $0 { true } else { false } }
        let wallSeconds = wallSeconds()
        let ready = gate.admit(
            effects,
            cause: state.cause,
            wallSeconds: wallSeconds
        )
        self.state = state
        perform(ready)
        beginCommit()
    }

    /// What a clock on the wall shows.
    mutating func wallSeconds() -> Double {
        guard options.hasWildWallClocks else {
            return now.seconds(since: MonotonicInstant(nanoseconds: 0))
        }
        return Double(wallRandom.integer(in: -4_000_000_000...4_000_000_000))
    }

    private mutating func beginCommit() {
        guard state != nil, batch.isEmpty, gate.hasBatch else { return }
        batch = gate.takeBatch()
        after(random.integer(in: 0...6), .journaled(life: coordinatorLife))
    }

    private mutating func endCommit() {
        guard !batch.isEmpty else { return }
        if disk.isFull || random.chance(disk.options.journalFailure) {
            apply(.journalFailed("no space"))
            after(100, .journaled(life: coordinatorLife))
            return
        }
        journal.append(batch)
        batch = []
        apply(.journalRecovered)
        guard state != nil else { return }
        perform(gate.confirm())
        beginCommit()
    }

    private mutating func perform(_ actions: [CommitGate.Action]) {
        for action in actions {
            guard state != nil else { return }
            if let left = actionsLeft {
                guard left > 0 else { return die() }
                actionsLeft = left - 1
            }
            switch action {
            case .send(let message, let peer): send(message, to: peer)
            case .verify(let result):
                after(random.integer(in: 0...3), .verified(life: coordinatorLife, result))
            case .collect(let result, let peer):
                after(
                    random.integer(in: 0...40),
                    .collected(life: coordinatorLife, peer: peer, result)
                )
            case .inspect(let objects):
                after(random.integer(in: 0...3), .inspected(life: coordinatorLife, objects))
            case .serve, .take: break
            case .discard(let key):
                remove(key, by: "the coordinator")
            case .reduce(let stage, let round, let constants):
                begunReductions += 1
                after(
                    random.integer(in: 0...10),
                    .reduced(
                        life: coordinatorLife,
                        number: begunReductions,
                        stage,
                        round: round,
                        constants: constants
                    )
                )
            case .log(let fact): factCounts[fact.name, default: 0] += 1
            case .finish(.cancelled): comeBackFromCancellation()
            case .finish(let outcome): self.outcome = outcome
            }
        }
    }

    /// A committed object that is not what it was is computed again.
    mutating func loseObject(_ object: TileObject, reason: String) {
        let unit = object.key.lease.unit
        guard state?.committedObject(of: unit) == object else { return }
        note("\(object.key) is lost")
        apply(.objectLost(unit, reason: reason))
    }

    /// An object comes over as a whole while its connection stands, or not at all: another connection
    /// has to bring it then.
    private mutating func collect(life: Int, peer: PeerID, _ result: TileResult) {
        guard life == coordinatorLife, let worker = workers.firstIndex(where: { $0?.peer == peer }),
            workers[worker]?.transportsObjects ?? false,
            workers[worker]?.isHolding(result) ?? false
        else { return }
        if random.chance(disk.options.writeFailure) {
            apply(.objectVerified(result.lease, discrepancy: "no space"))
        } else {
            apply(.objectStored(result.lease))
        }
    }

    private mutating func send(_ message: CoordinatorMessage, to peer: PeerID) {
        let receiver = workers.firstIndex { $0?.peer == peer }
        checkPromise(message, to: receiver)
        guard let worker = receiver else { return }
        note("w\(worker) \(peer) is told \(Self.short(message))")
        let delays = network.delays(worker: worker, .inward, at: now, using: &random)
        for delay in delays {
            after(delay, .inward(worker: worker, life: lives[worker], peer: peer, message))
        }
    }
}
