import Execution
import Foundation
import Messaging
import Synchronization
import Testing
import Tiling
import WireProtocol

/// A worker on a loopback network, and the coordinator's end in the hands of a test.
struct WorkerHarness {
    let time = VirtualTime()
    let log = RecordingLog()
    let directory: TemporaryDirectory
    let worker: Worker
    let coordinator: LoopbackCoordinatorChannel
    private let network: LoopbackNetwork
    private let key: CurvePublicKey
    private let link: Link

    /// What the worker's side was given when it connected.
    private final class Link: Sendable {
        let channel = Mutex<LoopbackWorkerChannel?>(nil)
        let heartbeat = Mutex<Heartbeat?>(nil)
    }

    init(
        computer: GatedComputer,
        slots: Int = 1,
        credit: Int = 2,
        isAdmitted: Bool = true
    ) throws {
        directory = try .run()
        key = try CurvePublicKey(bytes: [UInt8](repeating: 1, count: 32))
        let entries = isAdmitted ? [try AllowList.Entry(publicKey: key)] : []
        network = LoopbackNetwork(
            serverKey: try CurvePublicKey(bytes: [UInt8](repeating: 2, count: 32)),
            authenticator: Authenticator(allowing: AllowList(entries))
        )
        coordinator = network.coordinator()
        link = Link()
        // In a container the system's own table may not name the root.
        let mounts = "\(directory.path)/mounts"
        try "36 35 98:0 / / rw - ext4 /dev/test rw\n"
            .write(toFile: mounts, atomically: true, encoding: .utf8)
        worker = Worker(
            identity: Fixtures.identity(slots: slots, credit: credit),
            policy: WorkerPolicy(),
            environment: WorkerEnvironment(
                slots: ComputeExecutor(slots: slots, computer: computer),
                storage: SharedStorage(mountTable: mounts),
                log: log,
                now: { [time] in time.now },
                sleep: { [time] in try await time.sleep(until: $0) },
                residentBytes: { 1_000 },
                wallClockSeconds: { 5 }
            )
        )
    }

    func run() async throws -> WorkerExit {
        try await worker.run { heartbeat in
            let channel = network.worker(publicKey: key)
            link.channel.withLock { $0 = channel }
            link.heartbeat.withLock { $0 = heartbeat }
            return channel
        }
    }

    /// The next message of the worker, with the connection it came over.
    func next() async throws -> (message: WorkerMessage, peer: PeerID) {
        var events = coordinator.events.makeAsyncIterator()
        while let event = await events.next() {
            guard case .message(let message) = event else { continue }
            return (try WireCodec.decodeWorker(message.frames), message.peer)
        }
        throw CancellationError()
    }

    func say(_ message: CoordinatorMessage, to peer: PeerID) {
        #expect(coordinator.send(WireCodec.encode(message), to: peer) == .queued)
    }

    /// Takes the worker's hello and admits it, with the constants of the round.
    @discardableResult
    func admit(epoch: UInt64 = 1, session: UInt64 = 1) async throws -> (WorkerHello, PeerID) {
        let (message, peer) = try await next()
        guard case .hello(let hello) = message else {
            throw UnexpectedMessage(message: message)
        }
        let welcome = Fixtures.welcome(
            epoch: epoch,
            session: session,
            runDirectory: directory.path
        )
        say(.welcome(welcome), to: peer)
        say(.stage(Fixtures.brief), to: peer)
        return (hello, peer)
    }

    /// Makes the network connect the worker anew, as after a break.
    func breakConnection() {
        link.channel.withLock { $0 }?.reconnect()
    }

    /// What the socket's thread would send now.
    func beats() -> [WorkerHeartbeat] {
        let messages = link.heartbeat.withLock { $0 }?.messages() ?? []
        return messages.compactMap { message in
            guard case .heartbeat(let beat) = try? WireCodec.decodeWorker(message.frames) else {
                return nil
            }
            return beat
        }
    }

    struct UnexpectedMessage: Error {
        let message: WorkerMessage
    }
}
