import ContentDigest
import Execution
import Foundation
import Lattice
import Synchronization
import Testing
import Tiling
import WireProtocol

/// A worker's side of what travels, and a coordinator's end in the hands of a test.
private final class Transport: Sendable {
    let directory: TemporaryDirectory
    let objects: TransportedObjects
    private let requests = Mutex<[FileRequest]>([])
    private let pieces = Mutex<[FilePiece]>([])
    private let files: Mutex<[TransferFile: [UInt8]]>
    private let isAnswering = Mutex(true)

    init(
        cacheBytes: Int = 1 << 20,
        files content: [TransferFile: [UInt8]] = [:],
        prefix: (any ObjectPrefix)? = nil,
        storage: any ObjectFileSystem = PosixObjectFileSystem()
    ) throws {
        directory = try TemporaryDirectory()
        for name in ["tiles/balance", "cache"] {
            try FileManager.default.createDirectory(
                atPath: "\(directory.path)/\(name)",
                withIntermediateDirectories: true
            )
        }
        files = Mutex(content)
        objects = TransportedObjects(
            directory: directory.path,
            cacheBytes: cacheBytes,
            limits: TransferLimits(perSource: 2, pieceBytes: 100),
            prefix: prefix,
            files: storage,
            now: { .zero }
        )
    }

    var requestCount: Int { requests.withLock { $0.count } }
    var sent: [FilePiece] { pieces.withLock { $0 } }

    func set(_ content: [UInt8], of file: TransferFile) {
        files.withLock { $0[file] = content }
    }

    /// Answers at once, as long as it is answering.
    func open() {
        objects.open { message in
            switch message {
            case .request(let request):
                self.requests.withLock { $0.append(request) }
                if self.isAnswering.withLock({ $0 }) { self.answer(request) }
            case .piece(let piece): self.pieces.withLock { $0.append(piece) }
            default: break
            }
        }
    }

    func setAnswering(_ value: Bool) { isAnswering.withLock { $0 = value } }

    private func answer(_ request: FileRequest) {
        let whole = files.withLock { $0[request.file] }
        let content: FilePiece.Content =
            whole.map { whole in
                let end = min(whole.count, request.offset + request.length)
                return .bytes(Array(whole[request.offset..<end]), fileBytes: whole.count)
            } ?? .unavailable("swept")
        objects.take(FilePiece(file: request.file, offset: request.offset, content: content))
    }

    /// What is kept, without what is hidden.
    var kept: [String] { directory.files(in: "cache") }
}

