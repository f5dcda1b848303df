package import Tiling

/// A file that travels between a coordinator and a worker without shared storage.
///
/// The names are closed: none can be of a place outside the run directory.
package enum TransferFile: Hashable, Sendable, CustomStringConvertible {
    /// A tile object, under its key within `tiles/`.
    case object(TileObjectKey)
    /// The resolved zones of the run.
    case zones

    package var description: String {
        switch self {
        case .object(let key): key.path
        case .zones: "the resolved zones"
        }
    }
}

/// Asks for a piece of a file; either side may.
package struct FileRequest: Hashable, Sendable {
    /// The file.
    package var file: TransferFile
    /// Where the piece begins, bytes.
    package var offset: Int
    /// Its length, 1 to ``WireLimits/pieceBytes``; it ends earlier where the file does.
    package var length: Int

    /// A request.
    package init(file: TransferFile, offset: Int, length: Int) {
        self.file = file
        self.offset = offset
        self.length = length
    }
}

/// The answer to a request.
package struct FilePiece: Hashable, Sendable {
    /// What a piece brings.
    package enum Content: Hashable, Sendable {
        /// The bytes, and the size of the whole file.
        case bytes([UInt8], fileBytes: Int)
        /// None, for this reason.
        case unavailable(String)
    }

    /// The file.
    package var file: TransferFile
    /// Where the piece begins, bytes.
    package var offset: Int
    /// What it brings.
    package var content: Content

    /// A piece.
    package init(file: TransferFile, offset: Int, content: Content) {
        self.file = file
        self.offset = offset
        self.content = content
    }
}
