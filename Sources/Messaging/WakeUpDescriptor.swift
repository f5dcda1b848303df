internal import CLinux
internal import Glibc

/// An eventfd that interrupts a poll from any thread.
///
/// Signals coalesce; the descriptor stays readable until drained.
final class WakeUpDescriptor: Sendable {
    let rawDescriptor: Int32

    init() throws(MessagingError) {
        let result = sectile_eventfd_create()
        guard result >= 0 else {
            throw MessagingError(
                .systemCallFailed,
                subject: "eventfd",
                "cannot create a wake-up descriptor; raise the limit of open files (ulimit -n)",
                underlying: SystemFailure(number: -result)
            )
        }
        rawDescriptor = result
    }

    deinit {
        _ = Glibc.close(rawDescriptor)
    }

    func signal() {
        let result = sectile_eventfd_signal(rawDescriptor)
        precondition(result == 0, "a wake-up descriptor that is open can be written")
    }

    func drain() {
        _ = sectile_counter_drain(rawDescriptor)
    }
}
