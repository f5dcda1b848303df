import Foundation
import Logging
import Synchronization
import Telemetry

/// The worker processes of the embedded cluster: started, watched, replaced, stopped.
///
/// A worker that dies while the run goes on is replaced, after a wait that grows while it dies soon: a
/// worker that cannot live must not spin, and one that could not for a while comes back.
struct LocalWorkers: Sendable {
    /// Path of this program.
    let executable: String
    /// The run's `join.json`.
    let joinPath: String
    /// One key file for each worker.
    let keyPaths: [String]
    /// Further arguments of `sectile worker`.
    let arguments: [String]
    /// Hears of each start and end.
    let logger: Logger

    /// When and whether a worker that ended is replaced.
    struct Patience {
        /// The wait after the first early end; doubled at each further one.
        static let firstWait = Duration.milliseconds(250)
        /// The longest wait.
        static let longestWait = Duration.seconds(30)
        /// A life after which an end is not early.
        static let soundLife = Duration.seconds(5)
        /// Time of nothing but early ends after which a worker is given up.
        static let limit = Duration.seconds(600)

        private var earlyEnds = 0
        private var failingSince: ContinuousClock.Instant?

        /// Patience with a worker that has not ended yet.
        init() {}

        /// How long to wait for the next start.
        ///
        /// - Parameters:
        ///   - started: when the process was started.
        ///   - ended: when it ended.
        /// - Returns: the wait; nil when there is no next start.
        mutating func wait(
            started: ContinuousClock.Instant,
            ended: ContinuousClock.Instant
        ) -> Duration? {
            if started.duration(to: ended) >= Self.soundLife {
                earlyEnds = 0
                failingSince = nil
            }
            let since = failingSince ?? started
            failingSince = since
            guard since.duration(to: ended) < Self.limit else { return nil }
            defer { earlyEnds += 1 }
            return min(Self.longestWait, Self.firstWait * (1 << min(earlyEnds, 10)))
        }
    }

    /// What becomes of a slot.
    private enum SlotEnd {
        case over
        case broken(String)
    }

    /// Keeps one worker per key running until the task is cancelled or the workers end by themselves.
    ///
    /// On cancellation each worker gets SIGTERM, and SIGKILL after `graceSeconds`.
    ///
    /// - Parameters:
    ///   - graceSeconds: how long a worker may take to leave.
    ///   - onExit: called as soon as a worker's process is gone.
    /// - Returns: why the workers cannot be kept running; nil when they ended in good order.
    func run(
        graceSeconds: Double,
        onExit: @escaping @Sendable (_ processID: Int, ChildProcess.End) async -> Void
    ) async -> String? {
        await withTaskGroup(of: SlotEnd.self) { group in
            for (index, key) in keyPaths.enumerated() {
                group.addTask {
                    await keepSlotRunning(
                        index: index,
                        keyPath: key,
                        graceSeconds: graceSeconds,
                        onExit: onExit
                    )
                }
            }
            var reasons: [String] = []
            for await end in group {
                if case .broken(let reason) = end { reasons.append(reason) }
            }
            return reasons.count == keyPaths.count ? reasons.first : nil
        }
    }

    private func keepSlotRunning(
        index: Int,
        keyPath: String,
        graceSeconds: Double,
        onExit: @escaping @Sendable (_ processID: Int, ChildProcess.End) async -> Void
    ) async -> SlotEnd {
        var patience = Patience()
        while !Task.isCancelled {
            let started = ContinuousClock.now
            let child = ChildProcess(
                executable: executable,
                arguments: ["worker", "--join", joinPath, "--key", keyPath, "--local"] + arguments
            )
            let (processID, end) = await child.run(graceSeconds: graceSeconds)
            await onExit(processID, end)
            guard !Task.isCancelled else { break }
            switch end {
            case .exited(0): return .over
            case .exited(ExitCode.incompatible):
                return broken(index, "was refused by the coordinator; see its log")
            case .exited, .signalled, .failedToStart: break
            }
            let ended = ContinuousClock.now
            guard let wait = patience.wait(started: started, ended: ended) else {
                return broken(index, "\(end.text), as all its processes in the last ten minutes")
            }
            logger.warning(
                "local worker ended, replacing it",
                metadata: [
                    LogKey.event: "worker.exited",
                    "detail":
                        "process \(processID) of worker \(index + 1) \(end.text), another in \(wait)",
                ]
            )
            // Cut short by the end of the run.
            try? await Task.sleep(for: wait)
        }
        return .over
    }

    /// A worker that is not started any more: the run goes on with fewer, which is to be seen.
    private func broken(_ index: Int, _ reason: String) -> SlotEnd {
        let sentence = "worker \(index + 1) \(reason)"
        logger.error(
            "local worker is given up",
            metadata: [LogKey.event: "worker.givenUp", "detail": "\(sentence)"]
        )
        return .broken(sentence)
    }
}

/// A process of this machine that ends when the task that runs it is cancelled.
struct ChildProcess: Sendable {
    /// How a process ended.
    enum End: Sendable {
        /// It called exit.
        case exited(Int32)
        /// A signal ended it.
        case signalled(Int32)
        /// It could not be started.
        case failedToStart(String)
    }

    /// Path of the program.
    let executable: String
    /// Its arguments.
    let arguments: [String]

    /// Starts the process and waits for its end.
    ///
    /// On cancellation the process gets SIGTERM, and SIGKILL after `graceSeconds`.
    func run(graceSeconds: Double) async -> (processID: Int, End) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        // The child ends when this pipe does: with this process, however it ends. No other child may
        // inherit the end held here, or they would keep each other alive.
        let lifeline = Pipe()
        process.standardInput = lifeline
        let held = lifeline.fileHandleForWriting.fileDescriptor
        _ = fcntl(held, F_SETFD, FD_CLOEXEC)
        let ended = AsyncStream<Void> { continuation in
            process.terminationHandler = { _ in
                continuation.yield()
                continuation.finish()
            }
        }
        do { try process.run() } catch {
            return (0, .failedToStart("cannot start \(executable): \(error.localizedDescription)"))
        }
        let identifier = process.processIdentifier
        let isOver = Mutex(false)
        await withTaskCancellationHandler {
            for await _ in ended {}
            if process.isRunning {
                // The stream ended because this task was cancelled, not because the process did.
                await Self.waitForEnd(of: process, graceSeconds: graceSeconds)
            }
            isOver.withLock { $0 = true }
        } onCancel: {
            isOver.withLock { over in
                if !over { kill(identifier, SIGTERM) }
            }
        }
        try? lifeline.fileHandleForWriting.close()
        let status = process.terminationStatus
        return (
            Int(identifier),
            process.terminationReason == .exit ? .exited(status) : .signalled(status)
        )
    }

    private static func waitForEnd(of process: Process, graceSeconds: Double) async {
        // An unstructured task is the way to sleep in a cancelled one; it is awaited at once.
        await Task {
            let deadline = ContinuousClock.now + .seconds(graceSeconds)
            while process.isRunning, ContinuousClock.now < deadline {
                try? await Task.sleep(for: .milliseconds(20))
            }
            if process.isRunning { kill(process.processIdentifier, SIGKILL) }
            while process.isRunning {
                try? await Task.sleep(for: .milliseconds(20))
            }
        }.value
    }
}
