private import Dispatch

/// Runs blocking work on a thread outside the cooperative pool, one piece after the other.
struct BlockingQueue: Sendable {
    private let queue: DispatchQueue

    /// A queue whose thread bears the label.
    init(label: String) {
        queue = DispatchQueue(label: label)
    }

    /// Runs work there and waits for it; cancelling the waiting task does not stop it.
    func run<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: work()) }
        }
    }
}
