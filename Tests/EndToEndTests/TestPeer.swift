import Foundation
import Messaging
import Synchronization
import Tiling
import WireProtocol

/// What a peer's own heartbeats name; nil while there are none.
private final class HeldLeases: Sendable {
    let leases = Mutex<[LeaseID]?>(nil)
}

/// A worker that says what a test wants: a connection with a key that is allowed, and nothing behind it.
final class TestPeer {
    private let channel: WorkerChannel
    private let context: ZeroMQContext
    private var events: ChannelEvents.Iterator
    private let held: HeldLeases

    /// Dials with a key, that of the join file where none is given.
    init(_ cluster: SmallCluster, key: String? = nil) async throws {
        let join = try JoinFile(contentsOfFile: cluster.join)
        let keys: CurveKeyPair
        if let key {
            keys = try CurveKeyPair(contentsOfFile: key)
        } else if let pair = join.workerKey {
            keys = pair
        } else {
            throw CocoaError(.fileReadCorruptFile)
        }
        context = try ZeroMQContext()
        let state = HeldLeases()
        held = state
        var limits = SocketLimits.worker
        limits.maximumFrameBytes = 64 << 20
        channel = try await WorkerChannel.connect(
            to: [cluster.endpoint],
            serverKey: join.serverPublicKey,
            keys: keys,
            context: context,
            limits: limits,
            heartbeat: Heartbeat(interval: .milliseconds(100)) {
                guard let leases = state.leases.withLock({ $0 }) else { return [] }
                let beat = Self.heartbeat(leases, sequence: 0)
                return [OutboundMessage(peer: .coordinator, frames: WireCodec.encode(beat))]
            }
        )
        events = channel.events.makeAsyncIterator()
    }

    /// Says something.
    func say(_ message: WorkerMessage) { _ = channel.send(WireCodec.encode(message)) }

    /// Sends frames.
    func send(_ frames: [[UInt8]]) { _ = channel.send(frames) }

    /// A greeting; builds other than the coordinator's are told what it has.
    func hello(
        _ id: WorkerID,
        build: BuildIdentity,
        running: [LeaseID] = []
    ) {
        say(
            .hello(
                WorkerHello(
                    workerID: id,
                    host: "elsewhere",
                    processID: 1,
                    build: build,
                    slots: 1,
                    credit: 1,
                    memoryPerSlotBytes: 0,
                    running: running
                )
            )
        )
    }

    /// A sign of life.
    func beat(_ held: [LeaseID] = [], sequence: UInt64 = 1) {
        say(Self.heartbeat(held, sequence: sequence))
    }

    /// Gives signs of life from the socket's own thread from now on.
    func keepBeating(_ leases: [LeaseID]) { held.leases.withLock { $0 = leases } }

    private static func heartbeat(_ held: [LeaseID], sequence: UInt64) -> WorkerMessage {
        .heartbeat(
            WorkerHeartbeat(
                held: held,
                residentBytes: 1,
                wallClockSeconds: 1,
                sequence: sequence
            )
        )
    }

    /// The next message for which there is a value; nil when the connection ends.
    func next<Value>(_ match: (CoordinatorMessage) -> Value?) async throws -> Value? {
        while let event = await events.next() {
            switch event {
            case .message(let message):
                let decoded = try WireCodec.decodeCoordinator(message.frames)
                if let value = match(decoded) { return value }
            case .disconnected: return nil
            default: continue
            }
        }
        return nil
    }

    /// The versions that the coordinator wants, which it tells a worker of others.
    func wantedBuild() async throws -> BuildIdentity {
        hello(Self.id(9), build: BuildIdentity(version: "none", gdal: "0", proj: "0"))
        let wanted = try await next { message -> String? in
            if case .refuse(let refusal) = message { refusal.wanted } else { nil }
        }
        let words = (wanted ?? "").split(separator: ",").map {
            $0.split(separator: " ").dropFirst().joined(separator: " ")
        }
        guard words.count == 3 else {
            throw NeverHappened(description: "no build in \(wanted ?? "")")
        }
        return BuildIdentity(version: words[0], gdal: words[1], proj: words[2])
    }

    /// Joins the run and waits for its first lease.
    func join(_ id: WorkerID, build: BuildIdentity) async throws -> LeaseID {
        hello(id, build: build)
        let lease = try await next { message -> LeaseID? in
            if case .lease(let grants) = message { grants.first?.lease } else { nil }
        }
        guard let lease else { throw NeverHappened(description: "no lease was granted") }
        return lease
    }

    /// Hangs up.
    func close() async {
        await channel.close(lingerMilliseconds: 0)
        await context.terminate()
    }

    /// An identity by its number.
    static func id(_ number: Int) -> WorkerID {
        guard let id = WorkerID("00000000-0000-4000-8000-00000000000\(number % 10)") else {
            preconditionFailure("a legal identity")
        }
        return id
    }
}
