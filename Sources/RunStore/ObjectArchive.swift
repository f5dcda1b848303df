import ContentDigest
package import Tiling

/// Takes in objects that were computed elsewhere, and hands out what is here, piece by piece.
///
/// A seam, because objects may be kept elsewhere; all calls block.
package protocol ObjectArchive: Sendable {
    /// A piece of an object, and the size of the whole.
    func piece(
        of key: TileObjectKey,
        offset: Int,
        count: Int
    ) throws(RunStoreError) -> (bytes: [UInt8], fileBytes: Int)
    /// A piece of an input that was resolved for the run, and the size of the whole.
    func piece(
        ofInput path: String,
        offset: Int,
        count: Int
    ) throws(RunStoreError) -> (bytes: [UInt8], fileBytes: Int)
    /// Makes room for an object: what an earlier try left is removed.
    func begin(_ key: TileObjectKey) throws(RunStoreError)
    /// Keeps a piece of an object that is not there as a whole yet.
    func keep(_ bytes: [UInt8], of key: TileObjectKey, offset: Int) throws(RunStoreError)
    /// Puts an object in place when it is as described: durable, then under its name in one step.
    ///
    /// - Returns: nil when it is in place, else what was found; nothing is left of it then.
    func finish(_ object: TileObject) throws(RunStoreError) -> String?
    /// Removes what was kept of an object that is not there as a whole.
    func abandon(_ key: TileObjectKey)
}

/// The objects of a run directory.
package struct DirectoryObjectArchive: ObjectArchive {
    private let directory: RunDirectory
    private let inputs: Set<String>

    /// An archive in a run directory.
    ///
    /// - Parameters:
    ///   - directory: the run directory.
    ///   - inputs: paths within it of the resolved inputs; no other file is handed out.
    package init(directory: RunDirectory, inputs: Set<String>) {
        self.directory = directory
        self.inputs = inputs
    }

    /// A piece of an object in place.
    package func piece(
        of key: TileObjectKey,
        offset: Int,
        count: Int
    ) throws(RunStoreError) -> (bytes: [UInt8], fileBytes: Int) {
        try piece(at: directory.path(of: key), offset: offset, count: count)
    }

    /// A piece of a resolved input of the run.
    package func piece(
        ofInput path: String,
        offset: Int,
        count: Int
    ) throws(RunStoreError) -> (bytes: [UInt8], fileBytes: Int) {
        guard inputs.contains(path) else {
            throw RunStoreError(.misuse, path: path, message: "is no input of this run")
        }
        return try piece(at: "\(directory.path)/\(path)", offset: offset, count: count)
    }

    /// Makes the round's directory and removes what an earlier try left.
    package func begin(_ key: TileObjectKey) throws(RunStoreError) {
        let parent = Self.parent(of: temporary(key))
        try directory.files.createDirectory(at: parent, permissions: 0o755)
        // A directory that was made now must survive as well.
        try directory.files.synchronise(directory.tilesDirectory)
        try directory.files.remove(temporary(key))
    }

    /// Writes a piece under the object's temporary name.
    package func keep(
        _ bytes: [UInt8],
        of key: TileObjectKey,
        offset: Int
    ) throws(RunStoreError) {
        try directory.files.write(bytes, to: temporary(key), offset: offset)
    }

    /// Compares what was kept with the description, and puts it in place.
    package func finish(_ object: TileObject) throws(RunStoreError) -> String? {
        let path = temporary(object.key)
        do throws(RunStoreError) {
            if let discrepancy = try discrepancy(of: object, at: path) {
                abandon(object.key)
                return discrepancy
            }
            try directory.files.synchronise(path)
            // Renaming makes the directory durable, too.
            try directory.files.rename(path, to: directory.path(of: object.key))
            return nil
        } catch {
            abandon(object.key)
            throw error
        }
    }

    /// Removes the temporary file; what cannot be removed is left to the sweep.
    package func abandon(_ key: TileObjectKey) {
        try? directory.files.remove(temporary(key))
    }

    private func piece(
        at path: String,
        offset: Int,
        count: Int
    ) throws(RunStoreError) -> (bytes: [UInt8], fileBytes: Int) {
        guard let information = try directory.files.information(at: path),
            information.kind == .file
        else { throw RunStoreError(.inputOutput, path: path, message: "is not there any more") }
        let bytes = try directory.files.contents(at: path, offset: offset, count: count)
        guard bytes.count == min(count, max(0, information.bytes - offset)),
            offset <= information.bytes
        else { throw RunStoreError(.inputOutput, path: path, message: "ends at another place") }
        return (bytes, information.bytes)
    }

    private func discrepancy(
        of object: TileObject,
        at path: String
    ) throws(RunStoreError) -> String? {
        let bytes = try directory.files.information(at: path)?.bytes ?? 0
        guard bytes == object.bytes else {
            return "\(object.key) came with \(bytes) bytes instead of \(object.bytes)"
        }
        let digest = try directory.files.digest(at: path)
        guard digest == object.fileDigest else {
            return "\(object.key) came with the digest \(digest.short) instead of "
                + object.fileDigest.short
        }
        return nil
    }

    /// Hidden beside the object's place, in the form that the sweep knows.
    private func temporary(_ key: TileObjectKey) -> String {
        let path = directory.path(of: key)
        let parent = Self.parent(of: path)
        return "\(parent)/.\(path.dropFirst(parent.count + 1)).tmp"
    }

    private static func parent(of path: String) -> String {
        PosixFileSystem.parent(of: path) ?? "."
    }
}
