import Synchronization

/// Hands out samples to threads and gathers what they found.
final class VerificationQueue: Sendable {
    private struct State {
        var next = 0
        var findings: [RunVerification.Finding?]
        var missing: Int
    }

    private let state: Mutex<State>

    /// A queue of so many samples, at least one.
    init(_ count: Int) {
        state = Mutex(State(findings: Array(repeating: nil, count: count), missing: count))
    }

    /// The next sample; nil when all are handed out.
    func next() -> Int? {
        state.withLock { state in
            guard state.next < state.findings.count else { return nil }
            defer { state.next += 1 }
            return state.next
        }
    }

    /// Takes what was found; all of it when that was the last.
    func finish(_ index: Int, _ finding: RunVerification.Finding) -> [RunVerification.Finding]? {
        state.withLock { state in
            state.findings[index] = finding
            state.missing -= 1
            return state.missing == 0 ? state.findings.compactMap(\.self) : nil
        }
    }
}
