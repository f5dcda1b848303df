internal import CGDAL

/// Whole files of the library's virtual file systems: an object store (`/vsis3/`, `/vsigs/`, `/vsiaz/`), a
/// server, or a directory.
package enum VirtualFile {
    /// What is read at a time, bytes.
    private static let blockBytes = 1 << 20

    /// Copies a file.
    ///
    /// What the library remembers of the source is dropped first: a file that was missing a moment ago
    /// may be there now. On an object store the target appears whole, when its last byte is sent; in
    /// a directory it grows, and readers have to look at its digest.
    ///
    /// - Parameters:
    ///   - source: the file.
    ///   - target: the copy; replaced if it exists. Directories above it are made.
    ///   - limitBytes: largest file that is copied.
    /// - Throws: ``RasterError`` when the source cannot be read or is larger, or the target cannot be
    ///   written; part of the target may be there.
    package static func copy(
        _ source: String,
        to target: String,
        limitBytes: Int
    ) throws(RasterError) {
        // How long to wait for a server is among the options that are set with the drivers.
        GDALRuntime.register()
        unsafe VSICurlPartialClearCache(source)
        guard let input = unsafe withGDALMessages({ _ in unsafe VSIFOpenL(source, "rb") }) else {
            throw RasterError(.cannotOpen, path: source, detail: "there is no such file")
        }
        defer { unsafe _ = VSIFCloseL(input) }
        if let folder = target.lastIndex(of: "/") {
            withGDALMessages { _ in
                unsafe _ = VSIMkdirRecursive(String(target[..<folder]), 0o755)
            }
        }
        guard let output = unsafe withGDALMessages({ _ in unsafe VSIFOpenL(target, "wb") }) else {
            throw RasterError(.writeFailed, path: target, detail: "it cannot be opened")
        }
        let problem = withGDALMessages { _ in
            unsafe transfer(limitBytes: limitBytes) { buffer in
                unsafe Int(VSIFReadL(buffer.baseAddress, 1, buffer.count, input))
            } write: { buffer in
                unsafe Int(VSIFWriteL(buffer.baseAddress, 1, buffer.count, output))
            }
        }
        // Closing sends what an object store was given: only then is it known to have arrived.
        let isClosed = withGDALMessages { _ in unsafe VSIFCloseL(output) == 0 }
        if let problem { throw RasterError(.writeFailed, path: target, detail: problem) }
        guard isClosed else {
            throw RasterError(.writeFailed, path: target, detail: "it could not be completed")
        }
    }

    /// Copies all blocks; the reason where that fails.
    private static func transfer(
        limitBytes: Int,
        read: (UnsafeMutableRawBufferPointer) -> Int,
        write: (UnsafeRawBufferPointer) -> Int
    ) -> String? {
        var block = [UInt8](repeating: 0, count: blockBytes)
        var copied = 0
        while true {
            let count = unsafe block.withUnsafeMutableBytes { unsafe read($0) }
            guard count > 0 else { return nil }
            copied += count
            guard copied <= limitBytes else { return "the source exceeds \(limitBytes) bytes" }
            let written = unsafe block.withUnsafeBytes { buffer in
                unsafe write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
            guard written == count else { return "\(written) of \(count) bytes could be written" }
        }
    }
}
