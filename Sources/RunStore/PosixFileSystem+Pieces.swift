private import Glibc

// Parts of files, for objects that travel.

extension PosixFileSystem {
    /// A part of a file, shorter where the file ends.
    package func contents(
        at path: String,
        offset: Int,
        count: Int
    ) throws(RunStoreError) -> [UInt8] {
        let descriptor = try open(path, flags: O_RDONLY | O_CLOEXEC, permissions: 0)
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: count)
        var length = 0
        while length < count {
            let read = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe pread(
                    descriptor,
                    buffer.baseAddress?.advanced(by: length),
                    count - length,
                    offset + length
                )
            }
            if read == 0 { break }
            if read > 0 {
                length += read
            } else if errno != EINTR {
                throw Self.failure(path, "cannot be read")
            }
        }
        return Array(bytes.prefix(length))
    }

    /// Writes a part of a file, which is made where there is none.
    package func write(
        _ bytes: [UInt8],
        to path: String,
        offset: Int
    ) throws(RunStoreError) {
        let descriptor = try open(path, flags: O_WRONLY | O_CREAT | O_CLOEXEC, permissions: 0o666)
        var length = 0
        while length < bytes.count {
            let written = unsafe bytes.withUnsafeBytes { buffer in
                unsafe pwrite(
                    descriptor,
                    buffer.baseAddress?.advanced(by: length),
                    buffer.count - length,
                    offset + length
                )
            }
            if written >= 0 {
                length += written
            } else if errno != EINTR {
                let error = Self.failure(path, "cannot be written")
                close(descriptor)
                throw error
            }
        }
        // Some file systems say only here that there was no room.
        guard close(descriptor) == 0 else { throw Self.failure(path, "cannot be written") }
    }

    /// Makes the content of a file, or the names in a directory, durable.
    package func synchronise(_ path: String) throws(RunStoreError) {
        let descriptor = try open(path, flags: O_RDONLY | O_CLOEXEC, permissions: 0)
        defer { close(descriptor) }
        while fsync(descriptor) != 0 {
            if errno == EINVAL { return }
            if errno != EINTR { throw Self.failure(path, "cannot be made durable") }
        }
    }
}
