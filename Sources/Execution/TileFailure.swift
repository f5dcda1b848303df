package import Tiling

/// Why a unit could not be computed.
package struct TileFailure: Error, CustomStringConvertible {
    /// The class, which decides what happens next.
    package let failureClass: FailureClass
    /// One sentence for the operator: which file or step, what was found.
    package let message: String
    /// The cause, where another module or library gave one.
    package let underlying: (any Error)?
    /// Peak resident memory of the computing process, bytes; 0 when unknown.
    package let peakResidentBytes: Int

    /// A failure of a computation.
    package init(
        _ failureClass: FailureClass,
        _ message: String,
        underlying: (any Error)? = nil,
        peakResidentBytes: Int = 0
    ) {
        self.failureClass = failureClass
        self.message = message
        self.underlying = underlying
        self.peakResidentBytes = peakResidentBytes
    }

    package var description: String {
        underlying.map { "\(message): \($0)" } ?? message
    }

    /// What becomes of the tile: the one place that answers it.
    package var disposition: TileDisposition {
        switch failureClass {
        case .crash, .outOfMemory, .timeout, .bug: .retryElsewhere(isCharged: true)
        case .storage: .retryElsewhere(isCharged: false)
        case .input: .failTile
        }
    }
}

/// What becomes of a tile whose attempt failed.
package enum TileDisposition: Hashable, Sendable {
    /// Another attempt, on another worker where there is one; a charged one counts towards quarantine.
    case retryElsewhere(isCharged: Bool)
    /// No other attempt would do better: the tile is quarantined with the message.
    case failTile
}