@Suite(.timeLimit(.minutes(1))) struct TransportedObjectsTests {
    private static let content = (0..<1_050).map { UInt8(truncatingIfNeeded: $0 &* 31) }

    private static func object(_ column: Int, _ content: [UInt8] = content) -> TileObject {
        TileObject(
            key: TileObjectKey(lease: Fixtures.lease(column), nonce: 1),
            bytes: content.count,
            fileDigest: ContentDigest(of: content),
            samplesDigest: Fixtures.digest
        )
    }

    private static let request = TileRequest(
        lease: Fixtures.lease(0),
        core: CellWindow(rows: 0..<1, columns: 0..<1),
        inputs: [],
        specification: [],
        constants: [:],
        runDirectory: "/nowhere"
    )

    private func read(
        _ transport: Transport,
        _ object: TileObject,
        _ cancellation: CancellationFlag = CancellationFlag()
    ) throws -> [UInt8] {
        try transport.objects.withFile(
            of: object,
            for: Self.request,
            cancellation: cancellation
        ) { path in Array(try Data(contentsOf: URL(filePath: path))) }
    }

    /// Reads on a slot's thread, which may wait.
    private func readOnSlot(
        _ transport: Transport,
        _ object: TileObject,
        _ cancellation: CancellationFlag = CancellationFlag()
    ) async -> Result<TileResult, TileFailure> {
        await withCheckedContinuation { continuation in
            ComputeExecutor(slots: 1, computer: Reader(transport.objects, object))
                .start(Self.request, cancellation: cancellation) { outcome in
                    continuation.resume(returning: outcome)
                }
        }
    }

    @Test func `a file comes in pieces, once, and is read here afterwards`() throws {
        let object = Self.object(0)
        let transport = try Transport(files: [.object(object.key): Self.content])
        transport.open()
        #expect(try read(transport, object) == Self.content)
        #expect(try read(transport, object) == Self.content)
        #expect(transport.requestCount == 11)
        #expect(transport.kept == ["\(object.fileDigest).tif"])
    }

    @Test func `many slots that want a file at a time cause one fetch`() async throws {
        let object = Self.object(0)
        let transport = try Transport(files: [.object(object.key): Self.content])
        transport.open()
        let runner = ComputeExecutor(slots: 6, computer: Reader(transport.objects, object))
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<6 {
                group.addTask {
                    await withCheckedContinuation { continuation in
                        runner.start(Self.request, cancellation: CancellationFlag()) { outcome in
                            continuation.resume(returning: (try? outcome.get()) != nil)
                        }
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes == [Bool](repeating: true, count: 6))
        #expect(transport.requestCount == 11)
    }

    @Test func `a fetch outlives its session and goes on in the next`() async throws {
        let object = Self.object(0)
        let transport = try Transport(files: [.object(object.key): Self.content])
        transport.setAnswering(false)
        transport.open()
        async let outcome = readOnSlot(transport, object)
        while transport.requestCount < 2 { await Task.yield() }
        transport.objects.close()
        transport.setAnswering(true)
        transport.open()
        let result = await outcome
        #expect(throws: Never.self) { try result.get() }
        #expect(try read(transport, object) == Self.content)
    }

    @Test func `content that is not what was committed fails as storage and leaves nothing`() throws
    {
        let object = Self.object(0)
        let wrong = Array(Self.content.dropLast()) + [0]
        let transport = try Transport(files: [.object(object.key): wrong])
        transport.open()
        let failure = #expect(throws: TileFailure.self) { try read(transport, object) }
        #expect(failure?.failureClass == .storage)
        #expect(failure?.message.contains("digest") ?? false)
        // The same thread removes what came, then fetches anew.
        transport.set(Self.content, of: .object(object.key))
        #expect(try read(transport, object) == Self.content)
        #expect(transport.kept == ["\(object.fileDigest).tif"])
    }

    @Test func `an object that was swept meanwhile fails as storage with the reason`() throws {
        let transport = try Transport()
        transport.open()
        let failure = #expect(throws: TileFailure.self) { try read(transport, Self.object(0)) }
        #expect(failure?.failureClass == .storage)
        #expect(failure?.message.contains("swept") ?? false)
    }

    @Test func `a disk that is full here fails the attempt as storage`() throws {
        let object = Self.object(0)
        let transport = try Transport(
            files: [.object(object.key): Self.content],
            storage: FailingFileSystem(failAt: 3)
        )
        transport.open()
        let failure = #expect(throws: TileFailure.self) { try read(transport, object) }
        #expect(failure?.failureClass == .storage)
        #expect(failure?.message.contains("No space left") ?? false)
    }

    @Test func `a cancelled wait ends although nobody answers, and the fetch with it`() async throws
    {
        let object = Self.object(0)
        let transport = try Transport(files: [.object(object.key): Self.content])
        transport.setAnswering(false)
        transport.open()
        let cancellation = CancellationFlag()
        async let outcome = readOnSlot(transport, object, cancellation)
        while transport.requestCount < 2 { await Task.yield() }
        cancellation.cancel()
        let result = await outcome
        #expect(throws: TileFailure.self) { try result.get() }
        transport.setAnswering(true)
        // Nothing of the fetch is left: it begins anew.
        #expect(try read(transport, object) == Self.content)
        #expect(transport.requestCount == 2 + 11)
    }

    @Test func `without room nothing is kept, and what is being read is not removed`() throws {
        let (first, second) = (Self.object(0), Self.object(1, Self.content + [1]))
        let transport = try Transport(
            cacheBytes: 0,
            files: [
                .object(first.key): Self.content, .object(second.key): Self.content + [1],
            ]
        )
        transport.open()
        let both = try transport.objects.withFile(
            of: first,
            for: Self.request,
            cancellation: CancellationFlag()
        ) { path in
            let inner = try read(transport, second)
            return [Array(try Data(contentsOf: URL(filePath: path))), inner]
        }
        #expect(both == [Self.content, Self.content + [1]])
        // Files are removed in order, before the next is fetched.
        #expect(try read(transport, second) == Self.content + [1])
        #expect(transport.kept.count <= 1)
    }

    @Test func `what was unused for longest goes first`() throws {
        let objects = (0..<3).map { Self.object($0, Self.content + [UInt8($0)]) }
        let transport = try Transport(
            cacheBytes: 2 * 1_051,
            files: Dictionary(
                uniqueKeysWithValues: objects.enumerated().map { index, object in
                    (.object(object.key), Self.content + [UInt8(index)])
                }
            )
        )
        transport.open()
        for column in [0, 1, 0, 2] { _ = try read(transport, objects[column]) }
        let count = transport.requestCount
        _ = try read(transport, objects[0])
        #expect(transport.requestCount == count)
        _ = try read(transport, objects[1])
        #expect(transport.requestCount == count + 11)
    }

    @Test func `a result is sent in pieces, and serves as an input once it is committed`()
        async throws
    {
        let object = Self.object(0)
        let transport = try Transport()
        transport.open()
        let path = "\(transport.directory.path)/tiles/\(object.key)"
        try Data(Self.content).write(to: URL(filePath: path))
        for offset in [0, 1_000, 2_000] {
            transport.objects.serve(
                FileRequest(file: .object(object.key), offset: offset, length: 100)
            )
        }
        transport.objects.serve(FileRequest(file: .zones, offset: 0, length: 1))
        while transport.sent.count < 4 { await Task.yield() }
        #expect(
            transport.sent.prefix(3).map(\.content) == [
                .bytes(Array(Self.content.prefix(100)), fileBytes: 1_050),
                .bytes(Array(Self.content.suffix(50)), fileBytes: 1_050),
                .bytes([], fileBytes: 1_050),
            ]
        )
        #expect(
            transport.sent.last?.content == .unavailable("a worker has no inputs of its own")
        )
        transport.objects.keep(object)
        #expect(try read(transport, object) == Self.content)
        #expect(transport.requestCount == 0)
    }

    @Test func `what others left in the object store is not asked of the coordinator`() throws {
        let object = Self.object(0)
        let store = StoreDouble([object.fileDigest: Self.content])
        let transport = try Transport(prefix: store)
        transport.open()
        #expect(try read(transport, object) == Self.content)
        #expect(try read(transport, object) == Self.content)
        #expect(transport.requestCount == 0)
        #expect(store.fetchCount == 1)
        #expect(transport.kept == ["\(object.fileDigest).tif"])
    }

    @Test(arguments: [[], [1, 2, 3], Array(content.reversed())] as [[UInt8]])
    func `what is wrong in the object store, or not there, comes from the coordinator`(
        stored: [UInt8]
    ) throws {
        let object = Self.object(0)
        let store = StoreDouble(stored.isEmpty ? [:] : [object.fileDigest: stored])
        let transport = try Transport(files: [.object(object.key): Self.content], prefix: store)
        transport.open()
        #expect(try read(transport, object) == Self.content)
        #expect(transport.requestCount == 11)
        #expect(transport.kept == ["\(object.fileDigest).tif"])
    }

    @Test func `a committed result is left in the object store`() async throws {
        let object = Self.object(0)
        let store = StoreDouble([:])
        let transport = try Transport(prefix: store)
        transport.open()
        let path = "\(transport.directory.path)/tiles/\(object.key)"
        try Data(Self.content).write(to: URL(filePath: path))
        transport.objects.keep(object)
        while store.content(of: object.fileDigest) == nil { await Task.yield() }
        #expect(store.content(of: object.fileDigest) == Self.content)
    }

    @Test func `a scratch directory is prepared, and inputs that are not seen reject it`() throws {
        let transport = try Transport()
        func rejection(_ problem: String?) -> String? {
            let storage = TransportedStorage(objects: transport.objects) { _ in problem }
            do throws(StorageRejection) {
                try storage.verify(Fixtures.welcome(), worker: Fixtures.workerID)
                return nil
            } catch {
                return error.description
            }
        }
        #expect(rejection(nil) == nil)
        #expect(rejection("layer 'a' cannot be read") == "layer 'a' cannot be read")
    }
}

