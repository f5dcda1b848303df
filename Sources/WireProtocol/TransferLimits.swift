/// How much travels at a time.
package struct TransferLimits: Hashable, Sendable {
    /// Most pieces in flight from or to a peer.
    package var perSource: Int
    /// Most pieces in flight altogether.
    package var total: Int
    /// Largest piece, bytes; the same on both sides.
    package var pieceBytes: Int
    /// Silence after which a piece is asked for again, milliseconds.
    package var patienceMilliseconds: Int

    /// The defaults: 1 MiB in flight for each peer, 64 MiB for all.
    package init(
        perSource: Int = 4,
        total: Int = 256,
        pieceBytes: Int = WireLimits.pieceBytes,
        patienceMilliseconds: Int = 15_000
    ) {
        self.perSource = perSource
        self.total = total
        self.pieceBytes = pieceBytes
        self.patienceMilliseconds = patienceMilliseconds
    }
}
