/// How the engine works; no result depends on it.
package struct EngineSettings: Sendable, Codable, Hashable {
    /// Signs of life and the right to compute.
    package var lease: LeaseSettings
    /// Charged failures of a tile after which it is quarantined.
    package var attempts: Int
    /// Pauses before a failed tile is tried again.
    package var backoff: BackoffSettings
    /// Whether a slow tile is given to a second worker when nothing else waits.
    package var speculation: Bool
    /// Longest computation of a tile, seconds; beyond it the worker's attempt has failed.
    package var wallLimitSeconds: Double
    /// Quarantined tiles beyond which the run stops; nil for no limit.
    package var maximumQuarantined: Int?

    /// The defaults.
    package init(
        lease: LeaseSettings = LeaseSettings(),
        attempts: Int = 3,
        backoff: BackoffSettings = BackoffSettings(),
        speculation: Bool = true,
        wallLimitSeconds: Double = 3600,
        maximumQuarantined: Int? = nil
    ) {
        self.lease = lease
        self.attempts = attempts
        self.backoff = backoff
        self.speculation = speculation
        self.wallLimitSeconds = wallLimitSeconds
        self.maximumQuarantined = maximumQuarantined
    }
}

/// Signs of life and the right to compute.
package struct LeaseSettings: Sendable, Codable, Hashable {
    /// Pause between a worker's signs of life, seconds.
    package var heartbeatSeconds: Double
    /// Silence after which a lease is lost, seconds; at least two heartbeats.
    package var durationSeconds: Double

    /// The defaults: three missed heartbeats.
    package init(heartbeatSeconds: Double = 3, durationSeconds: Double = 9) {
        self.heartbeatSeconds = heartbeatSeconds
        self.durationSeconds = durationSeconds
    }
}

/// Pauses before a failed tile is tried again; each is twice the one before.
package struct BackoffSettings: Sendable, Codable, Hashable {
    /// The first pause, seconds.
    package var firstSeconds: Double
    /// The longest pause, seconds.
    package var maximumSeconds: Double

    /// The defaults.
    package init(firstSeconds: Double = 1, maximumSeconds: Double = 60) {
        self.firstSeconds = firstSeconds
        self.maximumSeconds = maximumSeconds
    }
}

/// What is kept beside the results.
package struct OutputSettings: Sendable, Codable, Hashable {
    /// Which tile files remain when a run is done.
    package var keepTiles: KeepTiles

    /// The defaults.
    package init(keepTiles: KeepTiles = .all) {
        self.keepTiles = keepTiles
    }
}

/// Which tile files remain when a run is done.
package enum KeepTiles: String, Sendable, Codable, Hashable, CaseIterable {
    /// None: the mosaics are all that is left.
    case none
    /// Those from which mosaics are made, not the prepared layers.
    case results
    /// All of them, so that a changed configuration recomputes only what it must.
    case all
}
