package import Tiling

/// Where computations run: the worker knows slots, not threads or processes.
package protocol SlotRunner: Sendable {
    /// Starts a computation and returns at once.
    ///
    /// The caller starts no more computations at a time than there are slots.
    ///
    /// - Parameters:
    ///   - request: the unit to compute.
    ///   - cancellation: set when the outcome is no longer wanted; the slot stays taken until the
    ///     computation has ended.
    ///   - completion: called exactly once, on any thread.
    func start(
        _ request: TileRequest,
        cancellation: CancellationFlag,
        completion: @escaping @Sendable (Result<TileResult, TileFailure>) -> Void
    )
}
