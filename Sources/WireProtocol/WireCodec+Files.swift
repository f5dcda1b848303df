internal import Foundation
internal import SwiftProtobuf
internal import Tiling

// Files that travel.

extension WireTransferFile {
    init(_ file: TransferFile) {
        switch file {
        case .object(let key): object = key.path
        case .input(let input): self.input = input.path
        }
    }

    func decoded(_ owner: String) throws(WireError) -> TransferFile {
        switch name {
        case .object(let path):
            if let key = TileObjectKey(path: path) { return .object(key) }
        case .input(let path):
            if let input = ResolvedInput(path: path) { return .input(input) }
        case nil: break
        }
        throw WireField.complaint(
            owner,
            "file",
            found: "'\(WireText.label(object + input))'",
            legal: "a path like prepare/r000c001.a3.5f0c9a1b.tif or inputs/zones.bin"
        )
    }
}

extension WireFileRequest {
    init(_ request: FileRequest) {
        file = WireTransferFile(request.file)
        offset = UInt64(clamping: request.offset)
        length = UInt32(clamping: request.length)
    }

    func decoded(_ owner: String) throws(WireError) -> FileRequest {
        FileRequest(
            file: try file.decoded(owner),
            offset: try WireField.integer(offset, in: wireFileOffsets, owner, "offset"),
            length: try WireField.integer(length, in: 1...WireLimits.pieceBytes, owner, "length")
        )
    }
}

extension WireFilePiece {
    init(_ piece: FilePiece) {
        file = WireTransferFile(piece.file)
        offset = UInt64(clamping: piece.offset)
        switch piece.content {
        case .bytes(let bytes, let size):
            content = Data(bytes)
            fileBytes = UInt64(clamping: size)
        case .unavailable(let reason):
            let sentence = WireText.sentence(reason)
            unavailable = sentence.isEmpty ? "no reason given" : sentence
        }
    }

    func decoded(_ owner: String) throws(WireError) -> FilePiece {
        let file = try file.decoded(owner)
        let offset = try WireField.integer(offset, in: wireFileOffsets, owner, "offset")
        guard unavailable.isEmpty else {
            return FilePiece(
                file: file,
                offset: offset,
                content: .unavailable(try WireField.sentence(unavailable, owner, "unavailable"))
            )
        }
        let bytes = try WireField.opaque(
            Array(content),
            through: WireLimits.pieceBytes,
            owner,
            "content"
        )
        let size = try WireField.integer(
            fileBytes,
            in: (offset + bytes.count)...WireLimits.storageBytes,
            owner,
            "file_bytes"
        )
        return FilePiece(file: file, offset: offset, content: .bytes(bytes, fileBytes: size))
    }
}

/// Places within a file; the largest piece after the last one is still within the largest file.
private let wireFileOffsets = 0...(WireLimits.storageBytes - WireLimits.pieceBytes)
