private import Glibc

/// The right to coordinate a run, held until the value goes away or the process ends.
///
/// `flock` on a file that is never removed: the kernel frees it whatever way the process dies, so no
/// stale lock can keep a run from being resumed. The file's text says who holds it.
package struct CoordinationLock: ~Copyable {
    private let descriptor: Int32

    /// Takes the lock.
    ///
    /// - Parameters:
    ///   - path: the lock file; created when missing.
    ///   - holder: who takes it, for the message that a second coordinator gets: process and host.
    /// - Throws: `.locked`, naming the holder, when another process has it.
    package init(path: String, holder: String) throws(RunStoreError) {
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, mode_t(0o644))
        guard descriptor >= 0 else {
            throw PosixFileSystem.failure(path, "cannot be opened as a lock")
        }
        guard Self.isTaken(descriptor) else {
            let isHeld = errno == EWOULDBLOCK
            let failure = PosixFileSystem.failure(path, "cannot be locked")
            let other = Self.text(of: descriptor)
            close(descriptor)
            guard isHeld else { throw failure }
            throw RunStoreError(
                .locked,
                path: path,
                message: "the run is coordinated by \(other.isEmpty ? "another process" : other); "
                    + "stop that one first, or look at it with `status`"
            )
        }
        let text = Array("\(holder)\n".utf8)
        // The text is for people; the lock holds without it, also on a full disk.
        if ftruncate(descriptor, 0) == 0 {
            unsafe text.withUnsafeBytes { buffer in
                unsafe _ = pwrite(descriptor, buffer.baseAddress, buffer.count, 0)
            }
        }
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// True when some process holds the lock; a missing file is held by nobody.
    package static func isHeld(path: String) -> Bool {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }

    /// When the lock was last taken, seconds since 1970; nil when there is no such file.
    ///
    /// Whoever takes it writes its name into the file, and nobody else does.
    package static func takenSeconds(path: String) -> Double? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) * 1e-9
    }

    /// Takes the lock, also from under someone who only looks whether it is held.
    private static func isTaken(_ descriptor: Int32) -> Bool {
        for _ in 0..<5 {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
            guard errno == EWOULDBLOCK else { return false }
            usleep(20_000)
        }
        return flock(descriptor, LOCK_EX | LOCK_NB) == 0
    }

    private static func text(of descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = unsafe bytes.withUnsafeMutableBytes { buffer in
            unsafe pread(descriptor, buffer.baseAddress, buffer.count, 0)
        }
        let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        return String(text.prefix { $0 != "\n" })
    }
}
