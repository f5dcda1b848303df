internal import Tiling

/// The bounds of every message, checked once when it is decoded.
///
/// They bound what a peer with a valid key can make this process hold; a sender stays within them,
/// and a receiver refuses what is beyond.
package enum WireLimits {
    /// Largest envelope, bytes; the transport's limit for a frame is at least this.
    package static let envelopeBytes = 4 << 20
    /// Largest opaque content of a message in total, bytes.
    ///
    /// That is a specification, the constants of a brief, or the partials of a greeting; the rest of
    /// the envelope is for everything else.
    package static let opaqueBytes = TileResult.maximumPartialBytes
    /// Most parts of a brief.
    package static let briefParts = 64
    /// Largest piece of a file that travels, bytes.
    ///
    /// A piece delays what follows it on its connection: on a slow link of 1 Mbit/s by two seconds.
    package static let pieceBytes = 256 << 10
    /// Most leases in one list, so also the largest credit.
    package static let leases = 32_768
    /// Most grants in one batch; with ``inputs`` at their usual few, a batch fits an envelope.
    package static let grants = 1_024
    /// Most input objects of one grant.
    package static let inputs = 64
    /// Most slots of one worker.
    package static let slots = 4_096
    /// Longest name, version or identity, bytes of UTF-8.
    package static let labelBytes = 255
    /// Longest sentence for people, bytes of UTF-8.
    package static let sentenceBytes = 4_096
    /// Longest path, bytes of UTF-8.
    package static let pathBytes = 4_096
    /// Largest size of a file or of memory, bytes.
    package static let storageBytes = 1 << 50
    /// Longest duration of one step, seconds.
    package static let stepSeconds = 1e9
    /// Latest wall clock, seconds since 1970.
    package static let wallClockSeconds = 1e12
    /// Largest attempt number.
    package static let attempt = Int(Int32.max)
    /// Largest row or column of a cell.
    package static let cellIndex = Int(Int32.max)
    /// Most cells in one tile.
    package static let tileCells = 1 << 30
    /// Heartbeat intervals that a welcome may set, milliseconds.
    package static let heartbeatMilliseconds = 10...600_000
    /// Longest lease that a welcome may set, milliseconds.
    package static let leaseMilliseconds = 86_400_000
    /// Longest wall limit of a unit, seconds.
    package static let wallLimitSeconds = 30 * 86_400
}
