import Foundation
import Synchronization

/// Blocking work on threads of its own, outside the cooperative pool.
enum WorkCrew {
    private struct State<Outcome: Sendable> {
        var next = 0
        var outcomes: [Outcome?]
        var missing: Int
    }

    private final class Queue<Outcome: Sendable>: Sendable {
        private let state: Mutex<State<Outcome>>

        init(_ count: Int) {
            state = Mutex(State(outcomes: Array(repeating: nil, count: count), missing: count))
        }

        /// The next piece; nil when all are handed out.
        func next() -> Int? {
            state.withLock { state in
                guard state.next < state.outcomes.count else { return nil }
                defer { state.next += 1 }
                return state.next
            }
        }

        /// Takes an outcome; all of them when that was the last.
        func finish(_ index: Int, _ outcome: Outcome) -> [Outcome]? {
            state.withLock { state in
                state.outcomes[index] = outcome
                state.missing -= 1
                return state.missing == 0 ? state.outcomes.compactMap(\.self) : nil
            }
        }
    }

    /// Does pieces of work and waits for all of them.
    ///
    /// - Parameters:
    ///   - count: the number of pieces.
    ///   - slots: threads, at least 1.
    ///   - work: does a piece; called on several threads at a time.
    /// - Returns: the outcomes in the order of the pieces.
    static func map<Outcome: Sendable>(
        _ count: Int,
        slots: Int,
        _ work: @escaping @Sendable (Int) -> Outcome
    ) async -> [Outcome] {
        guard count > 0 else { return [] }
        let queue = Queue<Outcome>(count)
        return await withCheckedContinuation { continuation in
            for _ in 0..<min(max(1, slots), count) {
                let thread = Thread {
                    while let index = queue.next() {
                        if let all = queue.finish(index, work(index)) {
                            continuation.resume(returning: all)
                        }
                    }
                }
                thread.name = "sectile-crew"
                thread.stackSize = 16 << 20
                thread.start()
            }
        }
    }
}
