package import Tiling
package import WireProtocol

/// Who lends files of a run to slots that cannot fetch them themselves.
package protocol ObjectLender: Sendable {
    /// Lends a file; blocks until it is here, and each loan ends with
    /// ``giveBack(_:object:isSound:)``.
    ///
    /// - Parameters:
    ///   - file: the file.
    ///   - object: what is known of it; nil for an input.
    ///   - cancellation: ends the wait.
    /// - Returns: where it lies.
    /// - Throws: ``TileFailure`` of class `storage` when the file cannot be had.
    func lend(
        _ file: TransferFile,
        object: TileObject?,
        cancellation: CancellationFlag
    ) throws(TileFailure) -> String

    /// Ends a loan.
    ///
    /// - Parameters:
    ///   - file: the file.
    ///   - object: what was known of it.
    ///   - isSound: false when it was not what it should be.
    func giveBack(_ file: TransferFile, object: TileObject?, isSound: Bool)
}
