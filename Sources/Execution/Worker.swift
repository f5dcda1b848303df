package import Messaging
internal import Tiling
internal import WireProtocol

/// A worker: runs what ``WorkerState`` decides.
///
/// It joins a coordinator, computes what it is granted and reports it, until it is told to leave or
/// may not stay. Nothing on its executor blocks: units and storage have threads of their own, and
/// heartbeats come from the thread of the socket.
package actor Worker {
    private let environment: WorkerEnvironment
    private let pulse: HeartbeatPulse
    private let storageThread = OwnThreads(count: 1, name: "sectile-storage")
    private var state: WorkerState
    private var channel: (any ReconnectingChannel)?
    /// The session in which files travel; nil for none.
    private var transferSession: SessionKey?
    private var cancellations: [LeaseID: CancellationFlag] = [:]

    /// Outcomes of slots and storage, and requests to leave.
    ///
    /// Bound: one outcome for each slot, one for each welcome, and what is requested by hand.
    private let mail: AsyncStream<WorkerEvent>
    private let mailbox: AsyncStream<WorkerEvent>.Continuation
    /// Deadlines that nobody sleeps for yet.
    private let alarms: AsyncStream<Duration>
    private let alarm: AsyncStream<Duration>.Continuation
    /// Deadlines that somebody sleeps for.
    ///
    /// Each is earlier than those before it, and is removed when it is reached, so there are few.
    private var armed: Set<Duration> = []

    private struct SessionKey: Hashable {
        let epoch: UInt64
        let number: UInt64
    }

    /// A worker that has not begun.
    package init(
        identity: WorkerIdentity,
        policy: WorkerPolicy,
        environment: WorkerEnvironment
    ) {
        self.environment = environment
        state = WorkerState(identity: identity, policy: policy)
        pulse = HeartbeatPulse(environment: environment)
        (mail, mailbox) = AsyncStream.makeStream()
        (alarms, alarm) = AsyncStream.makeStream()
    }

    /// Serves until there is a reason to leave; once in the life of a worker.
    ///
    /// Cancelling the task is an interrupt: what runs is cancelled and given back.
    ///
    /// - Parameter connect: makes the channel, which sends the heartbeat that it is given.
    /// - Returns: why the worker left; its ``WorkerExit/exitCode`` is the process's.
    /// - Throws: what `connect` throws.
    package func run(
        connect: (Heartbeat) async throws -> any ReconnectingChannel
    ) async throws -> WorkerExit {
        precondition(channel == nil && state.exit == nil, "a worker runs once")
        let heartbeat = Heartbeat(interval: HeartbeatPulse.tick) { [pulse] in pulse.messages() }
        let channel = try await connect(heartbeat)
        self.channel = channel
        await withDiscardingTaskGroup { group in
            group.addTask { await self.listen(to: channel) }
            group.addTask { await self.keepTime() }
            apply(.channelOpened)
            for await event in mail { apply(event) }
            // Mail ends when the worker has left, or the task was cancelled.
            apply(.haltRequested(isInterrupt: true, reason: "the worker was interrupted"))
            group.cancelAll()
        }
        await channel.close()
        guard let exit = state.exit else { preconditionFailure("a halt ends a worker") }
        return exit
    }

    /// Asks the worker to finish what runs, take nothing new, and leave; from any thread or task.
    ///
    /// - Parameters:
    ///   - grace: time after which what still runs is given back; nil for no limit.
    ///   - reason: told to the coordinator and the log.
    package nonisolated func drain(grace: Duration?, reason: String) {
        mailbox.yield(.drainRequested(grace: grace, reason: reason))
    }

    /// Asks the worker to give everything back and leave at once; from any thread or task.
    package nonisolated func halt(isInterrupt: Bool, reason: String) {
        mailbox.yield(.haltRequested(isInterrupt: isInterrupt, reason: reason))
    }

    /// One word for where the worker stands, which it says only while its executor is free.
    package var standing: String { state.standing }

    private func apply(_ event: WorkerEvent) {
        switch event {
        case .tileCompleted(let lease, _), .tileFailed(let lease, _): cancellations[lease] = nil
        default: break
        }
        for effect in state.apply(event, at: environment.now()) { perform(effect) }
        followSession()
        pulse.update(
            state.session.map { session in
                HeartbeatPulse.Beat(
                    epoch: session.epoch,
                    session: session.session,
                    interval: .milliseconds(session.heartbeatMilliseconds(isIdle: state.isIdle)),
                    held: state.held
                )
            }
        )
        if let deadline = state.nextDeadline, deadline < armed.min() ?? .nanoseconds(Int64.max) {
            armed.insert(deadline)
            alarm.yield(deadline)
        }
    }

    /// Lets what travels begin and end with sessions.
    private func followSession() {
        guard let transfers = environment.transfers, let channel else { return }
        let session = state.session.map { SessionKey(epoch: $0.epoch, number: $0.session) }
        guard session != transferSession else { return }
        transferSession = session
        transfers.close()
        guard session != nil else { return }
        transfers.open { message in
            _ = channel.send(WireCodec.encode(message), to: .coordinator)
        }
    }

    private func perform(_ effect: WorkerEffect) {
        switch effect {
        case .send(let message):
            // What is not taken is lost with its connection, which the next hello makes good.
            _ = channel?.send(WireCodec.encode(message), to: .coordinator)
        case .reconnect:
            channel?.reconnect()
        case .verifyStorage(let welcome):
            verifyStorage(welcome)
        case .compute(let request):
            compute(request)
        case .cancel(let lease):
            cancellations[lease]?.cancel()
        case .discard(let key, let runDirectory):
            storageThread.submit { [storage = environment.storage] in
                storage.discard(key, runDirectory: runDirectory)
            }
        case .serve(let request): environment.transfers?.serve(request)
        case .take(let piece): environment.transfers?.take(piece)
        case .keep(let object): environment.transfers?.keep(object)
        case .log(let fact):
            environment.log.record(fact)
        case .leave:
            mailbox.finish()
            alarm.finish()
        }
    }

    private func compute(_ request: TileRequest) {
        let cancellation = CancellationFlag()
        cancellations[request.lease] = cancellation
        environment.slots.start(request, cancellation: cancellation) { [mailbox] outcome in
            switch outcome {
            case .success(let result): mailbox.yield(.tileCompleted(request.lease, result))
            case .failure(let failure): mailbox.yield(.tileFailed(request.lease, failure))
            }
        }
    }

    private func verifyStorage(_ welcome: Welcome) {
        let worker = state.identity.workerID
        storageThread.submit { [mailbox, storage = environment.storage] in
            do throws(StorageRejection) {
                try storage.verify(welcome, worker: worker)
                mailbox.yield(.storageVerified(welcome))
            } catch {
                mailbox.yield(.storageRejected(welcome, error))
            }
        }
    }

    private func listen(to channel: any ReconnectingChannel) async {
        for await event in channel.events {
            if let heard = Self.heard(event) { apply(heard) }
        }
        if !Task.isCancelled { apply(.channelFailed("the channel closed by itself")) }
    }

    /// What an event of the channel means here; nil where it means nothing.
    private static func heard(_ event: ChannelEvent) -> WorkerEvent? {
        switch event {
        case .message(let message):
            do {
                return .received(try WireCodec.decodeCoordinator(message.frames))
            } catch {
                return .unreadableReceived(error)
            }
        case .connected: return .connectionMade
        case .disconnected: return .connectionLost
        case .handshakeFailed(let endpoint, .authentication(status: 400)):
            return .keyRefused(
                "the coordinator at \(endpoint) does not admit this worker's key;"
                    + " add it there with 'sectile keys allow'"
            )
        case .handshakeFailed(let endpoint, let failure):
            return .handshakeFailed("\(endpoint): \(failure)")
        case .failed(let error):
            return .channelFailed("\(error)")
        case .undeliverable, .refused, .rejected, .acceptFailed, .overflow:
            // What could not be delivered is in the next hello; the others concern coordinators.
            return nil
        }
    }

    private func keepTime() async {
        await withDiscardingTaskGroup { group in
            for await deadline in alarms {
                group.addTask { [environment] in
                    guard (try? await environment.sleep(deadline)) != nil else { return }
                    await self.reached(deadline)
                }
            }
            group.cancelAll()
        }
    }

    private func reached(_ deadline: Duration) {
        armed.remove(deadline)
        apply(.timePassed)
    }
}
