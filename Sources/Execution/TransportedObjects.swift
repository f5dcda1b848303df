private import ContentDigest
private import Dispatch
internal import Messaging
internal import Synchronization
package import Tiling
package import WireProtocol

/// Objects of a run whose directory this machine does not see.
///
/// What units read comes from the coordinator, in pieces, and is kept in a directory of the worker's
/// own under its digest, as far as the limit goes; what they write lies there until the coordinator
/// has fetched it, and afterwards serves as an input like any other. Slots' threads wait here for
/// files; pieces are written and read on one thread of its own. Bounds: pieces in flight
/// (``TransferLimits``), readings for the coordinator (``servingLimit``), files (`cacheBytes`, and
/// what is being read or waits to be committed).
package final class TransportedObjects: ObjectStore, ObjectLender, WorkerTransfers {
    /// A slot's thread that waits for a file.
    private final class Waiter: Sendable {
        let isOver = DispatchSemaphore(value: 0)
        /// The path of the file, which is lent to the waiter, or why there is none.
        let outcome = Mutex<Result<String, TileFailure>?>(nil)

        func end(_ result: Result<String, TileFailure>) {
            outcome.withLock { $0 = result }
            isOver.signal()
        }
    }

    private struct State {
        var fetches: FileFetches<PeerID>
        var cache: FileCache
        /// What is being fetched, by file.
        var wanted: [TransferFile: Wanted] = [:]
        var send: (@Sendable (WorkerMessage) -> Void)?
        var servingCount = 0
        var storingCount = 0
        var storedFetchCount: UInt64 = 0
    }

    private struct Wanted {
        let name: FileCache.Name
        let object: TileObject?
        var waiters: [Waiter]
    }

    /// Most pieces that wait to be read for the coordinator; it asks for a few at a time.
    package static let servingLimit = 64
    /// Most results that wait to be copied to the object store; what comes then is not copied.
    package static let storingLimit = 64
    /// Largest resolved input, bytes.
    package static let inputLimitBytes = 1 << 30

    let directory: String
    private let cacheBytes: Int
    let files: any ObjectFileSystem
    private let now: @Sendable () -> Duration
    private let thread = OwnThreads(count: 1, name: "sectile-transfer")
    private let prefix: (any ObjectPrefix)?
    /// Copies to the object store, which may be slow.
    private let storing: OwnThreads?
    private let state: Mutex<State>

    /// Objects in a directory of the worker's own.
    ///
    /// - Parameters:
    ///   - directory: absolute; nobody else uses it.
    ///   - cacheBytes: what kept files may take.
    ///   - limits: what travels at a time.
    ///   - prefix: where workers leave objects for each other; nil: all come from the coordinator.
    ///   - files: where files are.
    ///   - now: a monotonic clock.
    package init(
        directory: String,
        cacheBytes: Int,
        limits: TransferLimits = TransferLimits(),
        prefix: (any ObjectPrefix)? = nil,
        files: any ObjectFileSystem = PosixObjectFileSystem(),
        now: @escaping @Sendable () -> Duration
    ) {
        self.directory = directory
        self.cacheBytes = cacheBytes
        self.files = files
        self.now = now
        self.prefix = prefix
        storing = prefix.map { _ in OwnThreads(count: 1, name: "sectile-objects") }
        var fetches = FileFetches<PeerID>(limits: limits)
        _ = fetches.lose(.coordinator, at: 0)
        state = Mutex(State(fetches: fetches, cache: FileCache(limitBytes: cacheBytes)))
    }

    // MARK: - For slots

    /// Lends a file from the cache, fetching it first where it is not there.
    package func withFile<Outcome>(
        of object: TileObject,
        for request: TileRequest,
        cancellation: CancellationFlag,
        _ body: (_ path: String) throws -> Outcome
    ) throws -> Outcome {
        try withFile(.object(object.key), object: object, cancellation, body)
    }

    /// Lends an input from the cache, fetching it first where it is not there.
    package func withInput<Outcome>(
        at relativePath: String,
        for request: TileRequest,
        cancellation: CancellationFlag,
        _ body: (_ path: String) throws -> Outcome
    ) throws -> Outcome {
        guard let input = ResolvedInput(path: relativePath) else {
            throw TileFailure(.bug, "'\(relativePath)' is no name of a resolved input")
        }
        return try withFile(.input(input), object: nil, cancellation, body)
    }

    private func withFile<Outcome>(
        _ file: TransferFile,
        object: TileObject?,
        _ cancellation: CancellationFlag,
        _ body: (_ path: String) throws -> Outcome
    ) throws -> Outcome {
        let path = try lend(file, object: object, cancellation: cancellation)
        do {
            let outcome = try body(path)
            giveBack(file, object: object, isSound: true)
            return outcome
        } catch {
            giveBack(file, object: object, isSound: false)
            throw error
        }
    }

    /// Lends a file from the cache, fetching it first where it is not there.
    package func lend(
        _ file: TransferFile,
        object: TileObject?,
        cancellation: CancellationFlag
    ) throws(TileFailure) -> String {
        let name = Self.name(of: file, object)
        if let path = state.withLock({ $0.cache.lend(name) }) { return path }
        if let path = lendStored(object, name: name) { return path }
        return try wait(for: file, name: name, object: object, cancellation)
    }

    /// Ends a loan; a file that was not what it should be is forgotten, so that another try does not
    /// find it again.
    package func giveBack(_ file: TransferFile, object: TileObject?, isSound: Bool) {
        let name = Self.name(of: file, object)
        giveBack(name)
        guard !isSound else { return }
        let forgotten = state.withLock { $0.cache.forget(name) }
        remove([forgotten].compactMap(\.self))
    }

    private static func name(of file: TransferFile, _ object: TileObject?) -> FileCache.Name {
        switch (file, object) {
        case (_, let object?): .object(object.fileDigest)
        case (.object(let key), nil): .input(key.path)
        case (.input(let input), nil): .input(input.path)
        }
    }

    /// Lends an object that others left in the object store; nil where the coordinator has to be asked.
    private func lendStored(_ object: TileObject?, name: FileCache.Name) -> String? {
        guard let prefix, let object else { return nil }
        // Two slots may fetch the same object at the same time: each into a file of its own.
        let number = state.withLock { state in
            state.storedFetchCount &+= 1
            return state.storedFetchCount
        }
        let temporary = "\(cached(name)).\(number).tmp"
        guard prefix.fetch(object.fileDigest, to: temporary, bytes: object.bytes),
            (try? files.identify(temporary))?.digest == object.fileDigest,
            (try? files.rename(temporary, to: cached(name))) != nil
        else {
            try? files.remove(temporary)
            return nil
        }
        let surplus = state.withLock { state in
            let doubled = state.cache.add(
                name,
                path: cached(name),
                bytes: object.bytes,
                loans: 1
            )
            return [doubled].compactMap(\.self) + state.cache.takeSurplus()
        }
        remove(surplus)
        return state.withLock { $0.cache.path(of: name) } ?? cached(name)
    }

    /// Leaves a committed result in the object store for others.
    private func leave(_ object: TileObject) {
        guard let prefix, let storing else { return }
        let name = FileCache.Name.object(object.fileDigest)
        let path = state.withLock { state -> String? in
            guard state.storingCount < Self.storingLimit, let path = state.cache.lend(name) else {
                return nil
            }
            state.storingCount += 1
            return path
        }
        guard let path else { return }
        storing.submit { [self] in
            prefix.store(path, as: object.fileDigest, bytes: object.bytes)
            state.withLock { $0.storingCount -= 1 }
            giveBack(name)
        }
    }

    private func giveBack(_ name: FileCache.Name) {
        let surplus = state.withLock { state in
            state.cache.giveBack(name)
            return state.cache.takeSurplus()
        }
        remove(surplus)
    }

    private func wait(
        for file: TransferFile,
        name: FileCache.Name,
        object: TileObject?,
        _ cancellation: CancellationFlag
    ) throws(TileFailure) -> String {
        let waiter = Waiter()
        change { state, now in
            // It may have come since it was looked for.
            if let path = state.cache.lend(name) {
                waiter.end(.success(path))
                return []
            }
            if state.wanted[file] != nil {
                state.wanted[file]?.waiters.append(waiter)
                return []
            }
            state.wanted[file] = Wanted(name: name, object: object, waiters: [waiter])
            return state.fetches.begin(
                file,
                from: .coordinator,
                bytes: object?.bytes,
                limitBytes: object?.bytes ?? Self.inputLimitBytes,
                at: now
            )
        }
        while waiter.isOver.wait(timeout: .now() + .milliseconds(50)) == .timedOut {
            if cancellation.isCancelled {
                leave(waiter, file, name)
                try cancellation.check()
            }
            change { state, now in state.fetches.passTime(at: now) }
        }
        guard let outcome = waiter.outcome.withLock({ $0 }) else {
            preconditionFailure("the wait for \(file) ended without an outcome")
        }
        return try outcome.get()
    }

    /// A thread waits no longer; the last one ends the fetch.
    private func leave(_ waiter: Waiter, _ file: TransferFile, _ name: FileCache.Name) {
        var isLent = false
        change { state, now in
            guard var wanted = state.wanted[file] else {
                // It came, or failed, at this very moment.
                if case .success = waiter.outcome.withLock({ $0 }) { isLent = true }
                return []
            }
            wanted.waiters.removeAll { $0 === waiter }
            guard wanted.waiters.isEmpty else {
                state.wanted[file] = wanted
                return []
            }
            state.wanted[file] = nil
            let temporary = temporary(wanted.name)
            thread.submit { [files] in try? files.remove(temporary) }
            return state.fetches.abandon(file, at: now)
        }
        if isLent { giveBack(name) }
    }

    // MARK: - For the worker

    /// Asks for what is missing.
    package func open(send: @escaping @Sendable (WorkerMessage) -> Void) {
        change { state, now in
            state.send = send
            return state.fetches.find(.coordinator, at: now)
        }
    }

    /// Keeps what came, and asks for nothing until the next session.
    package func close() {
        change { state, now in
            state.send = nil
            return state.fetches.lose(.coordinator, at: now)
        }
    }

    /// Takes a piece of a file that is wanted; ignores any other.
    package func take(_ piece: FilePiece) {
        change { state, now in state.fetches.take(piece, from: .coordinator, at: now) }
    }

    /// Reads a piece of a result and sends it; beyond the bound the coordinator has to ask again.
    package func serve(_ request: FileRequest) {
        let isTaken = state.withLock { state in
            guard state.servingCount < Self.servingLimit else { return false }
            state.servingCount += 1
            return true
        }
        guard isTaken else { return }
        thread.submit { [self] in
            let piece = FilePiece(
                file: request.file,
                offset: request.offset,
                content: content(of: request)
            )
            let send = state.withLock { state in
                state.servingCount -= 1
                return state.send
            }
            send?(.piece(piece))
        }
    }

    /// Counts a committed result's file among those that were fetched.
    package func keep(_ object: TileObject) {
        let surplus = state.withLock { state in
            let doubled = state.cache.add(
                .object(object.fileDigest),
                path: path(of: object.key),
                bytes: object.bytes,
                loans: 0
            )
            return [doubled].compactMap(\.self) + state.cache.takeSurplus()
        }
        remove(surplus)
        leave(object)
    }

    /// Forgets what is kept, for another run.
    func forgetFiles() {
        let paths = state.withLock { state in
            defer { state.cache = FileCache(limitBytes: cacheBytes) }
            return state.cache.paths
        }
        remove(paths)
    }

    // MARK: - Files

    func path(of key: TileObjectKey) -> String { "\(directory)/tiles/\(key)" }

    private func cached(_ name: FileCache.Name) -> String {
        switch name {
        case .object(let digest): "\(directory)/cache/\(digest).tif"
        case .input(let path): "\(directory)/cache/\(path.split(separator: "/").last ?? "")"
        }
    }

    private func temporary(_ name: FileCache.Name) -> String { cached(name) + ".tmp" }

    private func remove(_ paths: [String]) {
        guard !paths.isEmpty else { return }
        thread.submit { [files] in for path in paths { try? files.remove(path) } }
    }

    private func content(of request: FileRequest) -> FilePiece.Content {
        guard case .object(let key) = request.file else {
            return .unavailable("a worker has no inputs of its own")
        }
        do throws(StorageFault) {
            let piece = try files.readPiece(
                path(of: key),
                offset: request.offset,
                count: request.length
            )
            return .bytes(piece.bytes, fileBytes: piece.fileBytes)
        } catch {
            return .unavailable(error.description)
        }
    }

    // MARK: - What the fetches decide

    /// Changes the state and carries out what follows from it.
    private func change(_ body: (inout State, _ now: Int) -> [FileFetches<PeerID>.Action]) {
        let now = Int(now() / .milliseconds(1))
        let messages: [WorkerMessage]
        let send: (@Sendable (WorkerMessage) -> Void)?
        (messages, send) = state.withLock { state in
            let actions = body(&state, now)
            var messages: [WorkerMessage] = []
            for action in actions {
                switch action {
                case .ask(let request, _): messages.append(.request(request))
                case .write(let file, let offset, let bytes):
                    write(bytes, of: file, offset: offset)
                case .complete(let file): complete(file)
                case .fail(let file, let reason): end(file, failing: reason, &state)
                }
            }
            return (messages, state.send)
        }
        for message in messages { send?(message) }
    }

    private func write(_ bytes: [UInt8], of file: TransferFile, offset: Int) {
        thread.submit { [self] in
            guard let name = state.withLock({ $0.wanted[file]?.name }) else { return }
            do throws(StorageFault) {
                try files.writePiece(bytes, to: temporary(name), offset: offset)
                change { state, now in state.fetches.written(file, offset: offset, at: now) }
            } catch {
                let reason = error.description
                change { state, now in state.fetches.fail(file, reason: reason, at: now) }
            }
        }
    }

    /// Looks at a file that is complete, and lends it to those who wait.
    private func complete(_ file: TransferFile) {
        thread.submit { [self] in
            guard let wanted = state.withLock({ $0.wanted[file] }) else { return }
            let name = wanted.name
            do throws(StorageFault) {
                let identity = try files.identify(temporary(name))
                if let object = wanted.object, identity.digest != object.fileDigest {
                    let reason =
                        "it came with the digest \(identity.digest.short) instead of "
                        + object.fileDigest.short
                    state.withLock { end(file, failing: reason, &$0) }
                    return
                }
                try files.rename(temporary(name), to: cached(name))
                arrive(file, bytes: identity.bytes)
            } catch {
                let reason = error.description
                state.withLock { end(file, failing: reason, &$0) }
            }
        }
    }

    private func arrive(_ file: TransferFile, bytes: Int) {
        let surplus = state.withLock { state in
            // Those who waited may all have left meanwhile; the file is of use all the same.
            guard let wanted = state.wanted.removeValue(forKey: file) else { return [String]() }
            let doubled = state.cache.add(
                wanted.name,
                path: cached(wanted.name),
                bytes: bytes,
                loans: wanted.waiters.count
            )
            let path = state.cache.path(of: wanted.name) ?? cached(wanted.name)
            for waiter in wanted.waiters { waiter.end(.success(path)) }
            return [doubled].compactMap(\.self) + state.cache.takeSurplus()
        }
        remove(surplus)
    }

    private func end(_ file: TransferFile, failing reason: String, _ state: inout State) {
        guard let wanted = state.wanted.removeValue(forKey: file) else { return }
        remove([temporary(wanted.name)])
        let failure = TileFailure(
            .storage,
            "cannot fetch \(file) from the coordinator: \(reason)"
        )
        for waiter in wanted.waiters { waiter.end(.failure(failure)) }
    }
}
