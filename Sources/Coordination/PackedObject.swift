import ContentDigest
import RunStore
import Tiling

/// A committed object in 80 bytes.
///
/// A run keeps one for every tile and stage, because later leases name them as inputs; with texts for
/// key and digests each would take five times as much.
struct PackedObject {
    private var bytes: Int64
    private var attemptNumber: Int32
    private var nonce: UInt32
    private var file: PackedDigest
    private var samples: PackedDigest

    /// The place of a unit without an object.
    static let none = PackedObject(
        bytes: -1,
        attemptNumber: 0,
        nonce: 0,
        file: PackedDigest(),
        samples: PackedDigest()
    )

    private init(
        bytes: Int64,
        attemptNumber: Int32,
        nonce: UInt32,
        file: PackedDigest,
        samples: PackedDigest
    ) {
        self.bytes = bytes
        self.attemptNumber = attemptNumber
        self.nonce = nonce
        self.file = file
        self.samples = samples
    }

    /// Packs an object; nil when its attempt is beyond what fits.
    init?(_ object: TileObject) {
        guard let attempt = Int32(exactly: object.key.lease.attempt.number) else { return nil }
        self.init(
            bytes: Int64(object.bytes),
            attemptNumber: attempt,
            nonce: object.key.nonce,
            file: PackedDigest(object.fileDigest),
            samples: PackedDigest(object.samplesDigest)
        )
    }

    /// The attempt that wrote it; 0 for none.
    var attempt: Int32 { attemptNumber }

    /// The object, whose unit the caller knows; nil for ``none``.
    func object(of unit: WorkUnit) -> TileObject? {
        guard attemptNumber >= 1, let file = file.digest, let samples = samples.digest else {
            return nil
        }
        let lease = LeaseID(unit: unit, attempt: Attempt(Int(attemptNumber)))
        return TileObject(
            key: TileObjectKey(lease: lease, nonce: nonce),
            bytes: Int(bytes),
            fileDigest: file,
            samplesDigest: samples
        )
    }
}

/// The 32 bytes of a digest without a heap allocation.
private struct PackedDigest {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    init() {}

    init(_ digest: ContentDigest) {
        var values: [UInt64] = [0, 0, 0, 0]
        for (index, digit) in digest.hexadecimal.utf8.enumerated() {
            let value = digit < 58 ? digit - 48 : digit - 87
            values[index / 16] = values[index / 16] << 4 | UInt64(value)
        }
        words = (values[0], values[1], values[2], values[3])
    }

    var digest: ContentDigest? {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(64)
        for word in [words.0, words.1, words.2, words.3] {
            for shift in stride(from: 60, through: 0, by: -4) {
                text.append(digits[Int(word >> UInt64(shift) & 15)])
            }
        }
        return ContentDigest(hexadecimal: String(decoding: text, as: UTF8.self))
    }
}
