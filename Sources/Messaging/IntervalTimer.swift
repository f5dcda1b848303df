internal import CLinux
internal import Glibc

/// A timerfd that becomes readable once per interval.
///
/// The kernel keeps the time (`CLOCK_BOOTTIME`), so the socket's thread reads no clock; intervals
/// missed while the process was stopped count as one.
final class IntervalTimer: Sendable {
    let rawDescriptor: Int32

    init(interval: Duration) throws(MessagingError) {
        let (seconds, attoseconds) = interval.components
        let nanoseconds = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
        let result = sectile_timerfd_create(nanoseconds)
        guard result >= 0 else {
            throw MessagingError(
                .systemCallFailed,
                subject: "timerfd",
                "cannot create an interval timer of \(interval)",
                underlying: SystemFailure(number: -result)
            )
        }
        rawDescriptor = result
    }

    deinit {
        _ = Glibc.close(rawDescriptor)
    }

    /// Whether an interval ended since the last call.
    func drain() -> Bool {
        sectile_counter_drain(rawDescriptor) > 0
    }
}
