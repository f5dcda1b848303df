internal import Glibc

// Parts of files, for objects that travel.

extension PosixObjectFileSystem {
    /// Reads a part of a file.
    ///
    /// - Returns: the part, shorter where the file ends, and the size of the whole.
    /// - Throws: ``StorageFault`` naming path and reason.
    package func readPiece(
        _ path: String,
        offset: Int,
        count: Int
    ) throws(StorageFault) -> (bytes: [UInt8], fileBytes: Int) {
        let descriptor = try open(path, O_RDONLY)
        defer { _ = close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw StorageFault(operation: "examine", path: path, number: errno)
        }
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
                throw StorageFault(operation: "read", path: path, number: errno)
            }
        }
        return (Array(bytes.prefix(length)), Int(status.st_size))
    }

    /// Writes a part of a file, which is made where there is none.
    ///
    /// - Throws: ``StorageFault`` naming path and reason.
    package func writePiece(
        _ content: [UInt8],
        to path: String,
        offset: Int
    ) throws(StorageFault) {
        let descriptor = try open(path, O_WRONLY | O_CREAT)
        var length = 0
        while length < content.count {
            let written = unsafe content.withUnsafeBytes { buffer in
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
                let number = errno
                _ = close(descriptor)
                throw StorageFault(operation: "write", path: path, number: number)
            }
        }
        // Some file systems say only here that there was no room.
        guard close(descriptor) == 0 else {
            throw StorageFault(operation: "write", path: path, number: errno)
        }
    }
}
