package import Tiling
package import WireProtocol

/// What happened to a slot.
package enum SlotEvent: Sendable {
    /// The slot shall have a process.
    case opened
    /// A unit is to be computed; only while there is none.
    case given(TileRequest)
    /// The outcome of the unit is not wanted.
    case cancelled
    /// The process runs; it has not said anything.
    case started(processID: Int32)
    /// The process said something.
    case reported(SlotReport)
    /// The process sent what is no report.
    case unreadable(String)
    /// What the process holds now, bytes; and its resident memory, bytes.
    case measured(heldBytes: Int, residentBytes: Int)
    /// A file that the unit of a lease wanted is here, or cannot be had.
    case fetched(LeaseID, TransferFile, TileObject?, Result<String, TileFailure>)
    /// The process is gone, or could not be started.
    case ended(SlotEnd)
    /// A deadline may have been reached.
    case timePassed
}

/// What shall be done for a slot.
package enum SlotEffect: Sendable {
    /// Start a process.
    case start
    /// Say this to the process.
    case send(SlotOrder)
    /// End the process and all it started, at once.
    case kill
    /// Report the outcome of the unit.
    case complete(Result<TileResult, TileFailure>)
    /// Fetch a file for the unit of a lease.
    case fetch(LeaseID, TransferFile, TileObject?)
    /// End a loan.
    case giveBack(TransferFile, TileObject?, isSound: Bool)
    /// Write a line of the log.
    case log(WorkerFact)
}

