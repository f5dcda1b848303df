private import Glibc

/// Room for metadata domains in the header of a COG, filled in after the file is complete.
///
/// Copying into a COG keeps only the default metadata domain (GDAL before 3.8), and changing a
/// finished COG moves its directory to the end, which breaks the layout. So an item of the default
/// domain reserves as many bytes as the other domains need, and these bytes are overwritten in
/// place: every offset in the file stays what it was.
struct ReservedMetadata {
    /// The item that holds the place.
    let placeholder: MetadataItem
    private let replacement: [UInt8]
    private let target: [UInt8]

    /// Room for items of domains other than the default one; nil when there are none.
    init?(_ items: [MetadataItem]) {
        let domainItems = items.filter { !$0.domain.isEmpty }
        guard !domainItems.isEmpty else { return nil }
        let text = domainItems.map(Self.element).joined(separator: "\n  ")
        let opening = "<Item name=\"\(Self.key)\">"
        let closing = "</Item>"
        let frame = opening.utf8.count + closing.utf8.count
        let filler = String(repeating: "x", count: max(1, text.utf8.count - frame))
        placeholder = MetadataItem(key: Self.key, value: filler)
        target = Array((opening + filler + closing).utf8)
        let padding = [UInt8](repeating: 32, count: target.count - text.utf8.count)
        replacement = Array(text.utf8) + padding
    }

    /// Puts the items into a finished file.
    ///
    /// - Throws: ``RasterError/Code/writeFailed`` when the reserved bytes are not found once in the
    ///   file's first 32 MiB, where a COG keeps its directories.
    func fill(_ path: String) throws(RasterError) {
        let descriptor = unsafe open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw RasterError(.writeFailed, path: path, detail: "its metadata cannot be completed")
        }
        defer { close(descriptor) }
        let limit = 32 << 20
        var header = [UInt8](repeating: 0, count: limit)
        let count = unsafe pread(descriptor, &header, limit, 0)
        guard count > 0, let offset = position(in: header[..<count]) else {
            throw RasterError(
                .writeFailed,
                path: path,
                detail: "the room for its metadata was not found"
            )
        }
        let written = unsafe pwrite(descriptor, replacement, replacement.count, offset)
        guard written == replacement.count else {
            throw RasterError(.writeFailed, path: path, detail: "its metadata cannot be completed")
        }
    }

    private func position(in header: ArraySlice<UInt8>) -> Int? {
        var start = header.startIndex
        while let next = header[start...].firstIndex(of: target[0]) {
            if header.endIndex - next < target.count { return nil }
            if header[next..<(next + target.count)].elementsEqual(target) { return next }
            start = next + 1
        }
        return nil
    }

    private static let key = "SECTILE_RESERVED"

    /// An item as the library writes it into the tag GDAL_METADATA: it escapes values twice.
    private static func element(_ item: MetadataItem) -> String {
        let name = XMLText.escaped(item.key)
        let domain = XMLText.escaped(item.domain)
        let value = XMLText.escaped(XMLText.escaped(item.value))
        return "<Item name=\"\(name)\" domain=\"\(domain)\">\(value)</Item>"
    }
}

/// Text made safe for XML.
enum XMLText {
    /// The text with markup characters replaced by entities.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
