package import ContentDigest

private import Glibc

/// The operating system's files.
///
/// The one place in this module that calls POSIX file functions; every call retries EINTR and reports
/// errno through ``RunStoreError``.
package struct PosixFileSystem: FileSystem {
    /// The file system of the process.
    package init() {}

    /// Describes a file, nil when there is none of that name.
    package func information(at path: String) throws(RunStoreError) -> FileInformation? {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw Self.failure(path, "cannot be examined")
        }
        let kind: FileInformation.Kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            default: .other
            }
        return FileInformation(
            kind: kind,
            bytes: kind == .file ? Int(status.st_size) : 0,
            permissions: Int(status.st_mode & 0o7777)
        )
    }

    /// The whole content of a file.
    package func contents(at path: String) throws(RunStoreError) -> [UInt8] {
        var bytes: [UInt8] = []
        try readPieces(of: path) { bytes.append(contentsOf: $0) }
        return bytes
    }

    /// SHA-256 of a file's content.
    package func digest(at path: String) throws(RunStoreError) -> ContentDigest {
        var hasher = ContentHasher()
        try readPieces(of: path) { hasher.update(Array($0)) }
        return hasher.finalize()
    }

    /// Replaces a file as a whole.
    package func write(
        _ bytes: [UInt8],
        to path: String,
        permissions: Int
    ) throws(RunStoreError) {
        let temporary = "\(path).tmp"
        let descriptor = try open(
            temporary,
            flags: O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
            permissions: permissions
        )
        do throws(RunStoreError) {
            guard fchmod(descriptor, mode_t(permissions)) == 0 else {
                throw Self.failure(temporary, "cannot get its permissions")
            }
            try writeAll(bytes, to: descriptor, path: temporary)
            guard fsync(descriptor) == 0 else {
                throw Self.failure(temporary, "cannot be made durable")
            }
        } catch {
            close(descriptor)
            _ = unsafe unlink(temporary)
            throw error
        }
        close(descriptor)
        try rename(temporary, to: path)
    }

    /// Makes a directory and the missing ones above it.
    package func createDirectory(at path: String, permissions: Int) throws(RunStoreError) {
        if unsafe mkdir(path, mode_t(permissions)) == 0 { return }
        if errno == ENOENT, let parent = Self.parent(of: path), parent != path {
            try createDirectory(at: parent, permissions: 0o755)
            if unsafe mkdir(path, mode_t(permissions)) == 0 { return }
        }
        // Something of the name may exist, or the place may be read-only: a directory that is there
        // is enough in both cases.
        let reason = errno
        var status = stat()
        if unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { return }
        errno = reason
        throw Self.failure(path, "cannot be created as a directory")
    }

    /// The names in a directory, in ascending order.
    package func names(in path: String) throws(RunStoreError) -> [String] {
        guard let directory = unsafe opendir(path) else {
            throw Self.failure(path, "cannot be listed")
        }
        defer { unsafe _ = closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { buffer in
                unsafe String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Removes a file; one that is not there is no error.
    package func remove(_ path: String) throws(RunStoreError) {
        guard unsafe unlink(path) == 0 || errno == ENOENT else {
            throw Self.failure(path, "cannot be removed")
        }
    }

    /// Renames a file, replacing what bore the new name.
    package func rename(_ path: String, to newPath: String) throws(RunStoreError) {
        let result = unsafe Glibc.rename(path, newPath)
        guard result == 0 else { throw Self.failure(path, "cannot be renamed to \(newPath)") }
        // The new name is durable only when its directory is.
        guard let parent = Self.parent(of: newPath) else { return }
        let descriptor = try open(parent, flags: O_RDONLY | O_CLOEXEC, permissions: 0)
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 || errno == EINVAL else {
            throw Self.failure(parent, "cannot be made durable")
        }
    }

    /// Space that may still be filled, bytes.
    package func availableBytes(at path: String) throws(RunStoreError) -> Int {
        var status = statvfs()
        guard unsafe statvfs(path, &status) == 0 else {
            throw Self.failure(path, "cannot be asked for free space")
        }
        return Int(
            clamping: UInt64(status.f_bavail).multipliedReportingOverflow(
                by: UInt64(status.f_frsize)
            ).partialValue
        )
    }

    /// Where a directory's bytes are kept.
    package func storageKind(at path: String) throws(RunStoreError) -> StorageKind {
        guard let resolved = unsafe realpath(path, nil) else {
            throw Self.failure(path, "cannot be resolved")
        }
        defer { unsafe free(resolved) }
        let real = unsafe String(cString: resolved)
        // Where the kernel has no such table, nothing speaks against the place.
        guard let table = try? contents(at: "/proc/self/mountinfo") else { return .local }
        return MountTable(String(decoding: table, as: UTF8.self)).storageKind(of: real)
    }

    /// The directory that holds a path; nil for the root.
    package static func parent(of path: String) -> String? {
        let trimmed = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        guard let slash = trimmed.lastIndex(of: "/") else { return trimmed.isEmpty ? nil : "." }
        return slash == trimmed.startIndex
            ? (trimmed == "/" ? nil : "/") : String(trimmed[..<slash])
    }

    func open(
        _ path: String,
        flags: Int32,
        permissions: Int
    ) throws(RunStoreError) -> Int32 {
        while true {
            let descriptor = unsafe Glibc.open(path, flags, mode_t(permissions))
            if descriptor >= 0 { return descriptor }
            if errno != EINTR { throw Self.failure(path, "cannot be opened") }
        }
    }

    private func readPieces(
        of path: String,
        _ body: (ArraySlice<UInt8>) -> Void
    ) throws(RunStoreError) {
        let descriptor = try open(path, flags: O_RDONLY | O_CLOEXEC, permissions: 0)
        defer { close(descriptor) }
        var piece = [UInt8](repeating: 0, count: 1 << 17)
        while true {
            let count = unsafe piece.withUnsafeMutableBytes { buffer in
                unsafe read(descriptor, buffer.baseAddress, buffer.count)
            }
            if count == 0 { return }
            if count > 0 {
                body(piece[..<count])
            } else if errno != EINTR {
                throw Self.failure(path, "cannot be read")
            }
        }
    }

    private func writeAll(
        _ bytes: [UInt8],
        to descriptor: Int32,
        path: String
    ) throws(RunStoreError) {
        var offset = 0
        while offset < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(
                    descriptor,
                    buffer.baseAddress?.advanced(by: offset),
                    buffer.count - offset
                )
            }
            if count >= 0 {
                offset += count
            } else if errno != EINTR {
                throw Self.failure(path, "cannot be written")
            }
        }
    }

    static func failure(_ path: String, _ message: String) -> RunStoreError {
        let number = errno
        let code: RunStoreError.Code =
            switch number {
            case ENOSPC, EDQUOT: .full
            case EACCES, EPERM, EROFS: .permission
            default: .inputOutput
            }
        let reason = unsafe strerror(number).map { unsafe String(cString: $0) }
        return RunStoreError(
            code,
            path: path,
            message: message,
            underlying: reason ?? "errno \(number)"
        )
    }
}
