package import Coordination
private import Synchronization

/// A clock that goes forward only when it is told to, as the coordinator's clocks in tests.
package final class VirtualClock: MonotonicClock, WallClock {
    private struct Sleeper {
        let id: Int
        let until: MonotonicInstant
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now = MonotonicInstant(nanoseconds: 0)
        var sleepers: [Sleeper] = []
        var lastID = 0
        var cancelled: Set<Int> = []
    }

    private let state = Mutex(State())
    private let wallOrigin: Double

    /// A clock at its origin.
    ///
    /// - Parameter wallOrigin: what the clock on the wall shows then, seconds since 1970.
    package init(wallOrigin: Double = 1_700_000_000) {
        self.wallOrigin = wallOrigin
    }

    package var now: MonotonicInstant { state.withLock { $0.now } }

    package var secondsSince1970: Double {
        wallOrigin + now.seconds(since: MonotonicInstant(nanoseconds: 0))
    }

    /// Number of tasks that wait for a later moment.
    package var sleeperCount: Int { state.withLock { $0.sleepers.count } }

    /// Moves the clock forward and wakes whoever waited for that.
    package func advance(milliseconds: Int) {
        let due = state.withLock { state in
            state.now = state.now.advanced(byMilliseconds: milliseconds)
            let due = state.sleepers.filter { $0.until <= state.now }
            state.sleepers.removeAll { $0.until <= state.now }
            return due.sorted { ($0.until, $0.id) < ($1.until, $1.id) }
        }
        for sleeper in due { sleeper.continuation.resume() }
    }

    package func sleep(until instant: MonotonicInstant) async throws {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                enum Verdict { case wait, wake, cancel }
                let verdict: Verdict = state.withLock { state in
                    if state.cancelled.remove(id) != nil { return .cancel }
                    if instant <= state.now { return .wake }
                    state.sleepers.append(
                        Sleeper(id: id, until: instant, continuation: continuation)
                    )
                    return .wait
                }
                switch verdict {
                case .wait: break
                case .wake: continuation.resume()
                case .cancel: continuation.resume(throwing: CancellationError())
                }
            }
        } onCancel: {
            let sleeper = state.withLock { state -> Sleeper? in
                guard let index = state.sleepers.firstIndex(where: { $0.id == id }) else {
                    state.cancelled.insert(id)
                    return nil
                }
                return state.sleepers.remove(at: index)
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }
}
