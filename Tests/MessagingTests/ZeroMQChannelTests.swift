import CZeroMQ
import Glibc
import Synchronization
import Testing

@testable import Messaging

/// What only the real sockets show.
@Suite(.timeLimit(.minutes(1)))
struct ZeroMQChannelTests {
    @Test
    func `the system picks a free port and the channel names it`() async throws {
        let context = try ZeroMQContext()
        let channel = try await CoordinatorChannel.bind(
            to: "tcp://*:0",
            keys: CurveKeyPair.generate(),
            authenticator: Authenticator(allowing: AllowList()),
            context: context
        )
        #expect(channel.boundPort > 0)
        #expect(channel.boundEndpoint.hasSuffix(":\(channel.boundPort)"))
        await channel.close()
        await context.terminate()
    }

    @Test
    func `a port in use is an error that names endpoint and remedy`() async throws {
        let cluster = try await Cluster(.zeroMQ)
        let context = try ZeroMQContext()
        let error = await #expect(throws: MessagingError.self) {
            _ = try await CoordinatorChannel.bind(
                to: cluster.endpoint,
                keys: cluster.serverKeys,
                authenticator: cluster.authenticator,
                context: context
            )
        }
        #expect(error?.code == .addressInUse)
        #expect(error?.subject == cluster.endpoint)
        #expect(error?.message.contains("choose another port") == true)
        await context.terminate()
        await cluster.close()
    }

    @Test(arguments: ["tcp://no.such.host.invalid:0", "inproc://x", "tcp://127.0.0.1:99999", ""])
    func `an endpoint that cannot be bound is named`(_ endpoint: String) async throws {
        let context = try ZeroMQContext()
        let keys = try CurveKeyPair.generate()
        let error = await #expect(throws: MessagingError.self) {
            _ = try await CoordinatorChannel.bind(
                to: endpoint,
                keys: keys,
                authenticator: Authenticator(allowing: AllowList()),
                context: context
            )
        }
        #expect(error?.code == .endpointInvalid)
        #expect(error?.subject == endpoint)
        await context.terminate()
    }

    @Test(arguments: [[], ["tcp://*:5555"], ["tcp://127.0.0.1:0"], ["ipc:///x"], ["tcp://h"]])
    func `an endpoint that cannot be dialled is refused`(_ endpoints: [String]) async throws {
        let context = try ZeroMQContext()
        let keys = try CurveKeyPair.generate()
        let error = await #expect(throws: MessagingError.self) {
            _ = try await WorkerChannel.connect(
                to: endpoints,
                serverKey: keys.publicKey,
                keys: keys,
                context: context
            )
        }
        #expect(error?.code == .endpointInvalid)
        await context.terminate()
    }

    @Test
    func `a worker finds the endpoint that answers`() async throws {
        let cluster = try await Cluster(.zeroMQ)
        // A port that was free a moment ago, so nobody listens there.
        let context = try ZeroMQContext()
        let closed = try await Cluster(.zeroMQ)
        let dead = closed.endpoint
        await closed.close()
        var limits = SocketLimits.worker
        limits.reconnectMilliseconds = 10
        let worker = try await WorkerChannel.connect(
            to: [dead, cluster.endpoint],
            serverKey: cluster.serverKeys.publicKey,
            keys: cluster.admittedKeys(),
            context: context,
            limits: limits
        )
        _ = worker.send(["found".frame])
        #expect(try await EventReader(cluster.coordinator).message().frames == ["found".frame])
        await worker.close(lingerMilliseconds: 0)
        await context.terminate()
        await cluster.close()
    }

    @Test
    func `what was queued before a reconnection comes back and later messages go out`()
        async throws
    {
        let cluster = try await Cluster(.zeroMQ)
        let stranger = try CurveKeyPair.generate()
        let worker = try await cluster.worker(stranger)
        let reader = EventReader(worker)
        _ = worker.send(["early".frame], to: .coordinator)
        _ = try await reader.handshakeFailure()
        cluster.authenticator.allow(try AllowList.Entry(publicKey: stranger.publicKey))
        worker.reconnect()
        _ = worker.send(["late".frame], to: .coordinator)
        let (message, reason) = try await reader.undeliverable()
        #expect(message.frames == ["early".frame])
        #expect(reason == .reconnected)
        #expect(try await EventReader(cluster.coordinator).message().frames == ["late".frame])
        await cluster.close()
    }

    @Test
    func `a worker's last message survives its closing`() async throws {
        let cluster = try await Cluster(.zeroMQ)
        let context = try ZeroMQContext()
        let worker = try await WorkerChannel.connect(
            to: [cluster.endpoint],
            serverKey: cluster.serverKeys.publicKey,
            keys: cluster.admittedKeys(),
            context: context
        )
        try await EventReader(worker).connection()
        for number in 0..<50 { _ = worker.send([[UInt8(number)]]) }
        await worker.close()
        await context.terminate()
        let reader = EventReader(cluster.coordinator)
        for number in 0..<50 {
            #expect(try await reader.message().frames == [[UInt8(number)]])
        }
        await cluster.close()
    }

    @Test
    func `heartbeats flow while the worker's tasks do nothing`() async throws {
        let cluster = try await Cluster(.zeroMQ)
        let count = Mutex(UInt8(0))
        let keys = try cluster.admittedKeys()
        let worker = try await cluster.worker(
            keys,
            heartbeat: Heartbeat(interval: .milliseconds(5)) {
                let number = count.withLock { count in
                    count &+= 1
                    return count
                }
                return [OutboundMessage(peer: .coordinator, frames: ["beat".frame, [number]])]
            }
        )
        let reader = EventReader(cluster.coordinator)
        var last: UInt8 = 0
        for _ in 0..<5 {
            let message = try await reader.message()
            #expect(message.frames[0] == "beat".frame)
            #expect(message.frames[1][0] > last)
            last = message.frames[1][0]
        }
        _ = worker
        await cluster.close()
    }

    @Test
    func `a coordinator whose reader stands still holds its peers back and loses nothing`()
        async throws
    {
        var limits = SocketLimits.coordinator
        limits.inboundQueueEvents = 4
        limits.receiveHighWaterMessages = 4
        limits.messagesPerTurn = 3
        let cluster = try await Cluster(.zeroMQ, limits: limits)
        let worker = try await cluster.worker(try cluster.admittedKeys())
        // More than all queues between the two hold, so some must wait for the reader.
        let count = 20_000
        for number in 0..<count {
            let frame = [UInt8(number >> 16), UInt8(number >> 8 & 255), UInt8(number & 255)]
            try #require(worker.send([frame], to: .coordinator) == .queued)
        }
        let reader = EventReader(cluster.coordinator)
        for number in 0..<count {
            let frame = try await reader.message().frames[0]
            try #require(Int(frame[0]) << 16 | Int(frame[1]) << 8 | Int(frame[2]) == number)
        }
        await cluster.close()
    }

    @Test
    func `a worker's queue has a bound`() async throws {
        let context = try ZeroMQContext()
        var limits = SocketLimits.worker
        limits.outboundQueueMessages = 5
        let keys = try CurveKeyPair.generate()
        // Nobody listens at the discard port.
        let worker = try await WorkerChannel.connect(
            to: ["tcp://127.0.0.1:9"],
            serverKey: keys.publicKey,
            keys: keys,
            context: context,
            limits: limits
        )
        var outcomes: Set<SendOutcome> = []
        for _ in 0..<11 { outcomes.insert(worker.send(["x".frame])) }
        #expect(outcomes == [.queued, .queueFull])
        await worker.close()
        var returned = 0
        for event in await EventReader(worker).rest() {
            if case .undeliverable(_, .closed) = event { returned += 1 }
        }
        #expect((5...10).contains(returned))
        await context.terminate()
    }

    @Test
    func `a full peer is reported and the others are served`() async throws {
        var limits = SocketLimits.coordinator
        limits.sendHighWaterMessages = 1
        limits.maximumFrameBytes = 8 * 1024 * 1024
        let cluster = try await Cluster(.zeroMQ, limits: limits)
        var workerLimits = SocketLimits.worker
        workerLimits.receiveHighWaterMessages = 1
        workerLimits.inboundQueueEvents = 1
        workerLimits.maximumFrameBytes = 8 * 1024 * 1024
        let deaf = try await cluster.worker(try cluster.admittedKeys(), limits: workerLimits)
        let other = try await cluster.worker(try cluster.admittedKeys())
        let reader = EventReader(cluster.coordinator)
        _ = deaf.send(["deaf".frame], to: .coordinator)
        let deafPeer = try await reader.message().peer
        _ = other.send(["other".frame], to: .coordinator)
        let otherPeer = try await reader.message().peer
        let bulk = [UInt8](repeating: 0, count: 4 * 1024 * 1024)
        for _ in 0..<40 { _ = cluster.coordinator.send([bulk], to: deafPeer) }
        let (message, reason) = try await reader.undeliverable()
        #expect(message.peer == deafPeer)
        #expect(reason == .peerFull)
        _ = cluster.coordinator.send(["still here".frame], to: otherPeer)
        #expect(try await EventReader(other).message().frames == ["still here".frame])
        await cluster.close()
    }

    @Test
    func `descriptors are given back`() async throws {
        func openCount() -> Int {
            (0..<4_096).count { fcntl(Int32($0), F_GETFD) >= 0 }
        }
        let before = openCount()
        let cluster = try await Cluster(.zeroMQ)
        let worker = try await cluster.worker(try cluster.admittedKeys())
        let reader = EventReader(cluster.coordinator)
        for _ in 0..<400 {
            worker.reconnect()
            _ = worker.send(["hello".frame], to: .coordinator)
            _ = try await reader.message()
        }
        // Tests beside this one hold some descriptors too; a leak would hold at least 400.
        #expect(openCount() < before + 300)
        await cluster.close()
    }
}
