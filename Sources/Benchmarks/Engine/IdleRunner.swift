import ContentDigest
import Execution
import Foundation
import Tiling

/// Slots that compute nothing: a unit is done at once, or after a wait.
///
/// A result names the object of its lease and bears a digest, as a real one does, but there is no
/// file behind it unless files are asked for: those are empty, and not synchronised.
final class IdleRunner: SlotRunner {
    private let wait: TimeInterval
    private let writesFiles: Bool
    private let queue = DispatchQueue(label: "sectile.idle", attributes: .concurrent)
    private let digest = ContentDigest(of: [])

    /// Slots whose units last so many milliseconds.
    init(milliseconds: Int, writesFiles: Bool) {
        wait = Double(milliseconds) / 1000
        self.writesFiles = writesFiles
    }

    func start(
        _ request: TileRequest,
        cancellation: CancellationFlag,
        completion: @escaping @Sendable (Result<TileResult, TileFailure>) -> Void
    ) {
        let object = TileObject(
            key: TileObjectKey(lease: request.lease, nonce: 0),
            bytes: 0,
            fileDigest: digest,
            samplesDigest: digest
        )
        if writesFiles {
            let path = "\(request.runDirectory)/tiles/\(object.key.path)"
            close(unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644))
        }
        let result = TileResult(lease: request.lease, object: object, partial: [], cost: TileCost())
        guard wait > 0 else { return completion(.success(result)) }
        queue.asyncAfter(deadline: .now() + wait) { completion(.success(result)) }
    }
}

/// A log that nobody keeps: a worker's at the level that the program keeps none of these lines at.
struct SilentWorkerLog: WorkerLog {
    func record(_ fact: WorkerFact) {}
}
