package import Tiling
package import WireProtocol

/// A worker's part in what travels between it and its coordinator.
///
/// Called on the worker's executor; none of it blocks.
package protocol WorkerTransfers: Sendable {
    /// A session has begun: what is missing can be asked for.
    ///
    /// - Parameter send: says something in this session, from any thread.
    func open(send: @escaping @Sendable (WorkerMessage) -> Void)
    /// The session is over; what is missing is asked for in the next one.
    func close()
    /// A piece came.
    func take(_ piece: FilePiece)
    /// The coordinator wants a piece of a result.
    func serve(_ request: FileRequest)
    /// A result is committed: its file is an input like any other from now on.
    func keep(_ object: TileObject)
}
