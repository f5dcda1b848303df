import Messaging
import RunStore
import Tiling
import WireProtocol

// Objects that travel, and committed ones that are compared with their digests: the blocking part on a
// queue of its own, so that it does not hold up the results of others.

extension Coordinator {
    /// The present, as transfers count it.
    var milliseconds: Int { Int(surroundings.clock.now.nanoseconds / 1_000_000) }

    /// Does the blocking work of transfers, in order, and looks at one suspect between, until the task is
    /// cancelled.
    func doTransfers() async throws -> RunOutcome? {
        for await _ in transfersWait.stream {
            while !transferJobs.isEmpty || !suspects.isEmpty {
                let batch = transferJobs
                transferJobs = []
                for job in batch { await carryOut(job) }
                if let object = suspects.popFirst() { await inspect(object) }
            }
        }
        throw CancellationError()
    }

    /// Carries out what the transfers decided.
    func perform(_ steps: [CoordinatorTransfers.Step]) {
        for step in steps {
            switch step {
            case .send(let message, let peer):
                // What is not taken is asked for again.
                _ = surroundings.channel.send(intake.frames(of: message, to: peer), to: peer)
            case .job(let job):
                transferJobs.append(job)
                transfersWait.ring()
            case .fail(let lease, let reason):
                apply(.objectVerified(lease, discrepancy: reason))
            }
        }
    }

    private func carryOut(_ job: CoordinatorTransfers.Job) async {
        let archive = surroundings.archive
        switch job {
        case .begin(let key):
            let reason = await failure { () throws(RunStoreError) in try archive.begin(key) }
            if let reason { perform(transfers.fail(key, reason: reason, at: milliseconds)) }
        case .keep(let key, let offset, let bytes):
            let reason = await failure { () throws(RunStoreError) in
                try archive.keep(bytes, of: key, offset: offset)
            }
            perform(
                reason.map { transfers.fail(key, reason: $0, at: milliseconds) }
                    ?? transfers.kept(key, offset: offset, at: milliseconds)
            )
        case .finish(let result): await finish(result)
        case .abandon(let key):
            let verifier = surroundings.verifier
            await transferQueue.run {
                archive.abandon(key)
                verifier.discard(key)
            }
        case .read(let request, let peer): await read(request, for: peer)
        }
    }

    private func failure(
        of work: @escaping @Sendable () throws(RunStoreError) -> Void
    ) async -> String? {
        await transferQueue.run {
            do throws(RunStoreError) {
                try work()
                return nil
            } catch {
                return error.description
            }
        }
    }

    private func finish(_ result: TileResult) async {
        let archive = surroundings.archive
        let key = result.object.key
        guard transfers.isCollecting(key) else { return }
        let discrepancy: String? = await transferQueue.run {
            do throws(RunStoreError) {
                return try archive.finish(result.object)
            } catch {
                return error.description
            }
        }
        // It may have been given up meanwhile; then its removal follows on the same queue.
        guard transfers.isCollecting(key) else { return }
        transfers.finished(key)
        if let discrepancy {
            apply(.objectVerified(result.lease, discrepancy: discrepancy))
        } else {
            apply(.objectStored(result.lease))
        }
    }

    private func read(_ request: FileRequest, for peer: PeerID) async {
        let archive = surroundings.archive
        let content: FilePiece.Content = await transferQueue.run {
            do throws(RunStoreError) {
                let piece =
                    switch request.file {
                    case .object(let key):
                        try archive.piece(of: key, offset: request.offset, count: request.length)
                    case .input(let input):
                        try archive.piece(
                            ofInput: input.path,
                            offset: request.offset,
                            count: request.length
                        )
                    }
                return .bytes(piece.bytes, fileBytes: piece.fileBytes)
            } catch {
                return .unavailable(error.description)
            }
        }
        let piece = FilePiece(file: request.file, offset: request.offset, content: content)
        _ = surroundings.channel.send(intake.frames(of: .piece(piece), to: peer), to: peer)
        perform(transfers.served(peer, at: milliseconds))
        if case .unavailable = content, case .object(let key) = request.file {
            if let object = state.committedObject(of: key.lease.unit), object.key == key {
                suspect([object])
            }
        }
    }

    // MARK: - Committed objects

    /// Has committed objects compared with their digests, each once however many could not read it.
    func suspect(_ objects: [TileObject]) {
        suspects.formUnion(objects.filter { isCommitted($0) })
        transfersWait.ring()
    }

    /// A committed object that is not what it was is computed again.
    private func inspect(_ object: TileObject) async {
        guard isCommitted(object) else { return }
        let verifier = surroundings.verifier
        let damage = await transferQueue.run { verifier.damage(of: object) }
        // Another one may have taken its place meanwhile.
        guard let damage, isCommitted(object) else { return }
        apply(.objectLost(object.key.lease.unit, reason: damage))
    }

    private func isCommitted(_ object: TileObject) -> Bool {
        state.committedObject(of: object.key.lease.unit) == object
    }
}
