package import Tiling
package import WireProtocol

/// A run directory that coordinator and workers share.
///
/// Whether they do is probed before the first unit: the worker compares `tiles/.probe` with what the coordinator wrote into
/// it, then writes, synchronises, renames, reads and removes a small file, which is all that results
/// need. Last it looks at the run's inputs: a worker that does not see them would have its tiles given
/// up as unreadable.
package struct SharedStorage: WorkerStorage {
    private let files: any ObjectFileSystem
    private let mountTable: String
    private let inspect: @Sendable (_ specification: [UInt8]) -> String?

    /// Storage on the system's file systems.
    ///
    /// - Parameters:
    ///   - files: where files are.
    ///   - mountTable: the file that lists mounts, in the form of `/proc/self/mountinfo`.
    ///   - inspect: says why units of a specification cannot be computed here; nil when they can.
    package init(
        files: any ObjectFileSystem = PosixObjectFileSystem(),
        mountTable: String = "/proc/self/mountinfo",
        inspect: @escaping @Sendable (_ specification: [UInt8]) -> String? = { _ in nil }
    ) {
        self.files = files
        self.mountTable = mountTable
        self.inspect = inspect
    }

    /// Probes the run directory that the welcome names, and looks at the run's inputs.
    ///
    /// - Throws: ``StorageRejection`` with path, mount and reason.
    package func verify(_ welcome: Welcome, worker: WorkerID) throws(StorageRejection) {
        let directory = welcome.runDirectory
        guard !directory.isEmpty else {
            throw StorageRejection("the run has no shared run directory; workers need one")
        }
        let probe = "\(directory)/tiles/.probe"
        try compare(probe, with: welcome, directory)
        let content = Array("\(worker)\n".utf8)
        let temporary = "\(probe).\(worker).tmp"
        let target = "\(probe).\(worker)"
        do throws(StorageFault) {
            try files.write(content, to: temporary)
            try files.synchroniseFile(temporary)
            try files.rename(temporary, to: target)
            let found = try files.read(target, limit: content.count + 1)
            try files.remove(target)
            guard found == content else {
                throw StorageFault(
                    operation: "read back",
                    path: target,
                    number: StorageFault.inputOutput
                )
            }
        } catch {
            try? files.remove(temporary)
            try? files.remove(target)
            throw StorageRejection(
                "the run directory is not writable here: \(error); \(mount(of: directory))"
            )
        }
        if let reason = inspect(welcome.specification) { throw StorageRejection(reason) }
    }

    /// Removes an object's file.
    package func discard(_ key: TileObjectKey, runDirectory: String) {
        try? files.remove("\(runDirectory)/tiles/\(key)")
    }

    private func compare(
        _ probe: String,
        with welcome: Welcome,
        _ directory: String
    ) throws(StorageRejection) {
        let found: [UInt8]
        do {
            found = try files.read(probe, limit: 4_096)
        } catch {
            throw StorageRejection(
                "the run directory is not visible here: \(error); \(mount(of: directory)); mount"
                    + " the coordinator's storage under the same path, or start the worker with"
                    + " --no-shared-storage"
            )
        }
        let text = String(decoding: found, as: UTF8.self)
        let firstLine = text.prefix { !$0.isNewline }
        guard firstLine == welcome.storageProbe else {
            throw StorageRejection(
                "\(probe) says '\(firstLine.prefix(80))', the coordinator's says"
                    + " '\(welcome.storageProbe)': another directory of that name;"
                    + " \(mount(of: directory))"
            )
        }
    }

    /// Where a path's storage comes from, for the operator.
    private func mount(of path: String) -> String {
        guard let table = try? files.read(mountTable, limit: 1 << 20),
            let mount = MountTable(text: String(decoding: table, as: UTF8.self)).mount(of: path)
        else { return "its mount is unknown" }
        return "it lies on the mount \(mount.point) (\(mount.fileSystem) from \(mount.source))"
    }
}
