internal import CLinux
internal import Foundation
internal import Synchronization
internal import Tiling
internal import WireProtocol

/// The thread of a slot: it owns the slot's process, and does what ``SlotState`` decides.
///
/// It looks at the process's memory and at its unit's cancellation every ``turn`` while there is a unit.
/// It lives as long as the slots do: the kernel ends a child when the thread that started it ends.
final class SlotThread: Sendable {
    typealias Completion = @Sendable (Result<TileResult, TileFailure>) -> Void

    /// What other threads ask of it.
    private enum Mail {
        case start(TileRequest, CancellationFlag, Completion)
        case fetched(LeaseID, TransferFile, TileObject?, Result<String, TileFailure>)
        case close(DispatchSemaphore)
    }

    /// What a slot's process is started with.
    struct Program: Sendable {
        let executable: String
        let arguments: [String]
        let groupLimitBytes: Int?
    }

    /// How often memory and cancellation are looked at, milliseconds.
    static let turn: Int32 = 50
    /// How often an idle process is looked at, milliseconds.
    private static let idleTurn: Int32 = 1000

    private let program: Program
    private let lender: (any ObjectLender)?
    /// Where files are fetched: the thread itself may not block.
    private let fetching: OwnThreads?
    private let log: any WorkerLog
    private let now: @Sendable () -> Duration
    private let limits: SlotState.Limits
    private let mail = Mutex<[Mail]>([])
    private let wakeUp: Int32
    private let resident = Atomic(0)
    private let isReady = Atomic(false)

    /// Starts the thread and the process.
    init(
        program: Program,
        limits: SlotState.Limits,
        lender: (any ObjectLender)?,
        log: any WorkerLog,
        now: @escaping @Sendable () -> Duration
    ) {
        self.program = program
        self.limits = limits
        self.lender = lender
        fetching = lender.map { _ in OwnThreads(count: 1, name: "sectile-fetch") }
        self.log = log
        self.now = now
        let descriptor = sectile_eventfd_create()
        precondition(descriptor >= 0, "no event descriptor: raise the limit of open files")
        wakeUp = descriptor
        let thread = Thread { self.run() }
        thread.name = "sectile-slot"
        thread.start()
    }

    /// Resident memory of the process when it was last looked at, bytes.
    var residentBytes: Int { resident.load(ordering: .relaxed) }

    /// Computes a unit; only while there is none.
    func start(
        _ request: TileRequest,
        _ cancellation: CancellationFlag,
        _ completion: @escaping Completion
    ) {
        post(.start(request, cancellation, completion))
    }

    /// Ends the process and the thread, and waits for it.
    func close() {
        let isOver = DispatchSemaphore(value: 0)
        post(.close(isOver))
        isOver.wait()
    }

    private func post(_ letter: Mail) {
        mail.withLock { $0.append(letter) }
        _ = sectile_eventfd_signal(wakeUp)
    }

    // MARK: - The thread

    /// What only the thread itself touches.
    private struct Turn {
        var state: SlotState
        var process: SlotProcess?
        var cancellation: CancellationFlag?
        var completion: Completion?
        var isCancelled = false
        var closing: DispatchSemaphore?
    }

    private func run() {
        var turn = Turn(state: SlotState(limits: limits))
        apply(.opened, &turn)
        while turn.closing == nil {
            pause(turn)
            takeMail(&turn)
            takeReports(&turn)
            look(&turn)
        }
        // The process goes first: its end is not to be taken for a crash.
        turn.process?.kill()
        _ = turn.process?.end(waits: true)
        turn.completion?(.failure(TileFailure(.timeout, "the worker leaves")))
        turn.closing?.signal()
    }

    /// Waits for the process, other threads, or the next look.
    private func pause(_ turn: Turn) {
        var descriptors = [pollfd(fd: wakeUp, events: Int16(POLLIN), revents: 0)]
        if let process = turn.process {
            let events = process.hasOutgoing ? POLLIN | POLLOUT : POLLIN
            descriptors.append(pollfd(fd: process.socket, events: Int16(events), revents: 0))
            if process.errors >= 0 {
                descriptors.append(pollfd(fd: process.errors, events: Int16(POLLIN), revents: 0))
            }
        }
        let isHurried = turn.state.isBusy || turn.state.nextDeadline != nil
        _ = unsafe poll(
            &descriptors,
            nfds_t(descriptors.count),
            isHurried ? Self.turn : Self.idleTurn
        )
        _ = sectile_counter_drain(wakeUp)
    }

