package import ContentDigest
private import Synchronization

/// A file system in memory, the twin of ``PosixFileSystem`` for tests.
///
/// It can be filled up, made read-only or made a network file system, and files can be damaged.
package final class MemoryFileSystem: FileSystem {
    private struct Contents {
        var files: [String: (bytes: [UInt8], permissions: Int)] = [:]
        var directories: [String: Int] = ["/": 0o755]
        var capacityBytes = Int.max
        var storage = StorageKind.local
        var failingPaths: Set<String> = []
    }

    private let contents = Mutex(Contents())

    /// An empty file system with the directory `/`.
    package init() {}

    /// Sets what all files together may hold, bytes; what is there stays.
    package func limitCapacity(toBytes bytes: Int) {
        contents.withLock { $0.capacityBytes = bytes }
    }

    /// Sets what ``storageKind(at:)`` answers.
    package func pretend(_ storage: StorageKind) {
        contents.withLock { $0.storage = storage }
    }

    /// Makes every operation on the path fail with an input/output error, or no longer.
    package func setFailing(_ isFailing: Bool, at path: String) {
        contents.withLock {
            if isFailing { $0.failingPaths.insert(path) } else { $0.failingPaths.remove(path) }
        }
    }

    /// The paths of all files in ascending order.
    package var paths: [String] { contents.withLock { $0.files.keys.sorted() } }

    /// Describes a file, nil when there is none of that name.
    package func information(at path: String) throws(RunStoreError) -> FileInformation? {
        try checkDisk(path)
        return contents.withLock { contents in
            if let file = contents.files[path] {
                return FileInformation(
                    kind: .file,
                    bytes: file.bytes.count,
                    permissions: file.permissions
                )
            }
            return contents.directories[path].map {
                FileInformation(kind: .directory, bytes: 0, permissions: $0)
            }
        }
    }

    /// The whole content of a file.
    package func contents(at path: String) throws(RunStoreError) -> [UInt8] {
        try checkDisk(path)
        guard let bytes = contents.withLock({ $0.files[path]?.bytes }) else {
            throw RunStoreError(.inputOutput, path: path, message: "cannot be opened")
        }
        return bytes
    }

    /// SHA-256 of a file's content.
    package func digest(at path: String) throws(RunStoreError) -> ContentDigest {
        ContentDigest(of: try contents(at: path))
    }

    /// Replaces a file as a whole.
    package func write(
        _ bytes: [UInt8],
        to path: String,
        permissions: Int
    ) throws(RunStoreError) {
        try checkDisk(path)
        let parent = PosixFileSystem.parent(of: path) ?? "/"
        let outcome = contents.withLock { contents -> RunStoreError.Code? in
            guard contents.directories[parent] != nil else { return .inputOutput }
            let used = contents.files.values.reduce(0) { $0 + $1.bytes.count }
            guard used + bytes.count <= contents.capacityBytes else { return .full }
            contents.files[path] = (bytes, permissions)
            return nil
        }
        if let outcome { throw RunStoreError(outcome, path: path, message: "cannot be written") }
    }

    /// A part of a file, shorter where the file ends.
    package func contents(
        at path: String,
        offset: Int,
        count: Int
    ) throws(RunStoreError) -> [UInt8] {
        Array(try contents(at: path).dropFirst(offset).prefix(count))
    }

    /// Writes a part of a file, which is made where there is none.
    package func write(
        _ bytes: [UInt8],
        to path: String,
        offset: Int
    ) throws(RunStoreError) {
        var whole = contents.withLock { $0.files[path]?.bytes } ?? []
        whole += [UInt8](repeating: 0, count: max(0, offset + bytes.count - whole.count))
        whole.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        let permissions = contents.withLock { $0.files.removeValue(forKey: path)?.permissions }
        try write(whole, to: path, permissions: permissions ?? 0o666)
    }

    /// Nothing: what is in memory is as durable as it gets.
    package func synchronise(_ path: String) throws(RunStoreError) {
        try checkDisk(path)
    }

    /// Makes a directory and the missing ones above it.
    package func createDirectory(at path: String, permissions: Int) throws(RunStoreError) {
        try checkDisk(path)
        if let parent = PosixFileSystem.parent(of: path), parent != "." {
            try createDirectory(at: parent, permissions: 0o755)
        }
        contents.withLock { contents in
            if contents.directories[path] == nil { contents.directories[path] = permissions }
        }
    }

    /// The names in a directory, in ascending order.
    package func names(in path: String) throws(RunStoreError) -> [String] {
        try checkDisk(path)
        let prefix = path == "/" ? "/" : path + "/"
        return contents.withLock { contents in
            let all = Array(contents.files.keys) + Array(contents.directories.keys)
            return all.filter { $0.hasPrefix(prefix) && $0.count > prefix.count }
                .map { String($0.dropFirst(prefix.count)) }
                .filter { !$0.contains("/") }
                .sorted()
        }
    }

    /// Removes a file; one that is not there is no error.
    package func remove(_ path: String) throws(RunStoreError) {
        try checkDisk(path)
        contents.withLock { _ = $0.files.removeValue(forKey: path) }
    }

    /// Renames a file, replacing what bore the new name.
    package func rename(_ path: String, to newPath: String) throws(RunStoreError) {
        try checkDisk(path)
        let isDone = contents.withLock { contents in
            guard let file = contents.files.removeValue(forKey: path) else { return false }
            contents.files[newPath] = file
            return true
        }
        guard isDone else {
            throw RunStoreError(.inputOutput, path: path, message: "cannot be renamed")
        }
    }

    /// Space that may still be filled, bytes.
    package func availableBytes(at path: String) throws(RunStoreError) -> Int {
        try checkDisk(path)
        return contents.withLock { contents in
            contents.capacityBytes - contents.files.values.reduce(0) { $0 + $1.bytes.count }
        }
    }

    /// Where a directory's bytes are kept.
    package func storageKind(at path: String) throws(RunStoreError) -> StorageKind {
        contents.withLock { $0.storage }
    }

    private func checkDisk(_ path: String) throws(RunStoreError) {
        if contents.withLock({ $0.failingPaths.contains(path) }) {
            throw RunStoreError(.inputOutput, path: path, message: "the disk failed")
        }
    }
}
