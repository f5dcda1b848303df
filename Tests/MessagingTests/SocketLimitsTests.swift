import Messaging
import Testing

@Suite struct SocketLimitsTests {
    @Test
    func `the defaults are legal`() {
        #expect(throws: Never.self) { try SocketLimits.coordinator.validate() }
        #expect(throws: Never.self) { try SocketLimits.worker.validate() }
    }

    @Test
    func `all limits out of range are named at once`() throws {
        var limits = SocketLimits.coordinator
        limits.sendHighWaterMessages = 0
        limits.lingerMilliseconds = -1
        limits.maximumFrameBytes = 10
        limits.reconnectMaximumMilliseconds = 1
        let error = #expect(throws: MessagingError.self) { try limits.validate() }
        #expect(error?.code == .limitsInvalid)
        let message = try #require(error?.message)
        for name in [
            "sendHighWaterMessages is 0", "lingerMilliseconds is -1", "maximumFrameBytes is 10",
            "reconnectMaximumMilliseconds is less",
        ] {
            #expect(message.contains(name))
        }
        #expect(!message.contains("handshakeMilliseconds"))
    }

    @Test
    func `a channel refuses limits out of range`() async throws {
        var limits = SocketLimits.worker
        limits.messagesPerTurn = 0
        let context = try ZeroMQContext()
        let keys = try CurveKeyPair.generate()
        await #expect(throws: MessagingError.self) {
            _ = try await WorkerChannel.connect(
                to: ["tcp://127.0.0.1:9"],
                serverKey: keys.publicKey,
                keys: keys,
                context: context,
                limits: limits
            )
        }
        await context.terminate()
    }
}
