import CZeroMQ
import Testing

@testable import Messaging

/// Who gets in over real sockets, and what strangers can do.
@Suite(.timeLimit(.minutes(1)))
struct ZeroMQSecurityTests {
    private static let greetings: [String: [UInt8]] = [
        "HTTP": "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n".frame,
        "TLS": [0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3] + [UInt8](repeating: 7, count: 300),
        "ZMTP 1.0": [1, 0, 3, 0, 65, 66] + [UInt8](repeating: 0, count: 64),
        "ZMTP 3.0 with NULL": [0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0] + "NULL".frame
            + [UInt8](repeating: 0, count: 48),
        "garbage": (0..<4_096).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ 13) },
    ]

    @Test(arguments: greetings.keys.sorted())
    func `a stranger's bytes end its connection and disturb no peer`(
        _ name: String
    ) async throws {
        let bytes = try #require(Self.greetings[name])
        var limits = SocketLimits.coordinator
        // Some of these greetings could be the beginning of a legal one.
        limits.handshakeMilliseconds = 200
        let cluster = try await Cluster(.zeroMQ, limits: limits)
        let worker = try await cluster.worker(try cluster.admittedKeys())
        let reader = EventReader(cluster.coordinator)
        _ = worker.send(["before".frame], to: .coordinator)
        let peer = try await reader.message().peer

        let port = try #require(cluster.endpoint.split(separator: ":").last.flatMap { Int($0) })
        for _ in 0..<10 {
            let stranger = try RawConnection(port: port)
            stranger.write(bytes)
            stranger.waitForEnd()
        }
        _ = worker.send(["after".frame], to: .coordinator)
        let message = try await reader.message()
        #expect(message.frames == ["after".frame])
        #expect(message.peer == peer)
        await cluster.close()
        let messages = reader.skipped.filter { if case .message = $0 { true } else { false } }
        #expect(messages.isEmpty)
    }

    @Test
    func `a client without encryption is refused and reported`() async throws {
        let cluster = try await Cluster(.zeroMQ)
        let context = try ZeroMQContext()
        do {
            let client = try context.makeSocket(ZMQ_DEALER)
            try client.setOption(ZMQ_LINGER, 0, name: "ZMQ_LINGER")
            try client.connect(to: cluster.endpoint)
            _ = try client.send(prefix: nil, frames: ["plain".frame])
            let reader = EventReader(cluster.coordinator)
            // Whichever side sees the mismatch first hangs up on the other.
            _ = try await reader.handshakeFailure()
            await cluster.close()
            let events = await reader.rest() + reader.skipped
            #expect(!events.contains { if case .message = $0 { true } else { false } })
        }
        await context.terminate()
    }

    @Test
    func `a worker that expects another server's key never gets through`() async throws {
        let cluster = try await Cluster(.zeroMQ)
        let keys = try cluster.admittedKeys()
        let context = try ZeroMQContext()
        let worker = try await WorkerChannel.connect(
            to: [cluster.endpoint],
            serverKey: CurveKeyPair.generate().publicKey,
            keys: keys,
            context: context
        )
        _ = worker.send(["hello".frame])
        let reader = EventReader(cluster.coordinator)
        _ = try await reader.handshakeFailure()
        await worker.close(lingerMilliseconds: 0)
        await context.terminate()
        await cluster.close()
        let events = await reader.rest() + reader.skipped
        #expect(!events.contains { if case .message = $0 { true } else { false } })
        #expect(!events.contains { if case .connected = $0 { true } else { false } })
    }

    /// Binds a server as the coordinator does, with its ZAP handler gone again or never there.
    private func attempt(handlerWasBound: Bool) async throws -> (failed: Bool, admitted: Bool) {
        let context = try ZeroMQContext()
        let clientContext = try ZeroMQContext()
        let serverKeys = try CurveKeyPair.generate()
        let keys = try CurveKeyPair.generate()
        let list = AllowList([try AllowList.Entry(publicKey: keys.publicKey)])
        var limits = SocketLimits.coordinator
        limits.handshakeMilliseconds = 200
        if handlerWasBound {
            _ = try AuthenticationHandler(
                authenticator: Authenticator(allowing: list),
                context: context
            )
        }
        var outcome = (failed: false, admitted: false)
        do {
            let connection = try SocketConnection.made(
                for: .coordinator(
                    endpoint: "tcp://127.0.0.1:0",
                    keys: serverKeys,
                    authenticator: Authenticator(allowing: list)
                ),
                dialling: nil,
                limits: limits,
                context: context
            )
            let worker = try await WorkerChannel.connect(
                to: [connection.endpoint],
                serverKey: serverKeys.publicKey,
                keys: keys,
                context: clientContext
            )
            _ = worker.send(["anyone there".frame])
            // Each failed handshake is followed by another attempt; three of them suffice.
            let reader = EventReader(worker)
            for _ in 0..<3 {
                try await reader.next { event -> Void? in
                    switch event {
                    case .handshakeFailed, .disconnected: ()
                    case .connected: outcome.admitted = true
                    default: nil
                    }
                }
                if outcome.admitted { break }
            }
            while case .message(_, let frames, _) = try connection.monitor.receive(
                hasPrefix: false,
                maximumFrameCount: 2
            ) {
                switch SocketMonitorReport.parse(frames)?.0 {
                case .handshakeFailed: outcome.failed = true
                case .handshakeSucceeded: outcome.admitted = true
                default: break
                }
            }
            let receipt = try connection.socket.receive(hasPrefix: true, maximumFrameCount: 8)
            if case .nothing = receipt {} else { outcome.admitted = true }
            await worker.close(lingerMilliseconds: 0)
        }
        await clientContext.terminate()
        await context.terminate()
        return outcome
    }

    @Test(arguments: [false, true])
    func `without its authentication handler a coordinator admits nobody`(
        _ handlerWasBound: Bool
    ) async throws {
        let outcome = try await attempt(handlerWasBound: handlerWasBound)
        #expect(outcome.failed)
        #expect(!outcome.admitted)
    }

    @Test
    func `a context serves one coordinator at a time`() async throws {
        let context = try ZeroMQContext()
        let keys = try CurveKeyPair.generate()
        let authenticator = Authenticator(allowing: AllowList())
        func bind() async throws -> CoordinatorChannel {
            try await CoordinatorChannel.bind(
                to: "tcp://127.0.0.1:0",
                keys: keys,
                authenticator: authenticator,
                context: context
            )
        }
        let first = try await bind()
        await #expect(throws: MessagingError.self) { _ = try await bind() }
        await first.close()
        let second = try await bind()
        await second.close()
        await context.terminate()
    }
}
