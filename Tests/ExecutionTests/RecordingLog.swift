import Execution
import Synchronization

/// A worker's log that a test can wait for.
final class RecordingLog: WorkerLog {
    private struct Waiter {
        let isSatisfied: @Sendable ([WorkerFact]) -> Bool
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var facts: [WorkerFact] = []
        var waiters: [Waiter] = []
    }

    private let state = Mutex(State())

    var facts: [WorkerFact] { state.withLock { $0.facts } }

    func record(_ fact: WorkerFact) {
        let woken = state.withLock { state in
            state.facts.append(fact)
            let facts = state.facts
            let woken = state.waiters.filter { $0.isSatisfied(facts) }
            state.waiters.removeAll { $0.isSatisfied(facts) }
            return woken
        }
        for waiter in woken { waiter.continuation.resume() }
    }

    /// Returns once that many facts were recorded that are wanted; at once where they were before.
    func wait(
        times: Int = 1,
        for isWanted: @escaping @Sendable (WorkerFact) -> Bool
    ) async {
        let isSatisfied: @Sendable ([WorkerFact]) -> Bool = { facts in
            facts.count(where: isWanted) >= times
        }
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if isSatisfied(state.facts) { return true }
                state.waiters.append(
                    Waiter(isSatisfied: isSatisfied, continuation: continuation)
                )
                return false
            }
            if isThere { continuation.resume() }
        }
    }
}
