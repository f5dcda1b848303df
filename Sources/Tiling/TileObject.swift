package import ContentDigest

/// The name of a tile file within `tiles/`, bearing stage, tile and attempt.
///
/// `prepare/r000c001.a3.5f0c9a1b.tif`: the last part is a nonce, so that two processes that believe
/// to be the same attempt cannot write the same file. The form is closed: nothing that parses can
/// name a place outside the directory.
package struct TileObjectKey: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// The lease under which the object was written.
    package let lease: LeaseID
    /// The number that tells apart processes that believe to hold the same lease.
    package let nonce: UInt32

    /// The key for a lease's file.
    ///
    /// - Parameters:
    ///   - lease: the unit and attempt that write it.
    ///   - nonce: distinguishes processes; its text is eight hexadecimal digits.
    package init(lease: LeaseID, nonce: UInt32) {
        self.lease = lease
        self.nonce = nonce
    }

    /// The relative path.
    package var path: String { String(decoding: text, as: UTF8.self) }

    private var text: [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(48)
        text += lease.unit.stage.rawValue.utf8
        if lease.unit.round > 0 {
            text.append(0x2E)
            DecimalText.append(lease.unit.round, to: &text)
        }
        text.append(0x2F)
        lease.unit.tile.appendText(to: &text)
        text += ".a".utf8
        DecimalText.append(lease.attempt.number, to: &text)
        text.append(0x2E)
        for shift in stride(from: UInt32(28), through: 0, by: -4) {
            let nibble = UInt8(nonce >> shift & 15)
            text.append(nibble < 10 ? 0x30 + nibble : 0x57 + nibble)
        }
        text += ".tif".utf8
        return text
    }

    /// Parses a relative path; nil unless it has exactly the form that ``path`` has.
    package init?(path: String) {
        let text = Array(path.utf8.prefix(97))
        guard text.count <= 96, let slash = text.firstIndex(of: 0x2F) else { return nil }
        var round = 0
        var stageEnd = slash
        if let dot = text[..<slash].firstIndex(of: 0x2E) {
            var rest = text[(dot + 1)..<slash]
            guard let number = DecimalText.take(from: &rest) else { return nil }
            round = number
            stageEnd = dot
        }
        var rest = text[(slash + 1)...]
        func skip(_ letters: StaticString) -> Bool {
            let count = min(letters.utf8CodeUnitCount, rest.count)
            rest.removeFirst(count)
            return count == letters.utf8CodeUnitCount
        }
        guard let stage = Stage(rawValue: String(decoding: text[..<stageEnd], as: UTF8.self)),
            (0..<WorkUnit.maximumRounds).contains(round),
            skip("r"), let row = DecimalText.take(from: &rest), row <= TileID.maximumIndex,
            skip("c"), let column = DecimalText.take(from: &rest), column <= TileID.maximumIndex,
            skip(".a"), let attempt = DecimalText.take(from: &rest), attempt >= 1,
            skip("."), let nonce = Self.nonce(rest.prefix(8))
        else { return nil }
        let unit = WorkUnit(stage: stage, round: round, tile: TileID(row: row, column: column))
        self.init(lease: LeaseID(unit: unit, attempt: Attempt(attempt)), nonce: nonce)
        // Letters were only passed over, and numbers may have zeros in front: what is not written like
        // this is no key.
        guard self.text == text else { return nil }
    }

    private static func nonce(_ digits: ArraySlice<UInt8>) -> UInt32? {
        var nonce: UInt32 = 0
        for digit in digits {
            switch digit {
            case 0x30...0x39: nonce = nonce << 4 | UInt32(digit - 0x30)
            case 0x61...0x66: nonce = nonce << 4 | UInt32(digit - 0x57)
            default: return nil
            }
        }
        return nonce
    }

    package var description: String { path }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.path < rhs.path }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let key = TileObjectKey(path: text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "'\(text)' is no tile object"
            )
        }
        self = key
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(path)
    }
}

/// A tile file as its writer described it.
package struct TileObject: Hashable, Sendable, Codable {
    /// Where it lies within `tiles/`.
    package let key: TileObjectKey
    /// Size of the file, bytes.
    package let bytes: Int
    /// SHA-256 of the file: finds truncation and rot.
    package let fileDigest: ContentDigest
    /// SHA-256 of the samples in band order: the same for every correct attempt.
    package let samplesDigest: ContentDigest

    /// A description of a written file.
    package init(
        key: TileObjectKey,
        bytes: Int,
        fileDigest: ContentDigest,
        samplesDigest: ContentDigest
    ) {
        self.key = key
        self.bytes = bytes
        self.fileDigest = fileDigest
        self.samplesDigest = samplesDigest
    }
}
