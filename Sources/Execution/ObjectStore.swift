package import Tiling

/// Where a computation finds committed objects: of its own tile, or of any other.
///
/// It is asked on slots' threads, several at a time, and blocks until the file is here. A pipeline
/// reads within the closure: the file is not removed meanwhile.
package protocol ObjectStore: Sendable {
    /// Lends the file of a committed object.
    ///
    /// - Parameters:
    ///   - object: the object, from the request's `inputs` or `halo`.
    ///   - request: the unit that reads it.
    ///   - cancellation: ends the wait.
    ///   - body: reads the file at the path it is given. What it returns or throws is passed on.
    /// - Returns: what `body` returns.
    /// - Throws: ``TileFailure`` of class `storage` when the file cannot be had.
    func withFile<Outcome>(
        of object: TileObject,
        for request: TileRequest,
        cancellation: CancellationFlag,
        _ body: (_ path: String) throws -> Outcome
    ) throws -> Outcome

    /// Lends the file of an input that the coordinator resolved, such as the zones.
    ///
    /// - Parameters:
    ///   - relativePath: where the model says that it lies within the run directory.
    ///   - request: the unit that reads it.
    ///   - cancellation: ends the wait.
    ///   - body: reads the file at the path it is given. What it returns or throws is passed on.
    /// - Returns: what `body` returns.
    /// - Throws: ``TileFailure`` of class `storage` when the file cannot be had.
    func withInput<Outcome>(
        at relativePath: String,
        for request: TileRequest,
        cancellation: CancellationFlag,
        _ body: (_ path: String) throws -> Outcome
    ) throws -> Outcome
}

/// The objects of a run directory that this machine sees: nothing is copied.
package struct SharedObjects: ObjectStore {
    /// The objects of a shared run directory.
    package init() {}

    /// Lends the file where it lies.
    package func withFile<Outcome>(
        of object: TileObject,
        for request: TileRequest,
        cancellation: CancellationFlag,
        _ body: (_ path: String) throws -> Outcome
    ) throws -> Outcome {
        try body("\(request.runDirectory)/tiles/\(object.key)")
    }

    /// Lends the file where it lies.
    package func withInput<Outcome>(
        at relativePath: String,
        for request: TileRequest,
        cancellation: CancellationFlag,
        _ body: (_ path: String) throws -> Outcome
    ) throws -> Outcome {
        try body("\(request.runDirectory)/\(relativePath)")
    }
}
