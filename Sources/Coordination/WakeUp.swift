/// Tells a waiting loop that there is something to do; several tellings count as one.
struct WakeUp: Sendable {
    /// The tellings, for one reader.
    let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    /// A bell that has not rung.
    init() {
        (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Wakes the reader, now or when it next waits.
    func ring() {
        continuation.yield()
    }
}
