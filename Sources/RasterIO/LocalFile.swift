private import Glibc

/// Files that are written whole, made durable, and put in place by rename.
enum LocalFile {
    /// Writes bytes to a new file in one go; an existing one is replaced.
    ///
    /// - Throws: ``RasterError/Code/outOfSpace`` or ``RasterError/Code/writeFailed``; what was
    ///   written is removed.
    static func write(_ bytes: UnsafeRawBufferPointer, to path: String) throws(RasterError) {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure(path) }
        var offset = 0
        while offset < bytes.count {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[offset...])
            let written = unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else {
                let error = failure(path)
                _ = close(descriptor)
                remove(path)
                throw error
            }
            offset += written
        }
        // Some file systems report a full disk only here.
        guard close(descriptor) == 0 else {
            let error = failure(path)
            remove(path)
            throw error
        }
    }

    /// Writes a text to a new file in one go.
    static func write(_ text: String, to path: String) throws(RasterError) {
        let bytes = Array(text.utf8)
        let result = unsafe bytes.withUnsafeBytes { buffer -> Result<Void, RasterError> in
            do throws(RasterError) {
                unsafe try write(buffer, to: path)
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }

    /// Forces a file's bytes to the disk.
    static func synchronise(_ path: String) throws(RasterError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        let status = fsync(descriptor)
        let error = failure(path)
        _ = close(descriptor)
        if status != 0 { throw error }
    }

    /// Makes a finished file appear under its final name, durably.
    ///
    /// The file first, then the name, then the directory: in another order a crash could leave a
    /// name without its bytes.
    static func publish(_ temporary: String, as path: String) throws(RasterError) {
        try synchronise(temporary)
        guard unsafe rename(temporary, path) == 0 else { throw failure(path) }
        try synchronise(directory(of: path))
    }

    /// Removes a file if it is there.
    static func remove(_ path: String) {
        unsafe _ = unlink(path)
    }

    /// The directory part of a path, `.` when it has none.
    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The last part of a path.
    static func name(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    }

    private static func failure(_ path: String) -> RasterError {
        let number = errno
        let text = unsafe String(cString: strerror(number))
        let isFull = number == ENOSPC || number == EDQUOT
        return RasterError(isFull ? .outOfSpace : .writeFailed, path: path, detail: text)
    }
}
