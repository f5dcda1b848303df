import ContentDigest
import Execution
import Foundation
import Synchronization
import Testing
import Tiling

/// Files that fail at the nth call, and tell what was called.
final class FailingFileSystem: ObjectFileSystem {
    private let files = PosixObjectFileSystem()
    private let failAt: Int
    private let number: Int32
    private let calls = Mutex<[String]>([])

    init(failAt: Int = .max, number: Int32 = ENOSPC) {
        self.failAt = failAt
        self.number = number
    }

    var names: [String] { calls.withLock { $0 } }

    private func call(_ name: String, _ path: String) throws(StorageFault) {
        let count = calls.withLock { calls in
            calls.append("\(name) \(path.split(separator: "/").last ?? "")")
            return calls.count
        }
        if count == failAt { throw StorageFault(operation: name, path: path, number: number) }
    }

    func makeDirectory(_ path: String) throws(StorageFault) -> Bool {
        try call("make", path)
        return try files.makeDirectory(path)
    }

    func synchroniseFile(_ path: String) throws(StorageFault) {
        try call("synchronise", path)
        try files.synchroniseFile(path)
    }

    func synchroniseDirectory(_ path: String) throws(StorageFault) {
        try call("synchronise", path)
        try files.synchroniseDirectory(path)
    }

    func rename(_ source: String, to target: String) throws(StorageFault) {
        try call("rename", target)
        try files.rename(source, to: target)
    }

    func remove(_ path: String) throws(StorageFault) {
        try files.remove(path)
    }

    func identify(_ path: String) throws(StorageFault) -> FileIdentity {
        try call("identify", path)
        return try files.identify(path)
    }

    func readPiece(
        _ path: String,
        offset: Int,
        count: Int
    ) throws(StorageFault) -> (bytes: [UInt8], fileBytes: Int) {
        try files.readPiece(path, offset: offset, count: count)
    }

    func writePiece(_ content: [UInt8], to path: String, offset: Int) throws(StorageFault) {
        try call("write", path)
        try files.writePiece(content, to: path, offset: offset)
    }

    func read(_ path: String, limit: Int) throws(StorageFault) -> [UInt8] {
        try call("read", path)
        return try files.read(path, limit: limit)
    }

    func write(_ content: [UInt8], to path: String) throws(StorageFault) {
        try call("write", path)
        try files.write(content, to: path)
    }

    func freeBytes(at path: String) -> Int? { 5 << 20 }
}

@Suite struct ObjectWriterTests {
    private let content = Data("a tile".utf8)
    private let lease = Fixtures.lease(3, attempt: 2)
    private let name = "balance/r000c003.a2.0000abcd.tif"

    private func write(_ writer: ObjectWriter) throws -> TileObject {
        try writer.write(lease) { path in
            try content.write(to: URL(filePath: path))
            return ContentDigest(of: "samples")
        }
    }

    @Test func `an object lies under its name with its size and digests`() throws {
        let directory = try TemporaryDirectory.run()
        let writer = ObjectWriter(runDirectory: directory.path, nonce: 0xabcd)
        let object = try write(writer)
        #expect(object.key.path == name)
        #expect(object.bytes == 6)
        #expect(object.fileDigest == ContentDigest(of: "a tile"))
        #expect(object.samplesDigest == ContentDigest(of: "samples"))
        #expect(writer.path(of: object.key) == "\(directory.path)/tiles/\(name)")
        #expect(directory.files(in: "tiles") == [".probe", "balance", name])
        writer.discard(object.key)
        #expect(directory.files(in: "tiles") == [".probe", "balance"])
    }

    @Test func `the content is durable before the name, and the name before the report`() throws {
        let directory = try TemporaryDirectory.run()
        let files = FailingFileSystem()
        let writer = ObjectWriter(runDirectory: directory.path, nonce: 0xabcd, files: files)
        _ = try write(writer)
        #expect(
            files.names == [
                "make balance", "synchronise tiles",
                "synchronise .r000c003.a2.0000abcd.tif.tmp",
                "identify .r000c003.a2.0000abcd.tif.tmp", "rename r000c003.a2.0000abcd.tif",
                "synchronise balance",
            ]
        )
    }

    @Test(arguments: 1...6)
    func `a failure at any step leaves no file and says where and why`(step: Int) throws {
        let directory = try TemporaryDirectory.run()
        let files = FailingFileSystem(failAt: step)
        let writer = ObjectWriter(runDirectory: directory.path, nonce: 0xabcd, files: files)
        let failure = #expect(throws: TileFailure.self) { try write(writer) }
        #expect(failure?.failureClass == .storage)
        #expect(failure?.disposition == .retryElsewhere(isCharged: false))
        let message = try #require(failure?.description)
        #expect(message.hasPrefix("cannot write \(directory.path)/tiles/\(name)"))
        #expect(message.contains("5 MiB free there"))
        #expect(message.contains("No space left on device"))
        #expect(directory.files(in: "tiles/balance").isEmpty)
    }

    @Test func `while it is written, nothing is under the object's name`() throws {
        let directory = try TemporaryDirectory.run()
        let writer = ObjectWriter(runDirectory: directory.path, nonce: 0xabcd)
        _ = try writer.write(lease) { path in
            try content.write(to: URL(filePath: path))
            #expect(
                directory.files(in: "tiles/balance") == [".r000c003.a2.0000abcd.tif.tmp"]
            )
            return ContentDigest(of: "samples")
        }
    }

    @Test func `a failure of the body keeps its class, and its half file goes`() throws {
        let directory = try TemporaryDirectory.run()
        let writer = ObjectWriter(runDirectory: directory.path, nonce: 0xabcd)
        let failure = #expect(throws: TileFailure.self) {
            try writer.write(lease) { path in
                try content.write(to: URL(filePath: path))
                throw TileFailure(.input, "dem.tif is cut off")
            }
        }
        #expect(failure?.failureClass == .input)
        #expect(failure?.disposition == .failTile)
        #expect(directory.files(in: "tiles/balance").isEmpty)
    }

    @Test func `a body that wrote no file is a storage failure`() throws {
        let directory = try TemporaryDirectory.run()
        let writer = ObjectWriter(runDirectory: directory.path, nonce: 0xabcd)
        let failure = #expect(throws: TileFailure.self) {
            try writer.write(lease) { _ in ContentDigest(of: "samples") }
        }
        #expect(failure?.description.contains("No such file or directory") == true)
    }
}
