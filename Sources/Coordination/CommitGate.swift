package import Messaging
package import RunStore
package import Tiling
package import WireProtocol

/// Keeps effects back until the records before them are durable: persist, then send.
///
/// A value without input or output, shared by the ``Coordinator`` and by simulated ones. Records leave
/// in batches, one under way at a time.
package struct CommitGate: Sendable {
    /// Something that may be done now.
    package enum Action: Hashable, Sendable {
        /// Send a message.
        case send(CoordinatorMessage, to: PeerID)
        /// Compare a result's object with its description.
        case verify(TileResult)
        /// Fetch a result's object from its worker.
        case collect(TileResult, from: PeerID)
        /// Compare committed objects with their digests.
        case inspect([TileObject])
        /// Send a piece of a file.
        case serve(FileRequest, to: PeerID)
        /// Take in a piece of a file.
        case take(FilePiece, from: PeerID)
        /// Remove an object that no commit names.
        case discard(TileObjectKey)
        /// Reduce the partials of a round.
        case reduce(Stage, round: Int, constants: [Stage: [UInt8]])
        /// Write a line into the log.
        case log(RunFact)
        /// The coordinator's work is over.
        case finish(RunOutcome)
    }

    /// Records that no batch has taken yet.
    private var waiting: [JournalEntry] = []
    private var batchCount = 0
    private var decidedCount = 0
    private var durableCount = 0
    /// What follows a record, with the number of records before it, in order.
    private var held: [(after: Int, action: Action)] = []

    /// A gate that holds nothing.
    package init() {}

    /// Number of records that are decided but not durable.
    package var backlog: Int { decidedCount - durableCount }

    /// Number of records decided since the start.
    package var position: Int { decidedCount }

    /// True when the records up to a position are durable.
    package func isDurable(_ position: Int) -> Bool { durableCount >= position }

    /// True when there are records to be taken and none under way.
    package var hasBatch: Bool { batchCount == 0 && !waiting.isEmpty }

    /// Takes effects in and says which of their actions need not wait.
    ///
    /// - Parameters:
    ///   - effects: what a run's state returned, in order.
    ///   - cause: the state's cause at that moment.
    ///   - wallSeconds: the time now, seconds since 1970.
    /// - Returns: the actions that may be done now, in order.
    package mutating func admit(
        _ effects: [RunEffect],
        cause: String,
        wallSeconds: Double
    ) -> [Action] {
        var ready: [Action] = []
        for effect in effects {
            switch effect {
            case .journal(let record):
                waiting.append(JournalEntry(record, cause: cause, wallSeconds: wallSeconds))
                decidedCount += 1
            case .send(let message, let peer):
                let action = Action.send(message, to: peer)
                if message.dependsOnJournal {
                    hold(action, &ready)
                } else {
                    ready.append(action)
                }
            case .verify(let result): ready.append(.verify(result))
            case .collect(let result, let peer): ready.append(.collect(result, from: peer))
            case .inspect(let objects): ready.append(.inspect(objects))
            case .serve(let request, let peer): ready.append(.serve(request, to: peer))
            case .take(let piece, let peer): ready.append(.take(piece, from: peer))
            case .log(let fact): ready.append(.log(fact))
            case .discard(let key): hold(.discard(key), &ready)
            case .reduce(let stage, let round, let constants):
                hold(.reduce(stage, round: round, constants: constants), &ready)
            case .finish(let outcome): hold(.finish(outcome), &ready)
            }
        }
        return ready
    }

    private mutating func hold(_ action: Action, _ ready: inout [Action]) {
        if decidedCount == durableCount {
            ready.append(action)
        } else {
            held.append((decidedCount, action))
        }
    }

    /// Takes all records that wait; ``confirm()`` says later that they are durable.
    package mutating func takeBatch() -> [JournalEntry] {
        precondition(hasBatch, "a batch is under way, or there is none")
        defer { waiting = [] }
        batchCount = waiting.count
        return waiting
    }

    /// The batch under way is durable: what waited for it may be done, messages joined by peer.
    package mutating func confirm() -> [Action] {
        durableCount += batchCount
        batchCount = 0
        let count = held.prefix { $0.after <= durableCount }.count
        defer { held.removeFirst(count) }
        return MessageJoiner.joined(held.prefix(count).map(\.action))
    }

    /// True when the coordinator was asked to leave and waits only for records to become durable.
    package var isLeaving: Bool {
        held.contains { $0.action == .finish(.interrupted) }
    }
}
