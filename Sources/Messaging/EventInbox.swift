internal import Synchronization

/// The bounded hand-off from the thread that owns the sockets to the one reader of events.
///
/// The producer asks for ``room()`` before it reads from the network and stops reading at zero; the
/// reader's next ``take()`` then wakes it. Bound: `capacity` events and one more batch in the
/// reader's hands, and `byteCapacity` bytes, exceeded by no more than one turn of the producer.
final class EventInbox: Sendable {
    private struct State {
        var events: [ChannelEvent] = []
        var byteCount = 0
        var droppedCount = 0
        var isClosed = false
        var isProducerWaiting = false
        var isReaderPatient = false
        var reader: CheckedContinuation<[ChannelEvent], Never>?
    }

    private let state = Mutex(State())
    private let capacity: Int
    private let byteCapacity: Int
    private let onRoom: @Sendable () -> Void

    init(capacity: Int, byteCapacity: Int, onRoom: @escaping @Sendable () -> Void = {}) {
        precondition(capacity > 0 && byteCapacity > 0, "an inbox needs room")
        self.capacity = capacity
        self.byteCapacity = byteCapacity
        self.onRoom = onRoom
    }

    /// Whether the reader lets the producer wait a little for more events.
    var isReaderPatient: Bool { state.withLock { $0.isReaderPatient } }

    /// The events that fit; at zero, the next `take` calls `onRoom`.
    func room() -> Int {
        state.withLock { state in
            let room = state.byteCount < byteCapacity ? max(0, capacity - state.events.count) : 0
            if room == 0 { state.isProducerWaiting = true }
            return room
        }
    }

    /// Adds events that must not be lost; the caller asked for room.
    func append(_ events: [ChannelEvent]) {
        guard !events.isEmpty else { return }
        deliver { state in
            state.events.append(contentsOf: events)
            state.byteCount += events.reduce(0) { $0 + $1.payloadByteCount }
        }
    }

    /// Adds an event that informs, or counts it as dropped where there is no room.
    func inform(_ event: ChannelEvent) {
        deliver { state in
            guard state.events.count < capacity else {
                state.droppedCount += 1
                return
            }
            if state.droppedCount > 0 {
                state.events.append(.overflow(droppedEvents: state.droppedCount))
                state.droppedCount = 0
            }
            state.events.append(event)
        }
    }

    /// Ends the sequence after what it holds; further events are ignored.
    func close(with last: ChannelEvent? = nil) {
        let reader = state.withLock { state -> CheckedContinuation<[ChannelEvent], Never>? in
            guard !state.isClosed else { return nil }
            state.isClosed = true
            if let last { state.events.append(last) }
            // A waiting reader without events must still hear of the end.
            defer { state.reader = nil }
            return state.reader
        }
        // Resumed after the lock is dropped: a cancellation handler may want the lock meanwhile.
        reader?.resume(returning: takeWithoutWaiting())
    }

    /// Waits for events and takes all; empty when closed or cancelled.
    func take(isPatient: Bool = false) async -> [ChannelEvent] {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    precondition(state.reader == nil, "a channel's events have one reader")
                    state.isReaderPatient = isPatient
                    guard state.events.isEmpty && !state.isClosed else { return true }
                    state.reader = continuation
                    return false
                }
                if isReady {
                    continuation.resume(returning: takeWithoutWaiting())
                } else if Task.isCancelled {
                    // The handler may have run before the continuation was stored.
                    resumeReaderEmpty()
                }
            }
        } onCancel: {
            resumeReaderEmpty()
        }
    }

    private func resumeReaderEmpty() {
        let reader = state.withLock { state in
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume(returning: [])
    }

    private func takeWithoutWaiting() -> [ChannelEvent] {
        let (events, isProducerWaiting) = state.withLock { state in
            defer {
                state.events = []
                state.byteCount = 0
                state.isProducerWaiting = false
            }
            return (state.events, state.isProducerWaiting)
        }
        if isProducerWaiting { onRoom() }
        return events
    }

    private func deliver(_ change: (inout State) -> Void) {
        let reader = state.withLock { state -> CheckedContinuation<[ChannelEvent], Never>? in
            guard !state.isClosed else { return nil }
            change(&state)
            guard !state.events.isEmpty else { return nil }
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume(returning: takeWithoutWaiting())
    }
}
