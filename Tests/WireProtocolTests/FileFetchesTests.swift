import ContentDigest
import Testing
import Tiling
import WireProtocol

@Suite struct FileFetchesTests {
    private typealias Fetches = FileFetches<Int>

    private static func file(_ column: Int) -> TransferFile {
        let unit = WorkUnit(stage: .balance, tile: TileID(row: 0, column: column))
        return .object(TileObjectKey(lease: LeaseID(unit: unit, attempt: .first), nonce: 1))
    }

    private static func content(_ file: TransferFile, _ count: Int) -> [UInt8] {
        var random = SplitMix64(seed: UInt64(count + "\(file)".utf8.count))
        return random.bytes(count...count)
    }

    /// Peers that lose, repeat and reorder what they are asked for, and a disk that writes late.
    private struct World {
        var random: SplitMix64
        var fetches: Fetches
        let limits: TransferLimits
        var sizes: [TransferFile: Int] = [:]
        var asked: [(request: FileRequest, source: Int)] = []
        var writes: [(file: TransferFile, offset: Int, bytes: [UInt8])] = []
        var files: [TransferFile: [UInt8]] = [:]
        var complete: Set<TransferFile> = []
        var failures: [TransferFile: String] = [:]
        var now = 0
        var most: [Int: Int] = [:]

        mutating func perform(_ actions: [Fetches.Action]) {
            for action in actions {
                switch action {
                case .ask(let request, let source): asked.append((request, source))
                case .write(let file, let offset, let bytes): writes.append((file, offset, bytes))
                case .complete(let file): complete.insert(file)
                case .fail(let file, let reason): failures[file] = reason
                }
            }
            precondition(fetches.inFlightCount <= limits.total, "more in flight than the limit")
        }

        mutating func answer(_ request: FileRequest, from source: Int) {
            guard let size = sizes[request.file] else { return }
            let content = FileFetchesTests.content(request.file, size)
            let end = min(size, request.offset + request.length)
            let piece = FilePiece(
                file: request.file,
                offset: request.offset,
                content: .bytes(Array(content[request.offset..<end]), fileBytes: size)
            )
            perform(fetches.take(piece, from: source, at: now))
        }

        mutating func step(losing percent: Int) {
            now += random.integer(0...30)
            if !asked.isEmpty, random.chance(60) {
                let place = random.integer(0...(asked.count - 1))
                let (request, source) = asked.remove(at: place)
                if !random.chance(percent) {
                    answer(request, from: source)
                    if random.chance(percent) { answer(request, from: source) }
                }
            }
            if !writes.isEmpty, random.chance(60) {
                let (file, offset, bytes) = writes.removeFirst()
                var whole = files[file] ?? []
                whole += [UInt8](repeating: 0, count: max(0, offset + bytes.count - whole.count))
                whole.replaceSubrange(offset..<offset + bytes.count, with: bytes)
                files[file] = whole
                perform(fetches.written(file, offset: offset, at: now))
            }
            perform(fetches.passTime(at: now))
        }
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `files come whole whatever is lost, repeated and reordered`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let limits = TransferLimits(
            perSource: random.integer(1...4),
            total: random.integer(1...9),
            pieceBytes: random.integer(1...50),
            patienceMilliseconds: 500
        )
        var world = World(random: random, fetches: Fetches(limits: limits), limits: limits)
        for column in 0..<6 {
            let file = column == 5 ? TransferFile.zones : Self.file(column)
            let size = [0, 1, limits.pieceBytes, limits.pieceBytes + 1, 333, 200][column]
            world.sizes[file] = size
            // Of the zones nobody knows the size.
            let actions = world.fetches.begin(
                file,
                from: column % 3,
                bytes: file == .zones ? nil : size,
                at: 0
            )
            world.perform(actions)
        }
        var steps = 0
        while world.complete.count < 6, steps < 40_000 {
            world.step(losing: 20)
            steps += 1
        }
        #expect(world.complete.count == 6, "seed \(seed)")
        for (file, size) in world.sizes {
            #expect(world.files[file] == Self.content(file, size), "seed \(seed), \(file)")
        }
        #expect(world.fetches.inFlightCount == 0)
    }

    @Test func `a peer that does not answer does not hold up the others`() {
        let limits = TransferLimits(perSource: 2, total: 3, pieceBytes: 10)
        var world = World(
            random: SplitMix64(seed: 1),
            fetches: Fetches(limits: limits),
            limits: limits
        )
        world.sizes[Self.file(1)] = 500
        world.perform(world.fetches.begin(Self.file(0), from: 0, bytes: 500, at: 0))
        world.perform(world.fetches.begin(Self.file(1), from: 1, bytes: 500, at: 0))
        for _ in 0..<5_000 where !world.complete.contains(Self.file(1)) {
            world.asked.removeAll { $0.source == 0 }
            world.step(losing: 0)
        }
        #expect(world.complete == [Self.file(1)])
        #expect(world.fetches.isFetching(Self.file(0)))
    }

