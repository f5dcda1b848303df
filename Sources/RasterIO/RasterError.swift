package import Lattice

/// What went wrong with a raster, vector or table, told in one sentence.
///
/// The sentence names the file, the rows and columns where they are known, and the library's own
/// words: "cannot read rows 512..<1024, columns 0..<256 of dem.tif: TIFFFillTile: Read error".
package struct RasterError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure.
    package enum Code: String, Hashable, Sendable, Codable, CaseIterable {
        /// The file is missing, unreadable, or of no known format.
        case cannotOpen
        /// The band number does not exist.
        case noSuchBand
        /// The layer does not exist, or one must be chosen.
        case noSuchLayer
        /// The field or column does not exist.
        case noSuchField
        /// The library could not read samples or features.
        case readFailed
        /// The file ends before its data do.
        case truncated
        /// The file is not the one that was planned with.
        case changed
        /// The samples, values or geometries are of a kind that cannot be used.
        case wrongType
        /// There is no coordinate reference system.
        case noReference
        /// A text is no coordinate reference system, or one that may not be used here.
        case badReference
        /// There is no affine position, or it cannot be inverted.
        case invalidGeometry
        /// The window reaches outside the raster.
        case windowOutside
        /// A value is missing, repeated or malformed.
        case invalidValue
        /// The file could not be written.
        case writeFailed
        /// The disk is full.
        case outOfSpace
        /// Coordinates could not be transformed.
        case transformFailed
        /// The library lacks a driver, or is too old.
        case noDriver
    }

    /// The kind of failure.
    package let code: Code
    /// The file, empty when there is none.
    package let path: String
    /// The cells concerned, where known.
    package let window: CellWindow?
    /// What was found and what is legal; ends without a full stop.
    package let detail: String
    /// The library's messages, first to last.
    package let underlying: [String]

    /// An error with its nouns.
    package init(
        _ code: Code,
        path: String = "",
        window: CellWindow? = nil,
        detail: String = "",
        underlying: [String] = []
    ) {
        self.code = code
        self.path = path
        self.window = window
        self.detail = detail
        self.underlying = underlying
    }

    /// One sentence: what was tried, on which file and cells, and why it failed.
    package var description: String {
        let file = path.isEmpty ? "" : " \(path)"
        let cells = window.map { window in
            " rows \(window.rows), columns \(window.columns) of"
        }
        let opening =
            switch code {
            case .cannotOpen: "cannot open\(file)"
            case .readFailed: "cannot read\(cells ?? "")\(file)"
            case .truncated: "cannot read\(cells ?? "")\(file), which is truncated or damaged"
            case .changed: "cannot use\(file)"
            case .writeFailed: "cannot write\(cells ?? "")\(file)"
            case .outOfSpace: "no space left on the disk for\(file)"
            case .windowOutside: "the window\(cells ?? "")\(file) reaches outside the raster"
            case .noSuchBand, .noSuchLayer, .noSuchField, .wrongType, .noReference, .badReference,
                .invalidGeometry, .invalidValue, .transformFailed, .noDriver:
                path
            }
        let cause = underlying.isEmpty ? "" : underlying.joined(separator: "; ")
        let reason = [detail, cause].filter { !$0.isEmpty }.joined(separator: ": ")
        return [opening, reason].filter { !$0.isEmpty }.joined(separator: ": ")
    }
}
