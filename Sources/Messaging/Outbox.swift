internal import Synchronization

/// The bounded queue from any thread to the one that owns the sockets.
///
/// Bound: `capacity` messages and `byteCapacity` bytes here, and as much again in the hands of the
/// socket's thread, which takes a new batch only when it has finished the last one.
final class Outbox: Sendable {
    /// What the socket's thread has to do.
    struct Work {
        var messages: [OutboundMessage] = []
        /// Where set, the connection is to be replaced, and these messages, queued before that was
        /// asked for, are to be given up.
        var abandoned: [OutboundMessage]?
        var close: CloseRequest?
    }

    /// A wish to close.
    struct CloseRequest {
        let lingerMilliseconds: Int?
    }

    private struct State {
        var messages: [OutboundMessage] = []
        var byteCount = 0
        var abandoned: [OutboundMessage]?
        var close: CloseRequest?
        var isSignalled = false
    }

    private let state = Mutex(State())
    private let capacity: Int
    private let byteCapacity: Int
    private let wakeUp: WakeUpDescriptor

    init(capacity: Int, byteCapacity: Int, wakeUp: WakeUpDescriptor) {
        self.capacity = capacity
        self.byteCapacity = byteCapacity
        self.wakeUp = wakeUp
    }

    func append(_ message: OutboundMessage) -> SendOutcome {
        let byteCount = message.byteCount
        return change { state in
            guard state.close == nil else { return .closed }
            guard state.messages.count < capacity, state.byteCount + byteCount <= byteCapacity
            else { return .queueFull }
            state.messages.append(message)
            state.byteCount += byteCount
            return .queued
        }
    }

    func requestReconnect() {
        change { state in
            // Decided here: what is queued after this call belongs to the new connection.
            state.abandoned = (state.abandoned ?? []) + state.messages
            state.messages = []
        }
    }

    func requestClose(lingerMilliseconds: Int?) {
        change { state in
            if state.close == nil {
                state.close = CloseRequest(lingerMilliseconds: lingerMilliseconds)
            }
        }
    }

    /// Wakes the socket's thread although nothing was queued.
    func wake() {
        wakeUp.signal()
    }

    /// Called by the socket's thread at each turn.
    ///
    /// - Parameter includingMessages: False while the last batch is not finished; queued messages
    ///   then stay, and the thread asks again.
    /// - Returns: What to do; messages in the order they were queued.
    func take(includingMessages: Bool) -> Work {
        state.withLock { state in
            var work = Work(abandoned: state.abandoned, close: state.close)
            state.isSignalled = false
            // A new connection leaves the thread nothing to finish.
            if includingMessages || work.abandoned != nil {
                swap(&work.messages, &state.messages)
                state.abandoned = nil
                state.byteCount = 0
            }
            return work
        }
    }

    @discardableResult
    private func change<Result: Sendable>(_ body: (inout State) -> Result) -> Result {
        let (result, shouldSignal) = state.withLock { state in
            let result = body(&state)
            defer { state.isSignalled = true }
            return (result, !state.isSignalled)
        }
        // One system call per turn of the thread, not per message.
        if shouldSignal { wakeUp.signal() }
        return result
    }
}