    @Test func `a fetch goes on from another connection with what is missing`() {
        var fetches = Fetches(limits: TransferLimits(perSource: 2, pieceBytes: 10))
        let file = Self.file(0)
        #expect(fetches.begin(file, from: 1, bytes: 30, at: 0).count == 2)
        let first = FilePiece(
            file: file,
            offset: 0,
            content: .bytes([UInt8](repeating: 1, count: 10), fileBytes: 30)
        )
        #expect(fetches.take(first, from: 1, at: 1).count == 1)
        _ = fetches.written(file, offset: 0, at: 2)
        let again = fetches.begin(file, from: 2, bytes: 30, at: 3)
        let offsets = again.compactMap { action -> Int? in
            if case .ask(let request, of: 2) = action { request.offset } else { nil }
        }
        #expect(offsets.sorted() == [10, 20])
        // What the old connection still brings is not asked for any more.
        let late = FilePiece(file: file, offset: 10, content: first.content)
        #expect(fetches.take(late, from: 1, at: 4).isEmpty)
        #expect(fetches.begin(file, from: 2, bytes: 30, at: 5).isEmpty)
    }

    @Test func `a piece of another size, place or file is refused or ignored`() {
        func fresh() -> Fetches {
            var fetches = Fetches(limits: TransferLimits(pieceBytes: 10))
            _ = fetches.begin(Self.file(0), from: 1, bytes: 25, at: 0)
            return fetches
        }
        func take(_ offset: Int, _ count: Int, of size: Int, from source: Int = 1) -> String {
            var fetches = fresh()
            let piece = FilePiece(
                file: Self.file(0),
                offset: offset,
                content: .bytes([UInt8](repeating: 1, count: count), fileBytes: size)
            )
            let actions = fetches.take(piece, from: source, at: 1)
            return switch actions.first {
            case .fail(_, let reason): reason
            case .write: "written"
            default: "ignored"
            }
        }
        #expect(take(0, 10, of: 25) == "written")
        #expect(take(20, 5, of: 25) == "written")
        #expect(take(0, 10, of: 26) == "has 26 bytes instead of 25")
        #expect(take(0, 9, of: 25) == "9 bytes came as the piece at 0")
        #expect(take(20, 10, of: 30) == "has 30 bytes instead of 25")
        #expect(take(5, 10, of: 25) == "ignored")
        #expect(take(30, 10, of: 25) == "ignored")
        #expect(take(0, 10, of: 25, from: 2) == "ignored")
        var fetches = fresh()
        let gone = FilePiece(file: Self.file(0), offset: 0, content: .unavailable("swept"))
        #expect(
            fetches.take(gone, from: 1, at: 1) == [.fail(Self.file(0), reason: "swept")]
        )
        #expect(!fetches.isFetching(Self.file(0)))
        var zones = Fetches(limits: TransferLimits(pieceBytes: 10))
        _ = zones.begin(.zones, from: 1, bytes: nil, limitBytes: 100, at: 0)
        let large = FilePiece(
            file: .zones,
            offset: 0,
            content: .bytes([UInt8](repeating: 1, count: 10), fileBytes: 101)
        )
        #expect(
            zones.take(large, from: 1, at: 1)
                == [.fail(.zones, reason: "has 101 bytes instead of at most 100")]
        )
    }

    @Test func `outside a session nothing is asked for`() {
        var fetches = Fetches(limits: TransferLimits(perSource: 2, pieceBytes: 10))
        #expect(fetches.lose(1, at: 0).isEmpty)
        #expect(fetches.begin(Self.file(0), from: 1, bytes: 30, at: 0).isEmpty)
        #expect(fetches.passTime(at: 100_000).isEmpty)
        #expect(fetches.find(1, at: 1).count == 2)
        #expect(fetches.lose(1, at: 2).isEmpty)
        #expect(fetches.inFlightCount == 0)
        #expect(fetches.find(1, at: 3).count == 2)
    }
}

@Suite struct FileServiceTests {
    private static func request(_ offset: Int) -> FileRequest {
        FileRequest(file: .zones, offset: offset, length: 10)
    }

    @Test func `peers take turns, however much one of them asks for`() {
        var service = FileService<Int>(limits: TransferLimits(perSource: 4))
        for offset in 0..<8 { service.take(Self.request(offset), from: 1) }
        service.take(Self.request(0), from: 2)
        service.take(Self.request(0), from: 3)
        var sources: [Int] = []
        while let reading = service.next() {
            sources.append(reading.source)
            service.answered(reading.source, at: 0)
        }
        #expect(sources == [1, 2, 3] + [Int](repeating: 1, count: 7))
    }

    @Test func `what a peer asks for beyond its bound, or twice, is dropped`() {
        var service = FileService<Int>(limits: TransferLimits(perSource: 4))
        for offset in 0..<1_000 {
            service.take(Self.request(offset), from: 1)
            service.take(Self.request(offset), from: 1)
        }
        #expect(service.waitingCount == 8)
        service.lose(1)
        #expect(service.waitingCount == 0)
        #expect(service.next() == nil)
    }

    @Test func `no more is on its way than the limit, until it is proven or time has passed`() {
        var service = FileService<Int>(
            limits: TransferLimits(perSource: 4, total: 3, patienceMilliseconds: 100)
        )
        for source in 1...5 { service.take(Self.request(0), from: source) }
        var served = 0
        while let reading = service.next() {
            served += 1
            service.answered(reading.source, at: served)
        }
        #expect(served == 3)
        // The next request of a peer proves that its last piece arrived.
        service.take(Self.request(10), from: 1)
        #expect(service.next()?.source == 4)
        service.answered(4, at: 4)
        #expect(service.next() == nil)
        service.passTime(at: 103)
        #expect(service.next()?.source == 5)
    }
}
