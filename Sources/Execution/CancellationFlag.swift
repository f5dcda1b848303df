internal import Synchronization
internal import Tiling

/// Tells a computation that nobody wants its outcome any more.
///
/// Set once, from any thread; never taken back.
package final class CancellationFlag: Sendable {
    private let flag = Atomic(false)

    /// A flag that is not set.
    package init() {}

    /// True once the computation is cancelled.
    package var isCancelled: Bool { flag.load(ordering: .relaxed) }

    /// Cancels the computation.
    package func cancel() {
        flag.store(true, ordering: .relaxed)
    }

    /// Ends the computation where it is cancelled: between steps and rows, not in inner loops.
    ///
    /// - Throws: a ``TileFailure`` that is reported to nobody.
    package func check() throws(TileFailure) {
        guard !isCancelled else { throw TileFailure(.timeout, "the attempt was cancelled") }
    }
}
