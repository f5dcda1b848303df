internal import Foundation
internal import Synchronization
package import Tiling

/// Slots as processes, one for each, that live as long as the worker.
///
/// What crashes, hangs or eats memory in a slot ends that slot's process and nothing else. A process is
/// killed, with all it started, when it holds more than the cap, and when a cancelled unit does not end
/// within a second; another takes its place. No process survives the worker: each ends with the socket it
/// is fed through, and by the kernel's signal.
package final class SlotProcesses: SlotRunner {
    /// What the processes are, and may have.
    package struct Setting: Sendable {
        /// Path of the program.
        package var executable: String
        /// Its arguments, the program's name first.
        package var arguments: [String]
        /// Processes, at least 1.
        package var slots: Int
        /// Memory that a process may hold, bytes; 0 for no limit.
        package var memoryBytes: Int
        /// How many times as much a unit that runs alone may hold: the slots of this worker, and of
        /// those that share its machine.
        package var shares: Int

        /// A setting.
        package init(
            executable: String,
            arguments: [String],
            slots: Int,
            memoryBytes: Int,
            shares: Int
        ) {
            self.executable = executable
            self.arguments = arguments
            self.slots = slots
            self.memoryBytes = memoryBytes
            self.shares = shares
        }

        /// Limit of the kernel's own accounts, page cache included: beyond the watchdog's, which tells
        /// more; nil for none.
        var groupLimitBytes: Int? {
            memoryBytes > 0 ? (memoryBytes + memoryBytes / 2) * shares + (128 << 20) : nil
        }
    }

    private let threads: [SlotThread]
    private let free: Mutex<[Int]>

    /// Starts the processes.
    ///
    /// - Parameters:
    ///   - setting: what they are.
    ///   - lender: who has the files of a run whose directory is not seen here; nil where it is.
    ///   - log: hears of starts and ends, on threads of the slots.
    ///   - now: a monotonic clock.
    package init(
        _ setting: Setting,
        lender: (any ObjectLender)?,
        log: any WorkerLog,
        now: @escaping @Sendable () -> Duration
    ) {
        if setting.memoryBytes > 0 { _ = MemoryGroup.prepare() }
        MemoryGroup.sweep(prefix: SlotProcess.groupPrefix)
        threads = (0..<setting.slots).map { _ in
            SlotThread(
                program: SlotThread.Program(
                    executable: setting.executable,
                    arguments: setting.arguments,
                    groupLimitBytes: setting.groupLimitBytes
                ),
                limits: SlotState.Limits(memoryBytes: setting.memoryBytes, shares: setting.shares),
                lender: lender,
                log: log,
                now: now
            )
        }
        free = Mutex(Array(threads.indices))
    }

    /// Resident memory of all processes when they were last looked at, bytes.
    package var residentBytes: Int { threads.reduce(0) { $0 + $1.residentBytes } }

    /// Gives the unit to a process that has none.
    package func start(
        _ request: TileRequest,
        cancellation: CancellationFlag,
        completion: @escaping @Sendable (Result<TileResult, TileFailure>) -> Void
    ) {
        guard let index = free.withLock({ $0.popLast() }) else {
            preconditionFailure("more units than slots")
        }
        threads[index].start(request, cancellation) { [self] outcome in
            free.withLock { $0.append(index) }
            completion(outcome)
        }
    }

    /// Ends all processes, and waits until they are gone.
    package func close() {
        for thread in threads { thread.close() }
    }
}
