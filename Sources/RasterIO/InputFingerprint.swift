internal import CGDAL
package import ContentDigest
private import Glibc

/// The identity of an input's content, so that a plan can tell whether its inputs are still the
/// same.
///
/// A dataset is every file that GDAL counts to it: a Shapefile's parts, a raster's sidecars, the
/// sources of a VRT. Files on the disk are hashed whole up to a limit on their sum; what lies
/// beyond it, and what is not on this disk (`/vsi…` paths), is sampled: size, time of last change,
/// and blocks spread over the file. Sampling cannot see every change: a run that must be able to
/// prove its inputs raises the limit.
package struct InputFingerprint: Hashable, Sendable, Codable {
    /// How much of a file went into its digest.
    package enum Method: String, Hashable, Sendable, Codable {
        /// All bytes; the time of last change does not count, so that copies are equal.
        case whole
        /// Size, time of last change, and sampled blocks.
        case sampled
    }

    /// One file of the input.
    package struct File: Hashable, Sendable, Codable {
        /// The file as GDAL names it.
        package let path: String
        /// Size, bytes.
        package let bytes: Int
        /// Time of last change, seconds since 1970; 0 where the file system has none.
        package let modified: Int
        /// How the digest was made.
        package let method: Method
        /// SHA-256 of the content or of the sample.
        package let digest: ContentDigest
    }

    /// The default limit for hashing whole files: 4 GiB in sum, some ten seconds.
    package static let defaultWholeLimitBytes = 4 << 30

    /// The files, by path.
    package let files: [File]

    /// The digest of all files' digests; paths do not count, so that a moved input is the same.
    package var digest: ContentDigest {
        let lines = files.map { "\($0.method.rawValue) \($0.digest)\n" }
        return ContentDigest(of: lines.sorted().joined())
    }

    /// Reads the files of an input and digests them.
    ///
    /// - Parameters:
    ///   - path: a raster, vector or other file; a subdataset's name stands for its file.
    ///   - wholeLimitBytes: sum of the sizes up to which files are hashed whole, smallest first.
    /// - Throws: ``RasterError`` when a file is missing or cannot be read.
    package init(
        path: String,
        wholeLimitBytes: Int = InputFingerprint.defaultWholeLimitBytes
    ) throws(RasterError) {
        var states: [FileState] = []
        for name in Self.fileNames(path) {
            states.append(try FileState(name))
        }
        // Smallest first, so that one huge file does not leave its small companions to sampling.
        var budget = wholeLimitBytes
        var files: [File] = []
        let bySize = states.sorted { ($0.bytes, $0.path) < ($1.bytes, $1.path) }
        for state in bySize {
            let isWhole = !state.path.hasPrefix("/vsi") && state.bytes <= budget
            if isWhole { budget -= state.bytes }
            files.append(try state.digested(isWhole ? .whole : .sampled))
        }
        self.files = files.sorted { $0.path < $1.path }
    }

    /// True when every file still has the size and time of last change that it had.
    ///
    /// Reads no content: cheap enough before each use of an input.
    package func appearsUnchanged() -> Bool {
        files.allSatisfy { file in
            guard let state = try? FileState(file.path) else { return false }
            return state.bytes == file.bytes && state.modified == file.modified
        }
    }

    /// The files of a dataset, or the path itself when it is none.
    private static func fileNames(_ path: String) -> [String] {
        unsafe CPLSetThreadLocalConfigOption("GDAL_PAM_ENABLED", "YES")
        defer { unsafe CPLSetThreadLocalConfigOption("GDAL_PAM_ENABLED", nil) }
        let names = withGDALMessages { _ -> [String] in
            let flags = UInt32(GDAL_OF_RASTER) | UInt32(GDAL_OF_VECTOR) | UInt32(GDAL_OF_READONLY)
            guard let dataset = unsafe GDALOpenEx(path, flags, nil, nil, nil) else { return [] }
            defer { unsafe GDALClose(dataset) }
            let list = unsafe GDALGetFileList(dataset)
            defer { unsafe CSLDestroy(list) }
            return unsafe texts(of: list)
        }
        // A directory (Zarr, file geodatabase) is listed by its files, which no driver tells in full.
        let files = Set(names + [path]).flatMap { name in
            guard let state = try? FileState(name), !state.isFile else { return [name] }
            return filesBelow(name)
        }
        let found = Set(files).filter { (try? FileState($0))?.isFile ?? false }.sorted()
        return found.isEmpty ? [path] : found
    }

    /// The files of a directory and its directories.
    private static func filesBelow(_ directory: String) -> [String] {
        withGDALMessages { _ in
            let list = unsafe VSIReadDirRecursive(directory)
            defer { unsafe CSLDestroy(list) }
            return unsafe texts(of: list).filter { !$0.hasSuffix("/") }.map { "\(directory)/\($0)" }
        }
    }
}

/// A file's size and time, and its digest on request.
private struct FileState {
    let path: String
    let bytes: Int
    let modified: Int
    let isFile: Bool

    init(_ path: String) throws(RasterError) {
        var state = stat()
        let status = withGDALMessages { _ in unsafe sectile_vsi_stat(path, &state) }
        guard status == 0 else {
            throw RasterError(.cannotOpen, path: path, detail: "there is no such file")
        }
        self.path = path
        bytes = Int(state.st_size)
        modified = Int(state.st_mtim.tv_sec)
        isFile = state.st_mode & S_IFMT == S_IFREG
    }

    func digested(_ method: InputFingerprint.Method) throws(RasterError) -> InputFingerprint.File {
        var hasher = ContentHasher()
        switch method {
        case .whole:
            try forEachBlock(of: 4 << 20, at: stride(from: 0, to: bytes, by: 4 << 20)) { block in
                hasher.update(block)
            }
        case .sampled:
            hasher.update(Array("\(bytes) \(modified)\n".utf8))
            try forEachBlock(of: 64 << 10, at: sampleOffsets) { block in
                hasher.update(block)
            }
        }
        return InputFingerprint.File(
            path: path,
            bytes: bytes,
            modified: modified,
            method: method,
            digest: hasher.finalize()
        )
    }

    /// Starts of 64 blocks of 64 KiB, the first and the last included.
    private var sampleOffsets: [Int] {
        let block = 64 << 10
        guard bytes > 64 * block else { return Array(stride(from: 0, to: bytes, by: block)) }
        return (0..<64).map { index in index == 63 ? bytes - block : (bytes - block) / 63 * index }
    }

    private func forEachBlock(
        of size: Int,
        at offsets: some Sequence<Int>,
        _ body: ([UInt8]) -> Void
    ) throws(RasterError) {
        guard let file = unsafe withGDALMessages({ _ in unsafe VSIFOpenL(path, "rb") }) else {
            throw RasterError(.cannotOpen, path: path)
        }
        defer { unsafe _ = VSIFCloseL(file) }
        for offset in offsets {
            let wanted = min(size, bytes - offset)
            let block = withGDALMessages { _ in
                unsafe [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
                    guard unsafe VSIFSeekL(file, vsi_l_offset(offset), 0) == 0 else { return }
                    count = unsafe VSIFReadL(buffer.baseAddress, 1, wanted, file)
                }
            }
            guard block.count == wanted else {
                throw RasterError(
                    .readFailed,
                    path: path,
                    detail: "\(block.count) of \(wanted) bytes at \(offset) could be read"
                )
            }
            body(block)
        }
    }
}
