package import ContentDigest
package import Tiling

/// Puts tile objects in place: a reader sees a whole file under its name, or none.
///
/// A file is written under a hidden temporary name in its stage's directory, made durable, renamed,
/// and the directory made durable. A worker that dies before the rename leaves only the temporary
/// file, which `sectile clean` removes; after it, a whole object that may be adopted or swept.
package struct ObjectWriter: Sendable {
    private let tilesDirectory: String
    private let nonce: UInt32
    private let files: any ObjectFileSystem

    /// A writer into a run directory.
    ///
    /// - Parameters:
    ///   - runDirectory: absolute; objects go to its `tiles/`.
    ///   - nonce: random for each process, so that two processes never write the same file.
    ///   - files: where files are.
    package init(
        runDirectory: String,
        nonce: UInt32,
        files: any ObjectFileSystem = PosixObjectFileSystem()
    ) {
        tilesDirectory = "\(runDirectory)/tiles"
        self.nonce = nonce
        self.files = files
    }

    /// The absolute path of an object.
    package func path(of key: TileObjectKey) -> String {
        "\(tilesDirectory)/\(key.path)"
    }

    /// Writes the object of a lease.
    ///
    /// Blocks for as long as the storage takes.
    ///
    /// - Parameters:
    ///   - lease: what was computed.
    ///   - body: writes the file at the path it is given, closes it, and returns the digest of the
    ///     samples it wrote. A ``TileFailure`` that it throws passes through; any other error
    ///     becomes one of class `storage`.
    /// - Returns: the object as it lies in place.
    /// - Throws: ``TileFailure`` of class `storage` that names the path and the space left there;
    ///   nothing remains under the object's name, nor under the temporary one.
    package func write(
        _ lease: LeaseID,
        body: (_ temporaryPath: String) throws -> ContentDigest
    ) throws(TileFailure) -> TileObject {
        let key = TileObjectKey(lease: lease, nonce: nonce)
        let target = path(of: key)
        let directory = String(target.prefix(upTo: target.lastIndex(of: "/") ?? target.endIndex))
        let temporary = "\(directory)/.\(target.dropFirst(directory.count + 1)).tmp"
        do {
            try prepare(directory)
            let samplesDigest = try body(temporary)
            try files.synchroniseFile(temporary)
            let identity = try files.identify(temporary)
            try files.rename(temporary, to: target)
            do {
                try files.synchroniseDirectory(directory)
            } catch {
                try? files.remove(target)
                throw error
            }
            return TileObject(
                key: key,
                bytes: identity.bytes,
                fileDigest: identity.digest,
                samplesDigest: samplesDigest
            )
        } catch {
            try? files.remove(temporary)
            if let failure = error as? TileFailure { throw failure }
            throw storageFailure(target, in: directory, error)
        }
    }

    /// Removes an object that nobody wants; a failure leaves it to `sectile clean`.
    package func discard(_ key: TileObjectKey) {
        try? files.remove(path(of: key))
    }

    private func prepare(_ directory: String) throws(StorageFault) {
        if try files.makeDirectory(directory) {
            // The new directory's own name must survive as well.
            try files.synchroniseDirectory(tilesDirectory)
        }
    }

    private func storageFailure(
        _ target: String,
        in directory: String,
        _ error: any Error
    ) -> TileFailure {
        let free = files.freeBytes(at: directory) ?? files.freeBytes(at: tilesDirectory)
        let space = free.map { "\($0 >> 20) MiB free there" } ?? "free space there unknown"
        return TileFailure(.storage, "cannot write \(target) (\(space))", underlying: error)
    }
}
