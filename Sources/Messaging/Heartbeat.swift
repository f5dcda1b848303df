/// Messages that the socket's own thread sends at a fixed interval.
///
/// Computation cannot starve them: neither the caller's tasks nor its executors take part. A
/// worker's beat is skipped while there is no connection that takes it; a coordinator's comes back
/// as undeliverable when its peer is gone.
package struct Heartbeat: Sendable {
    /// The time between two beats; 1 ms to 1 h.
    package let interval: Duration
    /// Makes the messages of one beat; called on the socket's thread, so it must be quick.
    package let messages: @Sendable () -> [OutboundMessage]

    /// Describes a heartbeat.
    package init(
        interval: Duration,
        messages: @escaping @Sendable () -> [OutboundMessage]
    ) {
        self.interval = interval
        self.messages = messages
    }

    func validate() throws(MessagingError) {
        guard interval >= .milliseconds(1), interval <= .seconds(3600) else {
            throw MessagingError(
                .limitsInvalid,
                subject: "heartbeat interval",
                "is \(interval); legal: 1 ms to 1 h"
            )
        }
    }
}