    private func takeMail(_ turn: inout Turn) {
        let letters = mail.withLock { mail in
            defer { mail = [] }
            return mail
        }
        for letter in letters {
            switch letter {
            case .start(let request, let cancellation, let completion):
                turn.cancellation = cancellation
                turn.completion = completion
                turn.isCancelled = false
                turn.process?.noteUnit()
                apply(.given(request), &turn)
            case .fetched(let lease, let file, let object, let outcome):
                apply(.fetched(lease, file, object, outcome), &turn)
            case .close(let isOver): turn.closing = isOver
            }
        }
    }

    private func takeReports(_ turn: inout Turn) {
        guard let process = turn.process else { return }
        process.flush()
        process.listen()
        // Its end before its words: what it said last is read after it has said it.
        var end = process.end(waits: false)
        let isOpen = process.receive()
        do throws(SlotFrameError) {
            while let report = try process.nextReport() {
                apply(.reported(report), &turn)
            }
        } catch {
            apply(.unreadable(error.description), &turn)
        }
        if !isOpen, end == nil {
            process.kill()
            end = process.end(waits: true)
        }
        guard let end else { return }
        turn.process = nil
        resident.store(0, ordering: .relaxed)
        apply(.ended(end), &turn)
    }

    /// Looks at what nobody tells: memory, cancellation, time.
    private func look(_ turn: inout Turn) {
        if let memory = turn.process?.memory() {
            resident.store(memory.residentBytes, ordering: .relaxed)
            apply(
                .measured(heldBytes: memory.heldBytes, residentBytes: memory.residentBytes),
                &turn
            )
        }
        if let cancellation = turn.cancellation, cancellation.isCancelled, !turn.isCancelled {
            turn.isCancelled = true
            apply(.cancelled, &turn)
        }
        if let deadline = turn.state.nextDeadline, deadline <= now() {
            apply(.timePassed, &turn)
        }
    }

    private func apply(_ event: SlotEvent, _ turn: inout Turn) {
        for effect in turn.state.apply(event, at: now()) { perform(effect, &turn) }
    }

    private func perform(_ effect: SlotEffect, _ turn: inout Turn) {
        switch effect {
        case .start: startProcess(&turn)
        case .send(let order): turn.process?.send(SlotCodec.encode(order))
        case .kill: turn.process?.kill()
        case .complete(let outcome):
            let completion = turn.completion
            turn.completion = nil
            turn.cancellation = nil
            completion?(outcome)
        case .fetch(let lease, let file, let object):
            fetch(lease, file, object, turn.cancellation ?? CancellationFlag())
        case .giveBack(let file, let object, let isSound):
            lender?.giveBack(file, object: object, isSound: isSound)
        case .log(let fact): log.record(fact)
        }
    }

    private func startProcess(_ turn: inout Turn) {
        do throws(SlotFrameError) {
            let process = try SlotProcess(
                executable: program.executable,
                arguments: program.arguments,
                groupLimitBytes: program.groupLimitBytes
            )
            turn.process = process
            apply(.started(processID: process.processID), &turn)
        } catch {
            apply(.ended(SlotEnd(.notStarted(error.description))), &turn)
        }
    }

    private func fetch(
        _ lease: LeaseID,
        _ file: TransferFile,
        _ object: TileObject?,
        _ cancellation: CancellationFlag
    ) {
        guard let lender, let fetching else {
            let failure = TileFailure(.bug, "\(file) is wanted where storage is shared")
            post(.fetched(lease, file, object, .failure(failure)))
            return
        }
        fetching.submit { [self] in
            do throws(TileFailure) {
                let path = try lender.lend(file, object: object, cancellation: cancellation)
                post(.fetched(lease, file, object, .success(path)))
            } catch {
                post(.fetched(lease, file, object, .failure(error)))
            }
        }
    }
}
