package import ContentDigest

/// The name of a tile file within `tiles/`, bearing stage, tile and attempt.
///
/// `prepare/r000c001.a3.5f0c9a1b.tif`: the last part is a nonce, so that two processes that believe
/// to be the same attempt cannot write the same file. The form is closed: nothing that parses can
/// name a place outside the directory.
package struct TileObjectKey: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// The relative path.
    package let path: String

    /// The key for a lease's file.
    ///
    /// - Parameters:
    ///   - lease: the unit and attempt that write it.
    ///   - nonce: distinguishes processes; its text is eight hexadecimal digits.
    package init(lease: LeaseID, nonce: UInt32) {
        let digits = String(nonce, radix: 16)
        let padded = String(repeating: "0", count: 8 - digits.count) + digits
        let stage = lease.unit.stage.rawValue
        let round = lease.unit.round == 0 ? "" : ".\(lease.unit.round)"
        path = "\(stage)\(round)/\(lease.unit.tile).a\(lease.attempt).\(padded).tif"
    }

    /// Parses a relative path; nil unless it has exactly the form that ``init(lease:nonce:)`` makes.
    package init?(path: String) {
        guard path.utf8.count <= 96 else { return nil }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        let stageParts = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        let fields = parts[1].split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(stageParts.count), fields.count == 4, fields[3] == "tif",
            let stage = Stage(rawValue: String(stageParts[0])),
            let tile = TileID(String(fields[0])),
            fields[1].first == "a", let attempt = Int(fields[1].dropFirst()), attempt >= 1,
            fields[2].utf8.count == 8, let nonce = UInt32(fields[2], radix: 16)
        else { return nil }
        var round = 0
        if stageParts.count == 2 {
            guard let number = Int(stageParts[1]), (1..<WorkUnit.maximumRounds).contains(number)
            else { return nil }
            round = number
        }
        let unit = WorkUnit(stage: stage, round: round, tile: tile)
        let key = TileObjectKey(
            lease: LeaseID(unit: unit, attempt: Attempt(attempt)),
            nonce: nonce
        )
        guard key.path == path else { return nil }
        self = key
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