/// One slot's whole mind: its process, its unit, and why the one was ended.
///
/// A value without clock, threads or processes. The process outlives its units, so that what it has read
/// stays warm; it is replaced when it dies, whatever killed it. It is killed when
/// - a unit whose outcome is not wanted does not end within the grace period,
/// - it holds more memory than the cap,
/// - it says what is no report, or does not become ready.
package struct SlotState: Sendable {
    /// What a slot may do, and for how long.
    package struct Limits: Hashable, Sendable {
        /// Memory that the process may hold, bytes; 0 for no limit.
        package var memoryBytes: Int
        /// How many times that memory a unit that runs alone may have: the slots of this worker and of those
        /// that share its machine, at least 1.
        package var shares: Int
        /// How long a cancelled unit may take to end by itself.
        package var cancelGrace: Duration
        /// How long a process may take until it takes orders.
        package var startPatience: Duration

        /// Limits; the defaults suit computing.
        package init(
            memoryBytes: Int = 0,
            shares: Int = 1,
            cancelGrace: Duration = .seconds(1),
            startPatience: Duration = .seconds(60)
        ) {
            self.memoryBytes = memoryBytes
            self.shares = shares
            self.cancelGrace = cancelGrace
            self.startPatience = startPatience
        }
    }

    private enum Process {
        /// There is none; not before `retryAt` where the last ones could not be started.
        case absent(retryAt: Duration?)
        case starting(since: Duration)
        case ready
        /// It was killed and is not gone yet.
        case dying(KillReason)
    }

    private enum KillReason {
        case cancelled
        case memory(heldBytes: Int)
        case unreadable(String)
        case neverReady
    }

    private struct Job {
        let request: TileRequest
        var isSent = false
        var cancelledAt: Duration?
        var loans: [Loan] = []
        var peakBytes = 0
    }

    private struct Loan {
        let file: TransferFile
        let object: TileObject?
    }

    /// What a process was told, and need not be told again.
    private struct Told: Equatable {
        var specification: [UInt8] = []
        var runDirectory = ""
        var stage: Stage?
        var round = 0
        var constants: [Stage: [UInt8]] = [:]
        var halo = HaloIndex.none
    }

    private let limits: Limits
    private var process = Process.absent(retryAt: nil)
    private var processID: Int32 = 0
    private var job: Job?
    private var told = Told()
    /// Processes in a row that did not become ready.
    private var failedStarts = 0
    private var now = Duration.zero
    private var effects: [SlotEffect] = []

    /// Failed starts in a row after which units are handed back.
    private static let startLimit = 3

    /// A slot without a process.
    package init(limits: Limits) {
        self.limits = limits
    }

    /// True while there is a unit.
    package var isBusy: Bool { job != nil }

    /// When ``SlotEvent/timePassed`` is due; nil when nothing waits for time.
    package var nextDeadline: Duration? {
        switch process {
        case .absent(let retryAt): retryAt
        case .starting(let since): since + limits.startPatience
        case .ready: job?.cancelledAt.map { $0 + limits.cancelGrace }
        case .dying: nil
        }
    }

    /// Takes notice of an event.
    ///
    /// - Returns: what shall be done, in this order.
    package mutating func apply(_ event: SlotEvent, at time: Duration) -> [SlotEffect] {
        now = time
        switch event {
        case .opened: startIfAbsent()
        case .given(let request):
            precondition(job == nil, "a slot has one unit at a time")
            job = Job(request: request)
            startIfAbsent()
            sendJob()
        case .cancelled: cancel()
        case .started(let identifier):
            processID = identifier
            process = .starting(since: now)
            told = Told()
            effects.append(.log(.slotStarted(processID: Int(identifier))))
        case .reported(let report): reported(report)
        case .unreadable(let reason): kill(.unreadable(reason))
        case .measured(let heldBytes, let residentBytes): measured(heldBytes, residentBytes)
        case .fetched(let lease, let file, let object, let outcome):
            fetched(lease, Loan(file: file, object: object), outcome)
        case .ended(let end): ended(end)
        case .timePassed: timePassed()
        }
        defer { effects = [] }
        return effects
    }

    // MARK: - Units

    private mutating func sendJob() {
        guard case .ready = process, let job, !job.isSent else { return }
        self.job?.isSent = true
        let request = job.request
        let unit = request.lease.unit
        if told.specification != request.specification || told.runDirectory != request.runDirectory
        {
            effects.append(
                .send(
                    .setting(
                        specification: request.specification,
                        runDirectory: request.runDirectory
                    )
                )
            )
        }
        var next = told
        next.specification = request.specification
        next.runDirectory = request.runDirectory
        next.stage = unit.stage
        next.round = unit.round
        next.constants = request.constants
        next.halo = request.halo
        if next != told {
            let parts = StageBrief.parts(
                stage: unit.stage,
                round: unit.round,
                constants: request.constants,
                halo: request.halo
            )
            effects += parts.map { .send(.brief($0)) }
        }
        told = next
        let grant = LeaseGrant(
            lease: request.lease,
            core: request.core,
            inputs: request.inputs,
            wallLimitSeconds: 1
        )
        effects.append(.send(.compute(grant)))
    }

    private mutating func cancel() {
        guard let job, job.cancelledAt == nil else { return }
        guard job.isSent else {
            complete(.failure(TileFailure(.timeout, "the attempt was cancelled")))
            return
        }
        self.job?.cancelledAt = now
        effects.append(.send(.cancel))
    }

    private mutating func complete(_ outcome: Result<TileResult, TileFailure>) {
        guard let job else { return }
        for loan in job.loans {
            effects.append(.giveBack(loan.file, loan.object, isSound: true))
        }
        self.job = nil
        effects.append(.complete(outcome))
    }

    private mutating func reported(_ report: SlotReport) {
        if case .dying = process { return }
        switch report {
        case .ready:
            guard case .starting = process else { return kill(.unreadable("it was ready twice")) }
            process = .ready
            failedStarts = 0
            sendJob()
        case .completed(let result):
            guard let job, job.isSent, job.request.lease == result.lease else {
                return kill(.unreadable("a result of \(result.lease)"))
            }
            complete(.success(result))
        case .failed(let failure):
            guard let job, job.isSent, job.request.lease == failure.lease else {
                return kill(.unreadable("a failure of \(failure.lease)"))
            }
            complete(
                .failure(
                    TileFailure(
                        failure.failureClass,
                        failure.message,
                        peakResidentBytes: max(failure.peakResidentBytes, job.peakBytes)
                    )
                )
            )
        case .wants(let file): wanted(file)
        case .returned(let file, let isSound):
            guard let place = job?.loans.firstIndex(where: { $0.file == file }),
                let loan = job?.loans.remove(at: place)
            else { return kill(.unreadable("\(file) was returned and not lent")) }
            effects.append(.giveBack(loan.file, loan.object, isSound: isSound))
        case .inspected: kill(.unreadable("an inspection that nobody asked for"))
        }
    }

    // MARK: - Files

    private mutating func wanted(_ file: TransferFile) {
        guard let job, job.isSent else { return kill(.unreadable("\(file) is wanted for no unit")) }
        var object: TileObject?
        if case .object(let key) = file {
            let unit = key.lease.unit
            object =
                job.request.inputs.first { $0.key == key }
                ?? job.request.halo.object(of: unit.tile, stage: unit.stage)
            guard let known = object, known.key == key else {
                return kill(.unreadable("\(file) is wanted and not of this unit"))
            }
        }
        effects.append(.fetch(job.request.lease, file, object))
    }

    private mutating func fetched(
        _ lease: LeaseID,
        _ loan: Loan,
        _ outcome: Result<String, TileFailure>
    ) {
        guard case .ready = process, job?.request.lease == lease else {
            // Nobody waits for it any more.
            if case .success = outcome {
                effects.append(.giveBack(loan.file, loan.object, isSound: true))
            }
            return
        }
        switch outcome {
        case .success(let path):
            job?.loans.append(loan)
            effects.append(.send(.lent(path: path)))
        case .failure(let failure):
            effects.append(.send(.withheld(failure.failureClass, failure.description)))
        }
    }

    // MARK: - The process

    private mutating func startIfAbsent() {
        guard case .absent(let retryAt) = process, retryAt.map({ $0 <= now }) ?? true else {
            return
        }
        process = .starting(since: now)
        effects.append(.start)
    }

    private mutating func kill(_ reason: KillReason) {
        switch process {
        case .absent, .dying: return
        case .starting, .ready: break
        }
        process = .dying(reason)
        effects.append(.kill)
    }

    private var capBytes: Int {
        job?.request.runsAlone ?? false ? limits.memoryBytes * limits.shares : limits.memoryBytes
    }

    private mutating func measured(_ heldBytes: Int, _ residentBytes: Int) {
        if let peak = job?.peakBytes { job?.peakBytes = max(peak, residentBytes) }
        guard capBytes > 0, heldBytes > capBytes else { return }
        kill(.memory(heldBytes: heldBytes))
    }

    private mutating func timePassed() {
        switch process {
        case .absent: startIfAbsent()
        case .starting(let since):
            if since + limits.startPatience <= now { kill(.neverReady) }
        case .ready:
            if let cancelledAt = job?.cancelledAt, cancelledAt + limits.cancelGrace <= now {
                kill(.cancelled)
            }
        case .dying: break
        }
    }

    private mutating func ended(_ end: SlotEnd) {
        let previous = process
        process = .absent(retryAt: nil)
        let isSent = job?.isSent ?? false
        let failure = failure(of: end, previous)
        effects.append(
            .log(
                .slotEnded(
                    processID: Int(processID),
                    lease: isSent ? job?.request.lease : nil,
                    reason: failure.message,
                    peakResidentBytes: failure.peakResidentBytes
                )
            )
        )
        if case .starting = previous { failedStarts += 1 }
        if case .dying(.neverReady) = previous { failedStarts += 1 }
        if failedStarts > 0 {
            let wait = Duration.milliseconds(250) * (1 << min(failedStarts, 7))
            process = .absent(retryAt: now + wait)
        }
        if isSent || (job != nil && failedStarts >= Self.startLimit) {
            complete(.failure(failure))
        }
        startIfAbsent()
    }

    /// What the end of a process means for its unit.
    private func failure(of end: SlotEnd, _ process: Process) -> TileFailure {
        let peak = max(end.peakResidentBytes, job?.peakBytes ?? 0)
        let who = "the slot's process \(processID)"
        switch process {
        case .dying(.cancelled):
            return TileFailure(
                .timeout,
                "\(who) was killed: its attempt was cancelled and did not end by itself",
                peakResidentBytes: peak
            )
        case .dying(.memory(let heldBytes)):
            return TileFailure(
                .outOfMemory,
                "\(who) was killed: it held \(heldBytes >> 20) MiB of the "
                    + "\(capBytes >> 20) MiB that a slot may have (--memory), peak RSS "
                    + "\(peak >> 20) MiB",
                peakResidentBytes: peak
            )
        case .dying(.unreadable(let reason)):
            return TileFailure(
                .crash,
                "\(who) was killed: it sent what is no report (\(reason))",
                peakResidentBytes: peak
            )
        case .dying(.neverReady):
            return TileFailure(.storage, "\(who) was killed: it did not become ready")
        case .starting:
            return TileFailure(.storage, "\(who) \(end.sentenceWithLastWords), before it was ready")
        case .absent, .ready:
            let isOutOfMemory = end.isOutOfMemory
            let cause = isOutOfMemory ? " for want of memory, peak RSS \(peak >> 20) MiB" : ""
            return TileFailure(
                isOutOfMemory ? .outOfMemory : .crash,
                "\(who) \(end.sentence)\(cause)"
                    + (end.lastWords.isEmpty ? "" : "; its last words: \(end.lastWords)"),
                peakResidentBytes: peak
            )
        }
    }
}
