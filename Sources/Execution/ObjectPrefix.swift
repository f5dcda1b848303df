package import ContentDigest

/// A place that workers without shared storage have in common: an object store.
///
/// It spares the coordinator: what a tile reads of its neighbours comes from there, and from the
/// coordinator only where it is not there. Objects are named by their digests, so nothing in it can be
/// out of date, and whoever takes one looks at its digest. Losing it loses nothing.
package protocol ObjectPrefix: Sendable {
    /// Copies an object's file from the store.
    ///
    /// Blocks. What arrives may be wrong or cut: the caller looks at its digest.
    ///
    /// - Parameters:
    ///   - digest: SHA-256 of the file.
    ///   - path: where it goes.
    ///   - bytes: its size; more is not taken.
    /// - Returns: false when it cannot be had.
    func fetch(_ digest: ContentDigest, to path: String, bytes: Int) -> Bool

    /// Copies a file into the store; blocks.
    ///
    /// A failure costs others a detour and is only reported.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - digest: SHA-256 of it.
    ///   - bytes: its size.
    func store(_ path: String, as digest: ContentDigest, bytes: Int)
}
