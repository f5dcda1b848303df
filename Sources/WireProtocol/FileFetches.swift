/// Files that are fetched in pieces from peers: what is asked for, what came, what is missing.
///
/// A value without clock, network or disk, used by both sides: a coordinator fetches results from
/// workers without shared storage, such a worker fetches what its units read. Pieces that are asked
/// for or being written count against the limits of their peer and of all peers; files take turns.
/// A peer that leaves a request unanswered gives its share back and is asked for one piece at a time
/// until it answers, so that slow peers do not hold up the others.
package struct FileFetches<Source: Hashable & Sendable>: Sendable {
    /// What shall be done.
    package enum Action: Hashable, Sendable {
        /// Ask a peer for a piece.
        case ask(FileRequest, of: Source)
        /// Write a piece, then call ``written(_:offset:at:)``.
        case write(TransferFile, offset: Int, [UInt8])
        /// Every piece is written; the fetch is forgotten.
        case complete(TransferFile)
        /// The file cannot be had from there; the fetch is forgotten.
        case fail(TransferFile, reason: String)
    }

    private struct Fetch {
        var source: Source
        /// Size of the file; nil until a first piece tells.
        var bytes: Int?
        let limitBytes: Int
        /// Where the part begins that was never asked for.
        var unasked = 0
        /// Pieces that have to be asked for again, by offset.
        var again: [Int] = []
        /// When the pieces under way were asked for, milliseconds, by offset.
        var asked: [Int: Int] = [:]
        /// Lengths of the pieces that are being written, by offset.
        var writing: [Int: Int] = [:]
        var writtenBytes = 0

        var inFlight: Int { asked.count + writing.count }
    }

    private let limits: TransferLimits
    private var fetches: [TransferFile: Fetch] = [:]
    /// Files in the order of their turns.
    private var turns: [TransferFile] = []
    private var load: [Source: Int] = [:]
    private var total = 0
    private var slow: Set<Source> = []
    private var absent: Set<Source> = []

    /// Nothing is fetched yet.
    package init(limits: TransferLimits = TransferLimits()) {
        self.limits = limits
    }

    /// Pieces that are asked for or being written.
    package var inFlightCount: Int { total }

    /// True while a file is being fetched.
    package func isFetching(_ file: TransferFile) -> Bool { fetches[file] != nil }

    /// Begins to fetch a file, or goes on from another peer with what is missing.
    ///
    /// - Parameters:
    ///   - file: what to fetch.
    ///   - source: who has it.
    ///   - bytes: its size where that is known; any other size fails.
    ///   - limitBytes: the largest size that is accepted.
    ///   - now: the present, milliseconds from any origin.
    /// - Returns: what shall be done, in order, as after every other event.
    package mutating func begin(
        _ file: TransferFile,
        from source: Source,
        bytes: Int?,
        limitBytes: Int = WireLimits.storageBytes,
        at now: Int
    ) -> [Action] {
        if let known = fetches[file] {
            guard known.source != source else { return [] }
            takeBack(file) { _ in true }
            update(file) { $0.source = source }
        } else {
            fetches[file] = Fetch(source: source, bytes: bytes, limitBytes: limitBytes)
            turns.append(file)
        }
        return schedule(at: now)
    }

    /// Forgets a file; what still comes of it is ignored.
    package mutating func abandon(_ file: TransferFile, at now: Int) -> [Action] {
        guard fetches[file] != nil else { return [] }
        forget(file)
        return schedule(at: now)
    }

    /// Takes what a peer sent; ignores what was not asked for.
    package mutating func take(
        _ piece: FilePiece,
        from source: Source,
        at now: Int
    ) -> [Action] {
        let file = piece.file
        guard let fetch = fetches[file], fetch.source == source,
            fetch.asked[piece.offset] != nil
        else { return [] }
        slow.remove(source)
        switch piece.content {
        case .unavailable(let reason):
            return fail(file, reason: reason, at: now)
        case .bytes(let content, let size):
            guard size == fetch.bytes ?? size, size <= fetch.limitBytes else {
                let legal = fetch.bytes.map { "\($0)" } ?? "at most \(fetch.limitBytes)"
                return fail(file, reason: "has \(size) bytes instead of \(legal)", at: now)
            }
            guard content.count == min(limits.pieceBytes, size - piece.offset) else {
                let reason = "\(content.count) bytes came as the piece at \(piece.offset)"
                return fail(file, reason: reason, at: now)
            }
            update(file) { fetch in
                fetch.bytes = size
                fetch.asked[piece.offset] = nil
                fetch.writing[piece.offset] = content.count
            }
            return [.write(file, offset: piece.offset, content)] + schedule(at: now)
        }
    }

    /// A piece is written.
    package mutating func written(_ file: TransferFile, offset: Int, at now: Int) -> [Action] {
        guard let length = fetches[file]?.writing[offset] else { return [] }
        update(file) { fetch in
            fetch.writing[offset] = nil
            fetch.writtenBytes += length
        }
        guard let fetch = fetches[file], fetch.writtenBytes == fetch.bytes, fetch.inFlight == 0
        else { return schedule(at: now) }
        forget(file)
        return [.complete(file)] + schedule(at: now)
    }

    /// A file cannot be kept or had: it is forgotten.
    package mutating func fail(_ file: TransferFile, reason: String, at now: Int) -> [Action] {
        guard fetches[file] != nil else { return [] }
        forget(file)
        return [.fail(file, reason: reason)] + schedule(at: now)
    }

    /// A peer is away: what it was asked for is asked for again when it is back.
    package mutating func lose(_ source: Source, at now: Int) -> [Action] {
        absent.insert(source)
        for file in turns where fetches[file]?.source == source { takeBack(file) { _ in true } }
        return schedule(at: now)
    }

    /// A peer is back.
    package mutating func find(_ source: Source, at now: Int) -> [Action] {
        absent.remove(source)
        slow.remove(source)
        return schedule(at: now)
    }

    /// Asks again for what was not answered for long.
    package mutating func passTime(at now: Int) -> [Action] {
        let latest = now - limits.patienceMilliseconds
        for file in turns {
            guard let fetch = fetches[file], fetch.asked.values.contains(where: { $0 <= latest })
            else { continue }
            slow.insert(fetch.source)
            takeBack(file) { $0 <= latest }
        }
        return schedule(at: now)
    }

    // MARK: - Turns

    private mutating func schedule(at now: Int) -> [Action] {
        var actions: [Action] = []
        let pieceBytes = limits.pieceBytes
        var isAny = true
        while isAny, total < limits.total {
            isAny = false
            for file in turns {
                guard total < limits.total else { break }
                guard let request = nextRequest(of: file), let source = fetches[file]?.source
                else { continue }
                update(file) { fetch in
                    if let place = fetch.again.firstIndex(of: request.offset) {
                        fetch.again.remove(at: place)
                    } else {
                        fetch.unasked = request.offset + pieceBytes
                    }
                    fetch.asked[request.offset] = now
                }
                actions.append(.ask(request, of: source))
                isAny = true
            }
            // The first of this round is the last of the next.
            if isAny, let first = turns.first {
                turns.removeFirst()
                turns.append(first)
            }
        }
        return actions
    }

    private func nextRequest(of file: TransferFile) -> FileRequest? {
        guard let fetch = fetches[file], !absent.contains(fetch.source) else { return nil }
        let room = slow.contains(fetch.source) ? 1 : limits.perSource
        guard load[fetch.source, default: 0] < room else { return nil }
        let offset: Int
        if let lost = fetch.again.first {
            offset = lost
        } else if fetch.unasked == 0 || fetch.unasked < fetch.bytes ?? 0 {
            // Without a size only the first piece can be asked for, which tells it.
            offset = fetch.unasked
        } else {
            return nil
        }
        let rest = fetch.bytes.map { $0 - offset } ?? limits.pieceBytes
        return FileRequest(
            file: file,
            offset: offset,
            length: max(1, min(limits.pieceBytes, rest))
        )
    }

    /// Marks pieces that were asked for at certain times as to be asked for again.
    private mutating func takeBack(_ file: TransferFile, where isLost: (Int) -> Bool) {
        update(file) { fetch in
            let lost = fetch.asked.filter { isLost($0.value) }.keys.sorted()
            for offset in lost { fetch.asked[offset] = nil }
            fetch.again += lost
        }
    }

    private mutating func forget(_ file: TransferFile) {
        update(file) { fetch in
            fetch.asked = [:]
            fetch.writing = [:]
        }
        fetches[file] = nil
        turns.removeAll { $0 == file }
    }

    /// Changes a fetch and keeps the counts of pieces in flight.
    private mutating func update(_ file: TransferFile, _ change: (inout Fetch) -> Void) {
        guard var fetch = fetches.removeValue(forKey: file) else { return }
        count(-fetch.inFlight, of: fetch.source)
        change(&fetch)
        count(fetch.inFlight, of: fetch.source)
        fetches[file] = fetch
    }

    private mutating func count(_ change: Int, of source: Source) {
        total += change
        let new = load[source, default: 0] + change
        load[source] = new == 0 ? nil : new
    }
}
