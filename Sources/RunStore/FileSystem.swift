package import ContentDigest

/// What a name in a file system stands for.
package struct FileInformation: Hashable, Sendable {
    /// The kinds of files that matter to a run.
    package enum Kind: Hashable, Sendable {
        /// A regular file.
        case file
        /// A directory.
        case directory
        /// A link, device, socket or pipe.
        case other
    }

    /// The kind; links are not followed.
    package let kind: Kind
    /// Size of a regular file, bytes.
    package let bytes: Int
    /// Permission bits, as in `0o600`.
    package let permissions: Int

    /// A description of a file.
    package init(kind: Kind, bytes: Int, permissions: Int) {
        self.kind = kind
        self.bytes = bytes
        self.permissions = permissions
    }
}

/// Where a directory's bytes are kept, as far as the journal cares.
package enum StorageKind: Hashable, Sendable {
    /// A local disk or memory.
    case local
    /// A file system over a network, by its usual name.
    case network(String)
}

/// The few file operations that a run directory needs, as a seam for tests.
///
/// All calls block; callers keep them off the cooperative pool. Paths are absolute or relative to the
/// working directory of the process.
package protocol FileSystem: Sendable {
    /// Describes a file, nil when there is none of that name.
    func information(at path: String) throws(RunStoreError) -> FileInformation?
    /// The whole content of a small file.
    func contents(at path: String) throws(RunStoreError) -> [UInt8]
    /// A part of a file, shorter where the file ends.
    func contents(at path: String, offset: Int, count: Int) throws(RunStoreError) -> [UInt8]
    /// Writes a part of a file, which is made where there is none; not durable until
    /// ``synchronise(_:)``.
    func write(_ bytes: [UInt8], to path: String, offset: Int) throws(RunStoreError)
    /// Makes the content of a file, or the names in a directory, durable.
    func synchronise(_ path: String) throws(RunStoreError)
    /// SHA-256 of a file's content, read in pieces.
    func digest(at path: String) throws(RunStoreError) -> ContentDigest
    /// Replaces a file: a reader sees the old or the new content, also after a power failure.
    func write(
        _ bytes: [UInt8],
        to path: String,
        permissions: Int
    ) throws(RunStoreError)
    /// Makes a directory and the missing ones above it; keeps one that exists.
    func createDirectory(at path: String, permissions: Int) throws(RunStoreError)
    /// The names in a directory in ascending order, without `.` and `..`.
    func names(in path: String) throws(RunStoreError) -> [String]
    /// Removes a regular file; one that is not there is no error.
    func remove(_ path: String) throws(RunStoreError)
    /// Renames a file, replacing what bore the new name.
    func rename(_ path: String, to newPath: String) throws(RunStoreError)
    /// Space that the process may still fill, bytes.
    func availableBytes(at path: String) throws(RunStoreError) -> Int
    /// Where the directory's bytes are kept.
    func storageKind(at path: String) throws(RunStoreError) -> StorageKind
}

extension FileSystem {
    /// Copies a file in pieces; the copy is durable, and appears by rename.
    ///
    /// - Throws: what keeps one from being read or the other from being written.
    func copy(_ source: String, to target: String) throws(RunStoreError) {
        let temporary = "\(target).tmp"
        try remove(temporary)
        var offset = 0
        while case let piece = try contents(at: source, offset: offset, count: 1 << 20),
            !piece.isEmpty
        {
            try write(piece, to: temporary, offset: offset)
            offset += piece.count
        }
        try synchronise(temporary)
        try rename(temporary, to: target)
    }
}
