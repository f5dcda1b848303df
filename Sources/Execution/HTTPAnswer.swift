/// An answer of a metadata service, read from its bytes.
///
/// Only what such services send is understood: one answer, then the end of the connection. Reading is
/// total: whatever the bytes, there is an answer or none.
package struct HTTPAnswer: Hashable, Sendable {
    /// The status, such as 200.
    package let status: Int
    /// The body as text.
    package let body: String

    /// Most bytes that are read of an answer.
    package static let maximumBytes = 64 << 10

    /// An answer.
    package init(status: Int, body: String) {
        self.status = status
        self.body = body
    }

    /// Reads an answer; nil when the bytes are none.
    package init?(bytes: [UInt8]) {
        let separator: [UInt8] = [13, 10, 13, 10]
        guard bytes.starts(with: Array("HTTP/1.".utf8)), bytes.count <= Self.maximumBytes,
            let end = (0..<bytes.count).first(where: { bytes[$0...].starts(with: separator) })
        else { return nil }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
        let words = (lines.first ?? "").split(separator: " ")
        guard words.count >= 2, let status = Int(words[1]), (100...599).contains(status) else {
            return nil
        }
        let isChunked = lines.dropFirst().contains { line in
            let text = line.lowercased()
            return text.hasPrefix("transfer-encoding:") && text.contains("chunked")
        }
        let content = bytes[(end + separator.count)...]
        guard let body = isChunked ? Self.joined(content) : Array(content) else { return nil }
        self.init(status: status, body: String(decoding: body, as: UTF8.self))
    }

    /// Puts chunks together; nil where their lengths are not what follows.
    private static func joined(_ chunks: ArraySlice<UInt8>) -> [UInt8]? {
        var rest = chunks
        var body: [UInt8] = []
        while let lineEnd = rest.firstIndex(of: 13) {
            let digits = String(decoding: rest[..<lineEnd].prefix { $0 != 59 }, as: UTF8.self)
            guard let length = Int(digits, radix: 16), length >= 0 else { return nil }
            if length == 0 { return body }
            let start = lineEnd + 2
            guard length <= maximumBytes, start + length + 2 <= rest.endIndex else { return nil }
            body += rest[start..<start + length]
            rest = rest[(start + length + 2)...]
        }
        return nil
    }
}
