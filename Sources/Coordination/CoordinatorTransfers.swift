package import Messaging
import RunStore
package import Tiling
package import WireProtocol

/// What travels between a coordinator and its workers without shared storage.
///
/// A value: the ``Coordinator`` carries its steps out. Pieces in flight are bounded for each worker and
/// altogether (``TransferLimits``); what waits for the disk is within the same bounds.
package struct CoordinatorTransfers: Sendable {
    /// Blocking work, done in order.
    package enum Job: Sendable {
        /// Make room for an object.
        case begin(TileObjectKey)
        /// Keep a piece of an object.
        case keep(TileObjectKey, offset: Int, [UInt8])
        /// Compare an object with its description and put it in place.
        case finish(TileResult)
        /// Remove what came of an object.
        case abandon(TileObjectKey)
        /// Read a piece and send it.
        case read(FileRequest, for: PeerID)
    }

    /// What shall be done.
    package enum Step: Sendable {
        /// Send a message.
        case send(CoordinatorMessage, to: PeerID)
        /// Do blocking work.
        case job(Job)
        /// Tell the state that an object cannot be had.
        case fail(LeaseID, reason: String)
    }

    private var fetches: FileFetches<PeerID>
    private var service: FileService<PeerID>
    /// Results whose objects are being fetched or put in place.
    private var results: [TileObjectKey: TileResult] = [:]

    /// Nothing travels yet.
    package init(limits: TransferLimits) {
        fetches = FileFetches(limits: limits)
        service = FileService(limits: limits)
    }

    /// True while an object is being fetched or put in place.
    package func isCollecting(_ key: TileObjectKey) -> Bool { results[key] != nil }

    /// Begins to fetch a result's object, or goes on over another connection.
    package mutating func collect(_ result: TileResult, from peer: PeerID, at now: Int) -> [Step] {
        let key = result.object.key
        let isNew = results.updateValue(result, forKey: key) == nil
        // An object that is complete and being put in place needs its worker no more.
        guard isNew || fetches.isFetching(.object(key)) else { return [] }
        let actions = fetches.begin(
            .object(key),
            from: peer,
            bytes: result.object.bytes,
            at: now
        )
        return (isNew ? [.job(.begin(key))] : []) + steps(actions)
    }

    /// Takes a piece that a worker sent.
    package mutating func take(_ piece: FilePiece, from peer: PeerID, at now: Int) -> [Step] {
        steps(fetches.take(piece, from: peer, at: now))
    }

    /// A piece is kept.
    package mutating func kept(_ key: TileObjectKey, offset: Int, at now: Int) -> [Step] {
        steps(fetches.written(.object(key), offset: offset, at: now))
    }

    /// An object cannot be kept here.
    package mutating func fail(_ key: TileObjectKey, reason: String, at now: Int) -> [Step] {
        steps(fetches.fail(.object(key), reason: reason, at: now))
    }

    /// An object is in place, or is not what was described: nothing is known of it any more.
    package mutating func finished(_ key: TileObjectKey) {
        results[key] = nil
    }

    /// Nobody wants an object any more.
    package mutating func abandon(_ key: TileObjectKey, at now: Int) -> [Step] {
        results[key] = nil
        return [.job(.abandon(key))] + steps(fetches.abandon(.object(key), at: now))
    }

    /// A worker asks for a piece.
    package mutating func serve(_ request: FileRequest, to peer: PeerID) -> [Step] {
        service.take(request, from: peer)
        return nextReading()
    }

    /// A piece was sent.
    package mutating func served(_ peer: PeerID, at now: Int) -> [Step] {
        service.answered(peer, at: now)
        return nextReading()
    }

    /// A connection is gone.
    package mutating func lose(_ peer: PeerID) {
        service.lose(peer)
    }

    /// Asks again for what was not answered, and gives up waiting for proof of what was sent.
    package mutating func passTime(at now: Int) -> [Step] {
        service.passTime(at: now)
        return steps(fetches.passTime(at: now)) + nextReading()
    }

    private mutating func nextReading() -> [Step] {
        service.next().map { [.job(.read($0.request, for: $0.source))] } ?? []
    }

    private mutating func steps(_ actions: [FileFetches<PeerID>.Action]) -> [Step] {
        actions.compactMap { action in
            switch action {
            case .ask(let request, let peer): return .send(.request(request), to: peer)
            case .write(.object(let key), let offset, let bytes):
                return .job(.keep(key, offset: offset, bytes))
            case .complete(.object(let key)): return results[key].map { .job(.finish($0)) }
            case .fail(.object(let key), let reason):
                guard let result = results.removeValue(forKey: key) else { return nil }
                return .fail(result.lease, reason: "\(key) cannot be fetched: \(reason)")
            case .write(.input, _, _), .complete(.input), .fail(.input, _):
                // Workers have no inputs of their own; nothing asks them for any.
                return nil
            }
        }
    }
}
