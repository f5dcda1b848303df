package import Tiling

/// A file that travels between a coordinator and a worker without shared storage.
///
/// The names are closed: none can be of a place outside the run directory.
package enum TransferFile: Hashable, Sendable, CustomStringConvertible {
    /// A tile object, under its key within `tiles/`.
    case object(TileObjectKey)
    /// An input that the coordinator resolved, such as the zones.
    case input(ResolvedInput)

    package var description: String {
        switch self {
        case .object(let key): key.path
        case .input(let input): input.path
        }
    }
}

/// The name of an input in the run directory, `inputs/` and one name.
package struct ResolvedInput: Hashable, Sendable {
    /// The path within the run directory.
    package let path: String

    /// Parses a path; nil unless it is `inputs/` and a name of letters, digits, `.`, `_` and `-` that
    /// does not begin with a dot.
    package init?(path: String) {
        let name = path.utf8.dropFirst("inputs/".utf8.count)
        guard path.utf8.count <= WireLimits.labelBytes, path.hasPrefix("inputs/"),
            let first = name.first, first != UInt8(ascii: "."),
            name.allSatisfy({ byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    || [45, 46, 95].contains(byte)
            })
        else { return nil }
        self.path = path
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
