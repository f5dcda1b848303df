internal import ContentDigest

/// The checks of single fields.
///
/// Each takes the owner and the name apart, so that the path of a field costs nothing until there is
/// something to complain about.
enum WireField {
    static func complaint(
        _ owner: String,
        _ name: String,
        found: String,
        legal: String
    ) -> WireError {
        WireError(
            .field,
            field: name.isEmpty ? owner : "\(owner).\(name)",
            found: found,
            legal: legal
        )
    }

    /// A count, size or index.
    static func integer(
        _ value: some BinaryInteger,
        in range: ClosedRange<Int>,
        _ owner: String,
        _ name: String
    ) throws(WireError) -> Int {
        guard let number = Int(exactly: value), range.contains(number) else {
            throw complaint(
                owner,
                name,
                found: "\(value)",
                legal: "\(range.lowerBound)…\(range.upperBound)"
            )
        }
        return number
    }

    /// A finite number that is not negative.
    static func number(
        _ value: Double,
        through limit: Double,
        _ owner: String,
        _ name: String
    ) throws(WireError) -> Double {
        guard value.isFinite, value >= 0, value <= limit else {
            throw complaint(owner, name, found: "\(value)", legal: "0…\(limit)")
        }
        return value
    }

    /// The number of elements of a list.
    static func count(
        _ count: Int,
        through limit: Int,
        _ owner: String,
        _ name: String
    ) throws(WireError) {
        guard count <= limit else {
            throw complaint(owner, name, found: "\(count) elements", legal: "at most \(limit)")
        }
    }

    /// A name on one line.
    static func label(
        _ text: String,
        orEmpty: Bool = false,
        _ owner: String,
        _ name: String
    ) throws(WireError) -> String {
        guard text.utf8.count <= WireLimits.labelBytes, orEmpty || !text.isEmpty,
            text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
        else {
            throw complaint(
                owner,
                name,
                found: quoted(text),
                legal: "one line of \(orEmpty ? 0 : 1)…\(WireLimits.labelBytes) bytes"
            )
        }
        return text
    }

    /// A sentence for people.
    static func sentence(
        _ text: String,
        _ owner: String,
        _ name: String
    ) throws(WireError) -> String {
        guard text.utf8.count <= WireLimits.sentenceBytes,
            !text.unicodeScalars.contains(where: WireText.isControl)
        else {
            throw complaint(
                owner,
                name,
                found: quoted(text),
                legal: "at most \(WireLimits.sentenceBytes) bytes without control characters"
            )
        }
        return text
    }

    /// An absolute path, or none.
    static func directory(
        _ text: String,
        _ owner: String,
        _ name: String
    ) throws(WireError) -> String {
        guard text.utf8.count <= WireLimits.pathBytes, text.isEmpty || text.hasPrefix("/"),
            text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
        else {
            throw complaint(
                owner,
                name,
                found: quoted(text),
                legal: "an absolute path of at most \(WireLimits.pathBytes) bytes, or nothing"
            )
        }
        return text
    }

    /// Content that is opaque here.
    static func opaque(
        _ content: [UInt8],
        through limit: Int = WireLimits.opaqueBytes,
        _ owner: String,
        _ name: String
    ) throws(WireError) -> [UInt8] {
        guard content.count <= limit else {
            throw complaint(
                owner,
                name,
                found: "\(content.count) bytes",
                legal: "at most \(limit) bytes"
            )
        }
        return content
    }

    /// A SHA-256 digest.
    static func digest(
        _ bytes: some Collection<UInt8>,
        _ owner: String,
        _ name: String
    ) throws(WireError) -> ContentDigest {
        guard let digest = ContentDigest(bytes: bytes) else {
            throw complaint(owner, name, found: "\(bytes.count) bytes", legal: "32 bytes")
        }
        return digest
    }

    /// The 32 bytes of a digest.
    static func bytes(of digest: ContentDigest) -> [UInt8] {
        digest.bytes
    }

    /// The beginning of a text, fit for a log.
    private static func quoted(_ text: String) -> String {
        let shown = WireText.label(String(text.unicodeScalars.prefix(40)))
        let ellipsis = shown.utf8.count < text.utf8.count ? "…" : ""
        return "'\(shown)\(ellipsis)' (\(text.utf8.count) bytes)"
    }
}
