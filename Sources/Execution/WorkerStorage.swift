package import Tiling
package import WireProtocol

/// A run's storage as a worker uses it.
package protocol WorkerStorage: Sendable {
    /// Checks the storage that a welcome names; blocks for as long as that takes.
    ///
    /// - Throws: ``StorageRejection`` with one line for the operator.
    func verify(_ welcome: Welcome, worker: WorkerID) throws(StorageRejection)

    /// Removes an object that nobody wants; blocks, and leaves what cannot be removed to a sweep.
    func discard(_ key: TileObjectKey, runDirectory: String)
}

/// Why a worker cannot use a run's storage.
package struct StorageRejection: Error, Hashable, CustomStringConvertible {
    /// One line for the operator: path, mount, what was found, what is needed.
    package let description: String

    /// A reason.
    package init(_ description: String) {
        self.description = description
    }
}
