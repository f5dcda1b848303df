import Testing

@testable import Messaging

@Suite struct EventInboxTests {
    private func message(_ number: UInt8, byteCount: Int = 1) -> ChannelEvent {
        .message(
            InboundMessage(
                peer: PeerID(bytes: [number]),
                userID: "",
                frames: [[UInt8](repeating: number, count: byteCount)]
            )
        )
    }

    @Test
    func `room shrinks with events and bytes and returns with the reader`() async {
        let inbox = EventInbox(capacity: 3, byteCapacity: 10)
        #expect(inbox.room() == 3)
        inbox.append([message(1), message(2)])
        #expect(inbox.room() == 1)
        inbox.append([message(3, byteCount: 8)])
        #expect(inbox.room() == 0)
        #expect(await inbox.take().count == 3)
        #expect(inbox.room() == 3)
        inbox.append([message(4, byteCount: 10)])
        #expect(inbox.room() == 0)
    }

    @Test
    func `the producer is woken only when it found no room`() async {
        let (wakes, woken) = AsyncStream.makeStream(of: Int.self)
        let inbox = EventInbox(capacity: 1, byteCapacity: 10) { woken.yield(1) }
        inbox.append([message(1)])
        _ = await inbox.take()
        inbox.append([message(2)])
        #expect(inbox.room() == 0)
        _ = await inbox.take()
        woken.finish()
        var count = 0
        for await wake in wakes { count += wake }
        #expect(count == 1)
    }

    @Test
    func `informing events give way and are counted and messages never do`() async {
        let inbox = EventInbox(capacity: 1, byteCapacity: 100)
        inbox.append([message(1), message(2)])
        inbox.inform(.connected(endpoint: "a"))
        inbox.inform(.connected(endpoint: "b"))
        #expect(await inbox.take() == [message(1), message(2)])
        inbox.inform(.connected(endpoint: "c"))
        #expect(
            await inbox.take() == [.overflow(droppedEvents: 2), .connected(endpoint: "c")]
        )
    }

    @Test
    func `what a closed inbox holds is read before the end`() async {
        let inbox = EventInbox(capacity: 2, byteCapacity: 100)
        inbox.append([message(1)])
        inbox.close(with: .overflow(droppedEvents: 1))
        inbox.append([message(2)])
        #expect(await inbox.take() == [message(1), .overflow(droppedEvents: 1)])
        #expect(await inbox.take() == [])
    }
}
