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

    /// Adds the object to a list under its tile; nothing for ``none``.
    func add(to list: inout ObjectList, tile: TileID) {
        guard attemptNumber >= 1 else { return }
        list.append(
            ObjectList.Record(
                tile: tile,
                attempt: Attempt(Int(attemptNumber)),
                nonce: nonce,
                bytes: Int(bytes),
                fileDigest: file,
                samplesDigest: samples
            )
        )
    }

    /// The attempt that wrote it; 0 for none.
    var attempt: Int32 { attemptNumber }

    /// The object, whose unit the caller knows; nil for ``none``.
    func object(of unit: WorkUnit) -> TileObject? {
        guard attemptNumber >= 1 else { return nil }
        let lease = LeaseID(unit: unit, attempt: Attempt(Int(attemptNumber)))
        return TileObject(
            key: TileObjectKey(lease: lease, nonce: nonce),
            bytes: Int(bytes),
            fileDigest: file.digest,
            samplesDigest: samples.digest
        )
    }
}
