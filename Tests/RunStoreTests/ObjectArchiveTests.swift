import ContentDigest
import RunStore
import Testing
import Tiling

@Suite struct ObjectArchiveTests {
    private static let content = (0..<1_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
    private static let lease = LeaseID(
        unit: WorkUnit(stage: .bandwidth, round: 1, tile: TileID(row: 0, column: 0)),
        attempt: .first
    )
    private static let object = TileObject(
        key: TileObjectKey(lease: lease, nonce: 7),
        bytes: content.count,
        fileDigest: ContentDigest(of: content),
        samplesDigest: ContentDigest(of: "samples")
    )
    private static let path = "/run/tiles/\(object.key)"
    private static let temporary = "/run/tiles/bandwidth.1/.r000c000.a1.00000007.tif.tmp"

    private func archive(
        _ files: MemoryFileSystem,
        inputs: Set<String> = ["inputs/zones"]
    ) throws -> DirectoryObjectArchive {
        let directory = try RunDirectory.prepare(
            at: "/run",
            plan: Fixtures.plan(),
            runID: "run",
            probeToken: "probe",
            files: files
        )
        return DirectoryObjectArchive(directory: directory, inputs: inputs)
    }

    @Test func `an object that comes in pieces of any order appears whole, or not at all`() throws {
        let files = MemoryFileSystem()
        let archive = try archive(files)
        try archive.begin(Self.object.key)
        for offset in [600, 0, 900, 300] {
            let end = min(offset + 300, 1_000)
            try archive.keep(
                Array(Self.content[offset..<end]),
                of: Self.object.key,
                offset: offset
            )
            #expect(!files.paths.contains(Self.path))
        }
        #expect(try archive.finish(Self.object) == nil)
        #expect(try files.contents(at: Self.path) == Self.content)
        #expect(!files.paths.contains(Self.temporary))
        let piece = try archive.piece(of: Self.object.key, offset: 950, count: 300)
        #expect(piece.bytes == Array(Self.content[950...]))
        #expect(piece.fileBytes == 1_000)
    }

    @Test func `an object that is not what was described leaves nothing`() throws {
        let files = MemoryFileSystem()
        let archive = try archive(files)
        for (content, word) in [(Array(Self.content.dropLast()), "bytes"), (Self.wrong, "digest")] {
            try archive.begin(Self.object.key)
            try archive.keep(content, of: Self.object.key, offset: 0)
            #expect(try archive.finish(Self.object)?.contains(word) ?? false)
            #expect(files.paths.allSatisfy { !$0.contains("r000c000") })
        }
    }

    private static let wrong = Array(content.dropLast()) + [0]

    @Test func `what an earlier try left is not taken for a part of this one`() throws {
        let files = MemoryFileSystem()
        let archive = try archive(files)
        try archive.begin(Self.object.key)
        try archive.keep([UInt8](repeating: 9, count: 2_000), of: Self.object.key, offset: 0)
        try archive.begin(Self.object.key)
        try archive.keep(Self.content, of: Self.object.key, offset: 0)
        #expect(try archive.finish(Self.object) == nil)
    }

    @Test func `a full disk is said, and what was given up leaves nothing`() throws {
        let files = MemoryFileSystem()
        let archive = try archive(files)
        try archive.begin(Self.object.key)
        try archive.keep(Array(Self.content.prefix(100)), of: Self.object.key, offset: 0)
        files.limitCapacity(toBytes: 0)
        let error = #expect(throws: RunStoreError.self) {
            try archive.keep(Self.content, of: Self.object.key, offset: 100)
        }
        #expect(error?.code == .full)
        archive.abandon(Self.object.key)
        #expect(files.paths.allSatisfy { !$0.contains("r000c000") })
    }

    @Test func `a file that is gone, or has no such place, is refused`() throws {
        let files = MemoryFileSystem()
        let archive = try archive(files)
        #expect(throws: RunStoreError.self) {
            try archive.piece(of: Self.object.key, offset: 0, count: 10)
        }
        try files.createDirectory(at: "/run/inputs", permissions: 0o755)
        try files.write([1, 2, 3], to: "/run/inputs/zones", permissions: 0o644)
        #expect(try archive.piece(ofInput: "inputs/zones", offset: 1, count: 10).bytes == [2, 3])
        #expect(try archive.piece(ofInput: "inputs/zones", offset: 3, count: 10).bytes == [])
        #expect(throws: RunStoreError.self) {
            try archive.piece(ofInput: "inputs/zones", offset: 4, count: 10)
        }
        #expect(throws: RunStoreError.self) {
            try archive.piece(ofInput: ".run", offset: 0, count: 1)
        }
    }
}
