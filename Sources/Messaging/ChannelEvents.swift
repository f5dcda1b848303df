/// The events of a channel as an asynchronous sequence with one reader at a time.
///
/// The reader gets events one by one, or by ``nextBatch()`` all that have gathered, which is
/// cheaper and lets a coordinator commit a group at once. Not both at the same time: an iterator
/// holds the rest of the batch it last took.
package struct ChannelEvents: AsyncSequence, Sendable {
    private let inbox: EventInbox

    init(inbox: EventInbox) {
        self.inbox = inbox
    }

    /// Waits for events and takes all of them.
    ///
    /// - Parameter isPatient: Lets the socket's thread gather messages for
    ///   ``SocketLimits/patienceMilliseconds`` before each look, until the next call. Of a thousand heartbeats
    ///   in a few seconds most then cost neither thread a wake-up of its own.
    /// - Returns: The events in order; empty when the channel is closed or the task cancelled.
    package func nextBatch(isPatient: Bool = false) async -> [ChannelEvent] {
        await inbox.take(isPatient: isPatient)
    }

    /// Starts reading.
    package func makeAsyncIterator() -> Iterator {
        Iterator(inbox: inbox)
    }

    /// Reads one event at a time.
    package struct Iterator: AsyncIteratorProtocol {
        private let inbox: EventInbox
        private var batch: [ChannelEvent] = []
        private var position = 0

        init(inbox: EventInbox) {
            self.inbox = inbox
        }

        /// The next event; `nil` when the channel is closed or the task cancelled.
        package mutating func next() async -> ChannelEvent? {
            if position == batch.count {
                batch = await inbox.take()
                position = 0
            }
            guard position < batch.count else { return nil }
            defer { position += 1 }
            return batch[position]
        }
    }
}
