package import Tiling
internal import WireProtocol

/// Objects that the worker of a slot lends its process: only the worker talks to the coordinator.
package struct LentObjects: ObjectStore {
    private let link: SlotLink

    /// What can be borrowed over a link.
    package init(link: SlotLink) {
        self.link = link
    }

    /// Borrows the file for as long as it is read.
    package func withFile<Outcome>(
        of object: TileObject,
        for request: TileRequest,
        cancellation: CancellationFlag,
        _ body: (_ path: String) throws -> Outcome
    ) throws -> Outcome {
        try borrow(.object(object.key), cancellation, body)
    }

    /// Borrows the file for as long as it is read.
    package func withInput<Outcome>(
        at relativePath: String,
        for request: TileRequest,
        cancellation: CancellationFlag,
        _ body: (_ path: String) throws -> Outcome
    ) throws -> Outcome {
        guard let input = ResolvedInput(path: relativePath) else {
            throw TileFailure(.bug, "'\(relativePath)' is no name of a resolved input")
        }
        return try borrow(.input(input), cancellation, body)
    }

    private func borrow<Outcome>(
        _ file: TransferFile,
        _ cancellation: CancellationFlag,
        _ body: (_ path: String) throws -> Outcome
    ) throws -> Outcome {
        try cancellation.check()
        let path = try link.borrow(file)
        do {
            let outcome = try body(path)
            link.send(.returned(file, isSound: true))
            return outcome
        } catch {
            link.send(.returned(file, isSound: false))
            throw error
        }
    }
}
