import Foundation

/// One process at a time, by the kernel's lock on a file beside what is changed.
enum FileLock {
    /// Does work while no other process does the like on the same file; waits for its turn.
    ///
    /// - Parameters:
    ///   - path: the file that is changed; the lock is beside it and stays there.
    ///   - body: the work.
    /// - Returns: what the work returns.
    /// - Throws: `CommandError` with exit code 2 when there can be no lock, and what the work throws.
    static func holding<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
        let lock = "\(path).lock"
        let descriptor = unsafe open(lock, O_RDWR | O_CREAT | O_CLOEXEC, mode_t(0o600))
        guard descriptor >= 0 else {
            throw CommandError.usage(
                "\(lock) cannot be opened: \(unsafe String(cString: strerror(errno)))"
            )
        }
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else {
                throw CommandError.usage(
                    "\(lock) cannot be locked: \(unsafe String(cString: strerror(errno)))"
                )
            }
        }
        return try body()
    }
}
