internal import Dispatch
internal import Foundation
internal import Synchronization

/// Threads of our own for work that blocks: computing, GDAL, fsync.
///
/// The cooperative pool has one thread per core and must not be blocked; these may be. Work is taken
/// in the order of its submission. Bound: the callers', who submit no more than they wait for.
final class OwnThreads: Sendable {
    /// What the threads share; apart from the owner, so that the owner's end can end them.
    private final class Queue: Sendable {
        private let backlog = Mutex<[@Sendable () -> Void]>([])
        private let available = DispatchSemaphore(value: 0)

        func append(_ work: @escaping @Sendable () -> Void) {
            backlog.withLock { $0.append(work) }
            available.signal()
        }

        /// Ends the threads once what was submitted is done.
        func close() {
            available.signal()
        }

        func workUntilClosed() {
            while true {
                available.wait()
                let work = backlog.withLock { backlog in
                    backlog.isEmpty ? nil : backlog.removeFirst()
                }
                guard let work else {
                    // Each submission wakes once, so this one was the end: pass it on.
                    available.signal()
                    return
                }
                work()
            }
        }
    }

    private let queue = Queue()

    /// Starts threads.
    ///
    /// - Parameters:
    ///   - count: how many, at least 1.
    ///   - name: shown by `top -H` and debuggers, at most 15 bytes.
    ///   - stackBytes: raster libraries and kernels keep row buffers on the stack.
    init(count: Int, name: String, stackBytes: Int = 8 << 20) {
        precondition(count >= 1, "work needs a thread")
        for _ in 0..<count {
            let thread = Thread { [queue] in queue.workUntilClosed() }
            thread.name = name
            thread.stackSize = stackBytes
            thread.start()
        }
    }

    deinit {
        queue.close()
    }

    /// Runs `work` on one of the threads, after what was submitted before.
    func submit(_ work: @escaping @Sendable () -> Void) {
        queue.append(work)
    }
}
