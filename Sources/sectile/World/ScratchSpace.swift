import Foundation

/// A directory that one worker process has for itself, below one that several may share.
///
/// A lock on a file inside says that its process lives: what dead processes left is removed by the
/// next that comes.
final class ScratchSpace {
    /// Absolute.
    let path: String
    private let descriptor: Int32

    private static let prefix = "sectile-worker-"

    /// Makes the directory, and removes those of processes that are gone.
    ///
    /// - Throws: when it cannot be made; the message names it.
    init(below parent: String, name: String) throws {
        let files = FileManager.default
        let root = URL(fileURLWithPath: parent).standardizedFileURL.path
        try files.createDirectory(atPath: root, withIntermediateDirectories: true)
        for entry in try files.contentsOfDirectory(atPath: root) where entry.hasPrefix(Self.prefix)
        {
            let abandoned = "\(root)/\(entry)"
            guard let lock = Self.lock(abandoned, flags: O_RDWR) else { continue }
            try? files.removeItem(atPath: abandoned)
            close(lock)
        }
        path = "\(root)/\(Self.prefix)\(name)"
        try files.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard let lock = Self.lock(path, flags: O_RDWR | O_CREAT) else {
            throw CocoaError(.fileWriteNoPermission)
        }
        descriptor = lock
    }

    /// Removes the directory and all that is in it.
    func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }

    deinit {
        close(descriptor)
    }

    /// Locks a worker's directory; nil when its process lives, or it has no lock.
    private static func lock(_ directory: String, flags: Int32) -> Int32? {
        let descriptor = unsafe open("\(directory)/.lock", flags | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return nil }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }
}
