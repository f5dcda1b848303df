/// What text may stand in a message.
///
/// Control characters are kept out: names and sentences end on operators' terminals, where an escape
/// sequence of a peer must not act.
enum WireText {
    /// True for what a sentence may not contain; it may have line feeds and tabs.
    static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .control && scalar != "\n" && scalar != "\t"
    }

    /// A sentence as a receiver accepts it: control characters replaced, the rest cut off.
    ///
    /// Messages of libraries are quoted in failures; none of them may make a failure unreportable.
    static func sentence(_ text: String) -> String {
        fitted(text, bytes: WireLimits.sentenceBytes) { isControl($0) }
    }

    /// A label as a receiver accepts it.
    static func label(_ text: String) -> String {
        fitted(text, bytes: WireLimits.labelBytes) { isControl($0) || $0 == "\n" || $0 == "\t" }
    }

    private static func fitted(
        _ text: String,
        bytes limit: Int,
        isForbidden: (Unicode.Scalar) -> Bool
    ) -> String {
        if text.utf8.count <= limit, !text.unicodeScalars.contains(where: isForbidden) {
            return text
        }
        var fitted = String.UnicodeScalarView()
        var byteCount = 0
        for scalar in text.unicodeScalars {
            let kept = isForbidden(scalar) ? "\u{FFFD}" : scalar
            byteCount += UTF8.width(kept)
            guard byteCount <= limit else { break }
            fitted.append(kept)
        }
        return String(fitted)
    }
}
