internal import Foundation
internal import Glibc

/// Small files that only their owner may read.
enum PrivateFile {
    /// More than any key, allow-list or join file needs.
    static let maximumByteCount = 1024 * 1024

    private static let ownerReadWrite: mode_t = 0o600

    /// Writes a new file of mode 0600 and makes it durable; refuses to overwrite.
    static func create(path: String, content: [UInt8]) throws(MessagingError) {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, ownerReadWrite)
        guard descriptor >= 0 else {
            if errno == EEXIST {
                throw MessagingError(
                    .fileExists,
                    subject: path,
                    "exists and is not overwritten; choose another path, or remove it first",
                    underlying: SystemFailure(number: EEXIST)
                )
            }
            throw failure(path, "cannot be created")
        }
        defer { _ = close(descriptor) }
        do throws(MessagingError) {
            // A umask cannot add rights, but an inherited default ACL can.
            guard fchmod(descriptor, ownerReadWrite) == 0 else {
                throw failure(path, "cannot be given mode 0600")
            }
            try write(content, to: descriptor, path: path)
        } catch {
            _ = unsafe unlink(path)
            throw error
        }
        try synchroniseDirectory(of: path)
    }

    /// Writes a file of mode 0600 in place of an older one, which readers see whole until then.
    static func replace(path: String, content: [UInt8]) throws(MessagingError) {
        let partial = path + ".partial"
        // Left behind by a process that died while writing.
        _ = unsafe unlink(partial)
        try create(path: partial, content: content)
        guard unsafe rename(partial, path) == 0 else {
            let error = failure(path, "cannot be replaced")
            _ = unsafe unlink(partial)
            throw error
        }
        try synchroniseDirectory(of: path)
    }

    /// Reads a file that neither group nor others may read or write.
    static func read(path: String) throws(MessagingError) -> [UInt8] {
        try read(path: path, forbidden: 0o077, remedy: "600")
    }

    /// Reads a file that others may read, but not write.
    static func readUnlessWritableByOthers(path: String) throws(MessagingError) -> [UInt8] {
        try read(path: path, forbidden: 0o022, remedy: "go-w")
    }

    private static func read(
        path: String,
        forbidden: mode_t,
        remedy: String
    ) throws(MessagingError) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure(path, "cannot be opened") }
        defer { _ = close(descriptor) }
        // The open file is asked, not the path, which may point elsewhere by now.
        var information = stat()
        guard unsafe fstat(descriptor, &information) == 0 else {
            throw failure(path, "cannot be inspected")
        }
        guard information.st_mode & S_IFMT == S_IFREG else {
            throw MessagingError(.fileInvalid, subject: path, "is not a regular file")
        }
        let mode = information.st_mode & 0o777
        guard mode & forbidden == 0 else {
            throw MessagingError(
                .fileExposed,
                subject: path,
                "has mode \(octal(mode)), so other users can \(mode & 0o044 & forbidden != 0 ? "read" : "write")"
                    + " it; legal: \(forbidden == 0o077 ? "0600 or 0400" : "not writable by group or others");"
                    + " type: chmod \(remedy) \(path)"
            )
        }
        return try readAll(descriptor, path: path)
    }

    private static func readAll(
        _ descriptor: Int32,
        path: String
    ) throws(MessagingError) -> [UInt8] {
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 * 1024)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe Glibc.read(descriptor, bytes.baseAddress, bytes.count)
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw failure(path, "cannot be read") }
            if count == 0 { return content }
            content.append(contentsOf: buffer.prefix(count))
            guard content.count <= maximumByteCount else {
                throw MessagingError(
                    .fileInvalid,
                    subject: path,
                    "is larger than \(maximumByteCount) bytes"
                )
            }
        }
    }

    private static func write(
        _ content: [UInt8],
        to descriptor: Int32,
        path: String
    ) throws(MessagingError) {
        var offset = 0
        while offset < content.count {
            let count = unsafe content.withUnsafeBytes { bytes in
                unsafe Glibc.write(
                    descriptor,
                    bytes.baseAddress.map { unsafe $0 + offset },
                    bytes.count - offset
                )
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw failure(path, "cannot be written") }
            offset += count
        }
        guard fsync(descriptor) == 0 else { throw failure(path, "cannot be made durable") }
    }

    /// Makes a file's name durable, not only its content.
    private static func synchroniseDirectory(of path: String) throws(MessagingError) {
        let directory = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let descriptor = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(directory, "cannot be opened") }
        defer { _ = close(descriptor) }
        // Some network file systems refuse to synchronise a directory; they have no more to give.
        guard fsync(descriptor) == 0 || errno == EINVAL else {
            throw failure(directory, "cannot be made durable")
        }
    }

    private static func failure(_ path: String, _ message: String) -> MessagingError {
        let number = errno
        return MessagingError(
            .fileFailed,
            subject: path,
            message,
            underlying: SystemFailure(number: number)
        )
    }

    private static func octal(_ mode: mode_t) -> String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
