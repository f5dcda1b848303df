package import Tiling
package import WireProtocol

/// The storage of a worker that does not see the run directory: a directory of its own.
///
/// What is in it belongs to one run and one process: nothing is taken over from an earlier one.
package struct TransportedStorage: WorkerStorage {
    private let objects: TransportedObjects
    private let inspect: @Sendable (_ specification: [UInt8]) -> String?

    /// The storage under some objects.
    ///
    /// - Parameters:
    ///   - objects: what travels.
    ///   - inspect: says why units of a specification cannot be computed here; nil when they can.
    package init(
        objects: TransportedObjects,
        inspect: @escaping @Sendable (_ specification: [UInt8]) -> String?
    ) {
        self.objects = objects
        self.inspect = inspect
    }

    /// Makes the directories, writes and reads a small file, and looks at the run's inputs.
    ///
    /// A worker that does not see an input would have its tiles given up as unreadable: it leaves.
    ///
    /// - Throws: ``StorageRejection`` with path and reason.
    package func verify(_ welcome: Welcome, worker: WorkerID) throws(StorageRejection) {
        objects.forgetFiles()
        let files = objects.files
        let content = Array("\(worker)\n".utf8)
        let probe = "\(objects.directory)/tiles/.probe"
        do throws(StorageFault) {
            for name in ["tiles", "cache"] {
                _ = try files.makeDirectory("\(objects.directory)/\(name)")
            }
            try files.write(content, to: probe)
            try files.synchroniseFile(probe)
            guard try files.read(probe, limit: content.count + 1) == content else {
                throw StorageFault(
                    operation: "read back",
                    path: probe,
                    number: StorageFault.inputOutput
                )
            }
        } catch {
            throw StorageRejection("the scratch directory cannot be used: \(error)")
        }
        if let reason = inspect(welcome.specification) { throw StorageRejection(reason) }
    }

    /// Removes an object's file.
    package func discard(_ key: TileObjectKey, runDirectory: String) {
        try? objects.files.remove(objects.path(of: key))
    }
}
