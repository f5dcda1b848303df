package import Tiling

/// Slots as threads of this process, one for each slot.
///
/// Cancellation is cooperative: a computation that never looks at its flag keeps its slot.
package final class ComputeExecutor: SlotRunner {
    private let computer: any TileComputer
    private let threads: OwnThreads

    /// Starts the threads; they end when the executor is gone and its computations are over.
    ///
    /// - Parameters:
    ///   - slots: computations at a time, at least 1.
    ///   - computer: what computes.
    package init(slots: Int, computer: any TileComputer) {
        self.computer = computer
        threads = OwnThreads(count: slots, name: "sectile-slot")
    }

    /// Hands the unit to the next free thread.
    package func start(
        _ request: TileRequest,
        cancellation: CancellationFlag,
        completion: @escaping @Sendable (Result<TileResult, TileFailure>) -> Void
    ) {
        threads.submit { [computer] in
            do throws(TileFailure) {
                try cancellation.check()
                completion(
                    .success(try computer.compute(request, cancellation: cancellation))
                )
            } catch {
                completion(.failure(error))
            }
        }
    }
}
