/// Texts of a column next to each other, some of them missing.
///
/// A column of a large table would otherwise be one allocation per text. Up to 4 GiB.
package struct PackedTexts: Sendable, Equatable {
    private var bytes: [UInt8] = []
    /// End of each text in `bytes`.
    private var ends: [UInt32] = []
    /// Rows without a text, ascending.
    private var missing: [Int] = []

    /// No texts.
    package init() {}

    /// Number of texts, the missing included.
    package var count: Int { ends.count }

    /// Appends a text; nil is missing.
    package mutating func append(_ text: String?) {
        if let text {
            bytes.append(contentsOf: text.utf8)
        } else {
            missing.append(ends.count)
        }
        precondition(bytes.count <= Int(UInt32.max), "a column of texts has up to 4 GiB")
        ends.append(UInt32(bytes.count))
    }

    /// Calls a body with each text in order.
    package func forEach<Failure: Error>(
        _ body: (String?) throws(Failure) -> Void
    ) throws(Failure) {
        var start = 0
        var next = 0
        for (row, end) in ends.enumerated() {
            if next < missing.count, missing[next] == row {
                next += 1
                try body(nil)
            } else {
                try body(String(decoding: bytes[start..<Int(end)], as: UTF8.self))
            }
            start = Int(end)
        }
    }

    /// All texts.
    package var all: [String?] {
        var texts: [String?] = []
        texts.reserveCapacity(count)
        forEach { texts.append($0) }
        return texts
    }
}
