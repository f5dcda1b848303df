/// The place of a tile in its layout, and its text form r012c034.
package struct TileID: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// Row of tiles from the north.
    package let row: Int
    /// Column of tiles from the west.
    package let column: Int

    /// The largest row or column that the text form and the protocol carry.
    package static let maximumIndex = 99_999

    /// A tile by its place; both indices in 0…``maximumIndex``.
    package init(row: Int, column: Int) {
        precondition(
            (0...Self.maximumIndex).contains(row) && (0...Self.maximumIndex).contains(column),
            "tile index out of range"
        )
        self.row = row
        self.column = column
    }

    /// Parses the text form (three to five digits each); nil when it is not one.
    package init?(_ text: String) {
        guard text.first == "r", text.utf8.count <= 12 else { return nil }
        let parts = text.dropFirst().split(separator: "c", omittingEmptySubsequences: false)
        guard parts.count == 2,
            parts.allSatisfy({ part in
                (3...5).contains(part.utf8.count)
                    && part.utf8.allSatisfy { (48...57).contains($0) }
            }),
            let row = Int(parts[0]), let column = Int(parts[1])
        else { return nil }
        self.init(row: row, column: column)
    }

    package var description: String {
        var text: [UInt8] = []
        appendText(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends the text form.
    func appendText(to text: inout [UInt8]) {
        text.append(0x72)
        DecimalText.append(row, digits: 3, to: &text)
        text.append(0x63)
        DecimalText.append(column, digits: 3, to: &text)
    }

    package static func < (lhs: Self, rhs: Self) -> Bool {
        (lhs.row, lhs.column) < (rhs.row, rhs.column)
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let tile = TileID(text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "'\(text)' is no tile; a tile reads like r012c034"
            )
        }
        self = tile
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
