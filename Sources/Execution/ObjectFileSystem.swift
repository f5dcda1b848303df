package import ContentDigest

/// The few things that a worker does to files.
package protocol ObjectFileSystem: Sendable {
    /// Makes a directory, and those above it, where it is missing.
    ///
    /// - Returns: true when it was missing.
    /// - Throws: ``StorageFault`` naming path and reason.
    func makeDirectory(_ path: String) throws(StorageFault) -> Bool

    /// Makes a file's content durable.
    ///
    /// - Throws: ``StorageFault``; also for a write that failed earlier, behind the writer's back.
    func synchroniseFile(_ path: String) throws(StorageFault)

    /// Makes the names in a directory durable.
    ///
    /// - Throws: ``StorageFault`` naming path and reason.
    func synchroniseDirectory(_ path: String) throws(StorageFault)

    /// Gives a file another name in one step, replacing what had it.
    ///
    /// - Throws: ``StorageFault`` naming path and reason.
    func rename(_ source: String, to target: String) throws(StorageFault)

    /// Removes a file; none there is no error.
    ///
    /// - Throws: ``StorageFault`` naming path and reason.
    func remove(_ path: String) throws(StorageFault)

    /// Size and SHA-256 of a file.
    ///
    /// - Returns: the size in bytes and the digest of what was read.
    /// - Throws: ``StorageFault`` naming path and reason.
    func identify(_ path: String) throws(StorageFault) -> FileIdentity

    /// Reads a small file.
    ///
    /// - Returns: the content, cut off after `limit` bytes.
    /// - Throws: ``StorageFault`` naming path and reason.
    func read(_ path: String, limit: Int) throws(StorageFault) -> [UInt8]

    /// Writes a small file, replacing what was there; not durable until synchronised.
    ///
    /// - Throws: ``StorageFault`` naming path and reason.
    func write(_ content: [UInt8], to path: String) throws(StorageFault)

    /// Reads a part of a file.
    ///
    /// - Returns: the part, shorter where the file ends, and the size of the whole.
    /// - Throws: ``StorageFault`` naming path and reason.
    func readPiece(
        _ path: String,
        offset: Int,
        count: Int
    ) throws(StorageFault) -> (bytes: [UInt8], fileBytes: Int)

    /// Writes a part of a file, which is made where there is none; not durable until synchronised.
    ///
    /// - Throws: ``StorageFault`` naming path and reason.
    func writePiece(_ content: [UInt8], to path: String, offset: Int) throws(StorageFault)

    /// Space left for this process where a path lies, bytes; nil when that cannot be told.
    func freeBytes(at path: String) -> Int?
}

/// Size and digest of a file.
package struct FileIdentity: Hashable, Sendable {
    /// Size, bytes.
    package let bytes: Int
    /// SHA-256 of the content.
    package let digest: ContentDigest

    /// What a file was found to be.
    package init(bytes: Int, digest: ContentDigest) {
        self.bytes = bytes
        self.digest = digest
    }
}
