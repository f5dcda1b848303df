package import ContentDigest

/// Committed objects of a round of a stage, in tile order, 88 bytes each.
///
/// The packed form is what travels and what is kept: an array of records of ``recordBytes``, each with
/// the tile's row and column, attempt, nonce, size (big-endian) and the two digests. Looking a tile up
/// is a binary search.
package struct ObjectList: Hashable, Sendable {
    /// The stage that the objects are of.
    package let stage: Stage
    /// Its round.
    package let round: Int
    /// The records, in strictly ascending order of their tiles.
    package private(set) var packed: [UInt8]

    /// Size of a record, bytes.
    package static let recordBytes = 24 + 2 * PackedDigest.byteCount

    /// What a record says.
    package struct Record: Hashable, Sendable {
        /// The tile.
        package var tile: TileID
        /// The attempt that wrote the object.
        package var attempt: Attempt
        /// The number that its process put into its name.
        package var nonce: UInt32
        /// Size of the file, bytes.
        package var bytes: Int
        /// SHA-256 of the file.
        package var fileDigest: PackedDigest
        /// SHA-256 of the samples.
        package var samplesDigest: PackedDigest

        /// A record of an object.
        package init(
            tile: TileID,
            attempt: Attempt,
            nonce: UInt32,
            bytes: Int,
            fileDigest: PackedDigest,
            samplesDigest: PackedDigest
        ) {
            self.tile = tile
            self.attempt = attempt
            self.nonce = nonce
            self.bytes = bytes
            self.fileDigest = fileDigest
            self.samplesDigest = samplesDigest
        }
    }

    /// A list without objects.
    package init(stage: Stage, round: Int) {
        self.stage = stage
        self.round = round
        packed = []
    }

    /// Takes up records in packed form; nil unless every field is legal and the tiles ascend.
    package init?(stage: Stage, round: Int, packed: [UInt8]) {
        guard (0..<WorkUnit.maximumRounds).contains(round),
            packed.count.isMultiple(of: Self.recordBytes)
        else { return nil }
        self.stage = stage
        self.round = round
        self.packed = packed
        var last: TileID?
        for index in 0..<count {
            guard let record = checkedRecord(at: index), last.map({ $0 < record.tile }) ?? true
            else { return nil }
            last = record.tile
        }
    }

    /// Number of objects.
    package var count: Int { packed.count / Self.recordBytes }

    /// Appends the record of a tile that comes after all others.
    package mutating func append(_ record: Record) {
        precondition(lastTile.map { $0 < record.tile } ?? true, "the tiles of a list ascend")
        precondition(record.bytes >= 0, "a file has no negative size")
        append(UInt32(record.tile.row))
        append(UInt32(record.tile.column))
        append(UInt32(clamping: record.attempt.number))
        append(record.nonce)
        append(UInt32(truncatingIfNeeded: record.bytes >> 32))
        append(UInt32(truncatingIfNeeded: record.bytes))
        packed += record.fileDigest.bytes
        packed += record.samplesDigest.bytes
    }

    /// Appends what follows of the same round; false, and nothing is changed, where it does not follow.
    package mutating func append(_ following: ObjectList) -> Bool {
        guard following.stage == stage, following.round == round else { return false }
        guard let first = following.firstTile else { return true }
        guard lastTile.map({ $0 < first }) ?? true else { return false }
        packed += following.packed
        return true
    }

    /// The objects at some indices, as a list.
    package func part(_ indices: Range<Int>) -> ObjectList {
        var part = ObjectList(stage: stage, round: round)
        let bytes = indices.lowerBound * Self.recordBytes..<indices.upperBound * Self.recordBytes
        part.packed = Array(packed[bytes])
        return part
    }

    /// The tile at an index.
    package func tile(at index: Int) -> TileID {
        TileID(row: Int(word(at: index, 0)), column: Int(word(at: index, 4)))
    }

    /// The object at an index.
    package func object(at index: Int) -> TileObject {
        guard let record = checkedRecord(at: index) else {
            preconditionFailure("an illegal record at \(index)")
        }
        let unit = WorkUnit(stage: stage, round: round, tile: record.tile)
        return TileObject(
            key: TileObjectKey(
                lease: LeaseID(unit: unit, attempt: record.attempt),
                nonce: record.nonce
            ),
            bytes: record.bytes,
            fileDigest: record.fileDigest.digest,
            samplesDigest: record.samplesDigest.digest
        )
    }

    /// The object of a tile; nil when the list has none.
    package func object(of tile: TileID) -> TileObject? {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self.tile(at: middle) < tile { low = middle + 1 } else { high = middle }
        }
        return low < count && self.tile(at: low) == tile ? object(at: low) : nil
    }

    private var firstTile: TileID? { count > 0 ? tile(at: 0) : nil }
    private var lastTile: TileID? { count > 0 ? tile(at: count - 1) : nil }

    private mutating func append(_ word: UInt32) {
        for shift in [24, 16, 8, 0] as [UInt32] {
            packed.append(UInt8(truncatingIfNeeded: word >> shift))
        }
    }

    private func word(at index: Int, _ offset: Int) -> UInt32 {
        let start = index * Self.recordBytes + offset
        return packed[start..<start + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// The record at an index; nil where a field is not legal.
    private func checkedRecord(at index: Int) -> Record? {
        let row = Int(word(at: index, 0))
        let column = Int(word(at: index, 4))
        let attempt = word(at: index, 8)
        let bytes = UInt64(word(at: index, 16)) << 32 | UInt64(word(at: index, 20))
        let end = (index + 1) * Self.recordBytes
        let digests = end - 2 * PackedDigest.byteCount
        let middle = digests + PackedDigest.byteCount
        guard row <= TileID.maximumIndex, column <= TileID.maximumIndex, attempt >= 1,
            attempt <= UInt32(Int32.max), bytes <= 1 << 50,
            let file = PackedDigest(bytes: packed[digests..<middle]),
            let samples = PackedDigest(bytes: packed[middle..<end])
        else { return nil }
        return Record(
            tile: TileID(row: row, column: column),
            attempt: Attempt(Int(attempt)),
            nonce: word(at: index, 12),
            bytes: Int(bytes),
            fileDigest: file,
            samplesDigest: samples
        )
    }
}
