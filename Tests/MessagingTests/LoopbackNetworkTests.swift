import Messaging
import Testing

/// What the twin adds: delivery under control.
@Suite(.timeLimit(.minutes(1)))
struct LoopbackNetworkTests {
    private let keys: CurveKeyPair
    private let authenticator: Authenticator

    init() throws {
        keys = try CurveKeyPair.generate()
        authenticator = Authenticator(
            allowing: AllowList([try AllowList.Entry(publicKey: keys.publicKey)])
        )
    }

    private func network(
        limits: SocketLimits = .coordinator,
        _ delivery: @escaping @Sendable (LoopbackEnvelope) -> LoopbackDelivery
    ) throws -> LoopbackNetwork {
        LoopbackNetwork(
            serverKey: try CurveKeyPair.generate().publicKey,
            authenticator: authenticator,
            limits: limits,
            delivery: delivery
        )
    }

    /// The first bytes of the messages that arrived until the channel closed.
    private func arrivals(_ channel: any MessageChannel) async -> [UInt8] {
        await EventReader(channel).rest().compactMap { event in
            if case .message(let message) = event { message.frames[0][0] } else { nil }
        }
    }

    @Test
    func `messages are lost and doubled and delayed as told`() async throws {
        let network = try network { envelope in
            switch envelope.message.frames[0][0] {
            case 1: .drop
            case 2: .duplicate
            case 3: .delay(steps: 2)
            case 4: .delay(steps: 1)
            default: .deliver
            }
        }
        let coordinator = network.coordinator()
        let worker = network.worker(publicKey: keys.publicKey)
        for number in UInt8(1)...5 { _ = worker.send([[number]]) }
        network.advance()
        network.advance()
        network.advance()
        await coordinator.close()
        #expect(await arrivals(coordinator) == [2, 2, 5, 4, 3])
    }

    @Test
    func `what falls due in one step arrives in order of time and then of sending`() async throws {
        let network = try network { .delay(steps: Int($0.message.frames[0][1])) }
        let coordinator = network.coordinator()
        let worker = network.worker(publicKey: keys.publicKey)
        for (number, steps) in [(1, 3), (2, 1), (3, 3), (4, 2), (5, 1)] as [(UInt8, UInt8)] {
            _ = worker.send([[number, steps]])
        }
        network.advance(by: 5)
        await coordinator.close()
        #expect(await arrivals(coordinator) == [2, 5, 4, 1, 3])
    }

    @Test
    func `what is under way is lost with its connection`() async throws {
        let network = try network { _ in .delay(steps: 1) }
        let coordinator = network.coordinator()
        let worker = network.worker(publicKey: keys.publicKey)
        _ = worker.send([[1]])
        worker.reconnect()
        _ = worker.send([[2]])
        network.advance()
        await coordinator.close()
        #expect(await arrivals(coordinator) == [2])
    }

    @Test
    func `the delivery sees direction and key and a rising number`() async throws {
        let network = try network { envelope in
            envelope.direction == .toWorker ? .drop : .deliver
        }
        let coordinator = network.coordinator()
        let worker = network.worker(publicKey: keys.publicKey)
        let reader = EventReader(coordinator)
        _ = worker.send([[1]])
        let peer = try await reader.message().peer
        #expect(coordinator.send([[2]], to: peer) == .queued)
        await worker.close()
        #expect(await arrivals(worker).isEmpty)
    }

    @Test
    func `a full coordinator makes a worker wait and a full worker is reported`() async throws {
        var limits = SocketLimits.coordinator
        limits.inboundQueueEvents = 3
        let network = try network(limits: limits) { _ in .deliver }
        let coordinator = network.coordinator()
        let worker = network.worker(publicKey: keys.publicKey)
        let outcomes = (0..<4).map { worker.send([[UInt8($0)]]) }
        #expect(outcomes == [.queued, .queued, .queueFull, .queueFull])
        let reader = EventReader(coordinator)
        let peer = try await reader.message().peer
        for _ in 0..<3 { _ = coordinator.send([[9]], to: peer) }
        let (_, reason) = try await reader.undeliverable()
        #expect(reason == .peerFull)
    }
}
