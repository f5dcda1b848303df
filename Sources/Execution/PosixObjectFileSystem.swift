internal import ContentDigest
internal import Glibc

/// The system's files.
///
/// The one place of this module that calls the system on files; interrupted calls are repeated.
package struct PosixObjectFileSystem: ObjectFileSystem {
    /// The system's files.
    package init() {}

    /// Makes a directory with the permissions that the process's mask leaves.
    ///
    /// - Returns: true when it was missing.
    /// - Throws: ``StorageFault`` naming path and reason.
    package func makeDirectory(_ path: String) throws(StorageFault) -> Bool {
        if unsafe mkdir(path, 0o777) == 0 { return true }
        if errno == EEXIST { return false }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
            throw StorageFault(operation: "make directory", path: path, number: errno)
        }
        _ = try makeDirectory(String(path[..<slash]))
        return try makeDirectory(path)
    }

    /// Calls fsync on a file.
    ///
    /// - Throws: ``StorageFault`` naming path and reason.
    package func synchroniseFile(_ path: String) throws(StorageFault) {
        try synchronise(path, flags: O_RDONLY)
    }

    /// Calls fsync on a directory.
    ///
    /// - Throws: ``StorageFault`` naming path and reason.
    package func synchroniseDirectory(_ path: String) throws(StorageFault) {
        try synchronise(path, flags: O_RDONLY | O_DIRECTORY)
    }

    /// Renames within one file system, in one step.
    ///
    /// - Throws: ``StorageFault`` naming path and reason.
    package func rename(_ source: String, to target: String) throws(StorageFault) {
        guard unsafe Glibc.rename(source, target) == 0 else {
            throw StorageFault(operation: "rename \(source) to", path: target, number: errno)
        }
    }

    /// Unlinks a file; none there is no error.
    ///
    /// - Throws: ``StorageFault`` naming path and reason.
    package func remove(_ path: String) throws(StorageFault) {
        guard unsafe unlink(path) == 0 || errno == ENOENT else {
            throw StorageFault(operation: "remove", path: path, number: errno)
        }
    }

    /// Reads a file once, from beginning to end, and digests it.
    ///
    /// - Returns: size and SHA-256 of what was read.
    /// - Throws: ``StorageFault`` naming path and reason.
    package func identify(_ path: String) throws(StorageFault) -> FileIdentity {
        var hasher = ContentHasher()
        var byteCount = 0
        try unsafe readPieces(of: path) { piece in
            unsafe hasher.update(raw: piece)
            byteCount += piece.count
            return true
        }
        return FileIdentity(bytes: byteCount, digest: hasher.finalize())
    }

    /// Reads a file's beginning.
    ///
    /// - Returns: at most `limit` bytes.
    /// - Throws: ``StorageFault`` naming path and reason.
    package func read(_ path: String, limit: Int) throws(StorageFault) -> [UInt8] {
        var content: [UInt8] = []
        try unsafe readPieces(of: path) { piece in
            unsafe content.append(contentsOf: piece.prefix(limit - content.count))
            return content.count < limit
        }
        return content
    }

    /// Writes a file from its beginning, replacing what was there.
    ///
    /// - Throws: ``StorageFault`` naming path and reason.
    package func write(_ content: [UInt8], to path: String) throws(StorageFault) {
        let descriptor = try open(path, O_WRONLY | O_CREAT | O_TRUNC)
        var position = 0
        while position < content.count {
            let written = unsafe content[position...].withUnsafeBytes { buffer in
                unsafe Glibc.write(descriptor, buffer.baseAddress, buffer.count)
            }
            if written < 0 {
                let number = errno
                if number == EINTR { continue }
                _ = close(descriptor)
                throw StorageFault(operation: "write", path: path, number: number)
            }
            position += written
        }
        guard close(descriptor) == 0 else {
            throw StorageFault(operation: "write", path: path, number: errno)
        }
    }

    /// Space that is left to unprivileged processes, bytes.
    package func freeBytes(at path: String) -> Int? {
        var information = statvfs()
        guard unsafe statvfs(path, &information) == 0 else { return nil }
        let (bytes, overflow) = UInt64(information.f_bavail)
            .multipliedReportingOverflow(by: UInt64(information.f_frsize))
        return overflow ? nil : Int(exactly: bytes)
    }

    private func synchronise(_ path: String, flags: Int32) throws(StorageFault) {
        let descriptor = try open(path, flags)
        defer { _ = close(descriptor) }
        while fsync(descriptor) != 0 {
            guard errno == EINTR else {
                throw StorageFault(operation: "synchronise", path: path, number: errno)
            }
        }
    }

    private func readPieces(
        of path: String,
        _ body: (UnsafeRawBufferPointer) -> Bool
    ) throws(StorageFault) {
        let descriptor = try open(path, O_RDONLY)
        defer { _ = close(descriptor) }
        var piece = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = unsafe piece.withUnsafeMutableBytes { buffer in
                unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            }
            if count == 0 { return }
            if count < 0 {
                let number = errno
                if number == EINTR { continue }
                throw StorageFault(operation: "read", path: path, number: number)
            }
            let isWanted = unsafe piece.withUnsafeBytes { buffer in
                unsafe body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
            guard isWanted else { return }
        }
    }

    func open(_ path: String, _ flags: Int32) throws(StorageFault) -> Int32 {
        while true {
            let descriptor = unsafe Glibc.open(path, flags | O_CLOEXEC, 0o666)
            if descriptor >= 0 { return descriptor }
            guard errno == EINTR else {
                throw StorageFault(operation: "open", path: path, number: errno)
            }
        }
    }
}
