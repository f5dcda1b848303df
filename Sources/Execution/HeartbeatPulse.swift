internal import Messaging
internal import Synchronization
internal import Tiling
internal import WireProtocol

/// The heartbeats of a worker, made on the thread that owns the socket.
///
/// Neither computing nor the cooperative pool takes part: a busy worker is not mistaken for a dead
/// one. The socket's thread asks at every ``tick``; a beat is made when the session's interval has
/// passed, because the interval is known only after the socket exists.
final class HeartbeatPulse: Sendable {
    /// What beats tell, and how often.
    struct Beat: Hashable {
        let epoch: UInt64
        let session: UInt64
        let interval: Duration
        let held: [LeaseID]
    }

    /// How often the socket's thread asks.
    static let tick = Duration.milliseconds(50)

    private struct State {
        var beat: Beat?
        var sequence: UInt64 = 0
        var due: Duration?
        /// When the last beat was due.
        var last: Duration?
    }

    private let state = Mutex(State())
    private let now: @Sendable () -> Duration
    private let residentBytes: @Sendable () -> Int
    private let wallClockSeconds: @Sendable () -> Double

    init(environment: WorkerEnvironment) {
        now = environment.now
        residentBytes = environment.residentBytes
        wallClockSeconds = environment.wallClockSeconds
    }

    /// Sets what the next beats tell; nil for no beats.
    func update(_ beat: Beat?) {
        state.withLock { state in
            guard state.beat != beat else { return }
            if state.beat?.session != beat?.session || state.beat?.epoch != beat?.epoch {
                state.sequence = 0
                state.due = nil
                state.last = nil
            } else if let beat, let due = state.due, let last = state.last {
                // What is held now is told as soon as if it had been held all the time.
                state.due = min(due, last + beat.interval)
            }
            state.beat = beat
        }
    }

    /// The beat that is due, as messages for the socket's thread.
    func messages() -> [OutboundMessage] {
        let time = now()
        let dueBeat: (held: [LeaseID], sequence: UInt64)? = state.withLock { state in
            guard let beat = state.beat, state.due.map({ $0 <= time }) ?? true else { return nil }
            // From the time it was due, so that ticks do not add up; but never to catch up.
            let last = state.due ?? time
            state.last = last + beat.interval > time ? last : time
            state.due = state.last.map { $0 + beat.interval }
            state.sequence += 1
            return (beat.held, state.sequence)
        }
        guard let dueBeat else { return [] }
        let heartbeat = WorkerHeartbeat(
            held: dueBeat.held,
            residentBytes: residentBytes(),
            wallClockSeconds: wallClockSeconds(),
            sequence: dueBeat.sequence
        )
        return [
            OutboundMessage(peer: .coordinator, frames: WireCodec.encode(.heartbeat(heartbeat)))
        ]
    }
}
