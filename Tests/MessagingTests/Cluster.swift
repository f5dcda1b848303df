import Messaging

/// One coordinator with workers, over either transport.
final class Cluster {
    enum Transport: String, CaseIterable, Sendable {
        case zeroMQ
        case loopback
    }

    let transport: Transport
    let serverKeys: CurveKeyPair
    let authenticator: Authenticator
    let coordinator: any MessageChannel
    let limits: SocketLimits
    private let context: ZeroMQContext?
    private let network: LoopbackNetwork?
    private(set) var endpoint = ""
    private var workers: [any ReconnectingChannel] = []

    init(
        _ transport: Transport,
        limits: SocketLimits = .coordinator,
        heartbeat: Heartbeat? = nil
    ) async throws {
        self.transport = transport
        self.limits = limits
        serverKeys = try CurveKeyPair.generate()
        authenticator = Authenticator(allowing: AllowList())
        switch transport {
        case .zeroMQ:
            let context = try ZeroMQContext()
            let channel = try await CoordinatorChannel.bind(
                to: "tcp://127.0.0.1:0",
                keys: serverKeys,
                authenticator: authenticator,
                context: context,
                limits: limits,
                heartbeat: heartbeat
            )
            coordinator = channel
            endpoint = "tcp://127.0.0.1:\(channel.boundPort)"
            self.context = context
            network = nil
        case .loopback:
            let network = LoopbackNetwork(
                serverKey: serverKeys.publicKey,
                authenticator: authenticator,
                limits: limits
            )
            coordinator = network.coordinator()
            self.network = network
            context = nil
        }
    }

    func admittedKeys(label: String = "") throws -> CurveKeyPair {
        let keys = try CurveKeyPair.generate()
        authenticator.allow(try AllowList.Entry(publicKey: keys.publicKey, label: label))
        return keys
    }

    func worker(
        _ keys: CurveKeyPair,
        limits: SocketLimits = .worker,
        heartbeat: Heartbeat? = nil
    ) async throws -> any ReconnectingChannel {
        let worker: any ReconnectingChannel
        if let network {
            worker = network.worker(publicKey: keys.publicKey, limits: limits)
        } else if let context {
            worker = try await WorkerChannel.connect(
                to: [endpoint],
                serverKey: serverKeys.publicKey,
                keys: keys,
                context: context,
                limits: limits,
                heartbeat: heartbeat
            )
        } else {
            preconditionFailure("a cluster has a network")
        }
        workers.append(worker)
        return worker
    }

    /// Closes everything; hanging here is a failure too, by the suite's time limit.
    func close() async {
        for worker in workers { await worker.close(lingerMilliseconds: 0) }
        await coordinator.close()
        await context?.terminate()
    }
}

extension String {
    var frame: [UInt8] { Array(utf8) }
}