/// An object store in memory.
private final class StoreDouble: ObjectPrefix {
    private let objects: Mutex<[ContentDigest: [UInt8]]>
    private let fetches = Mutex(0)

    init(_ objects: [ContentDigest: [UInt8]]) { self.objects = Mutex(objects) }

    var fetchCount: Int { fetches.withLock { $0 } }

    func content(of digest: ContentDigest) -> [UInt8]? { objects.withLock { $0[digest] } }

    func fetch(_ digest: ContentDigest, to path: String, bytes: Int) -> Bool {
        fetches.withLock { $0 += 1 }
        guard let content = content(of: digest) else { return false }
        return (try? Data(content).write(to: URL(filePath: path))) != nil
    }

    func store(_ path: String, as digest: ContentDigest, bytes: Int) {
        guard let content = try? Data(contentsOf: URL(filePath: path)) else { return }
        objects.withLock { $0[digest] = Array(content) }
    }
}

/// Reads an object and reports it as computed.
private struct Reader: TileComputer {
    let objects: TransportedObjects
    let object: TileObject

    init(_ objects: TransportedObjects, _ object: TileObject) {
        self.objects = objects
        self.object = object
    }

    func compute(
        _ request: TileRequest,
        cancellation: CancellationFlag
    ) throws(TileFailure) -> TileResult {
        do {
            let count = try objects.withFile(
                of: object,
                for: request,
                cancellation: cancellation
            ) { path in try Data(contentsOf: URL(filePath: path)).count }
            guard count == object.bytes else { throw TileFailure(.bug, "\(count) bytes") }
            return TileResult(lease: request.lease, object: object, partial: [], cost: TileCost())
        } catch let failure as TileFailure {
            throw failure
        } catch {
            throw TileFailure(.bug, "\(error)")
        }
    }
}
