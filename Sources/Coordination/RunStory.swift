package import RunStore
package import Tiling

/// The causal history of one tile: what happened to it, when, by whom, and why.
package struct RunStory: Hashable, Sendable {
    /// One thing that happened.
    package struct Line: Hashable, Sendable {
        /// When, seconds since 1970.
        package var wallSeconds: Double
        /// The event of the coordinator that it follows from; equal causes belong together.
        package var cause: String
        /// The unit.
        package var unit: WorkUnit?
        /// What happened, in words.
        package var text: String
    }

    /// The tile.
    package let tile: TileID
    /// What happened, in order of time.
    package let lines: [Line]

    /// Tells the story of a tile from what the journal keeps.
    ///
    /// - Parameters:
    ///   - tile: the tile.
    ///   - attempts: its attempts in all stages.
    ///   - events: the history that names it.
    package init(tile: TileID, attempts: [StoredAttempt], events: [StoredEvent]) {
        self.tile = tile
        var lines: [Line] = []
        for attempt in attempts {
            lines.append(Self.grant(attempt))
            if let end = Self.end(attempt) { lines.append(end) }
        }
        for event in events where event.unit?.tile == tile {
            let text = event.message.isEmpty ? event.kind : "\(event.kind): \(event.message)"
            lines.append(
                Line(
                    wallSeconds: event.wallSeconds,
                    cause: event.cause,
                    unit: event.unit,
                    text: text
                )
            )
        }
        // Stable, so that what follows from one event keeps the order: an end before a new grant.
        self.lines = lines.enumerated().sorted { left, right in
            (left.element.wallSeconds, Self.order(left.element.cause), left.offset)
                < (right.element.wallSeconds, Self.order(right.element.cause), right.offset)
        }.map(\.element)
    }

    /// Reads the story of a tile from a journal.
    package init(of tile: TileID, from reader: JournalReader) throws(RunStoreError) {
        self.init(
            tile: tile,
            attempts: try reader.attempts(of: tile),
            events: try reader.events(of: tile)
        )
    }

    private static func grant(_ attempt: StoredAttempt) -> Line {
        let place = attempt.host.isEmpty ? "" : " on \(attempt.host)"
        let why = attempt.isSpeculative ? ", while another worker was slow with it" : ""
        return Line(
            wallSeconds: attempt.grantedSeconds,
            cause: attempt.grantedCause,
            unit: attempt.lease.unit,
            text:
                "attempt \(attempt.lease.attempt) leased to \(attempt.worker.prefix(8))\(place)\(why)"
        )
    }

    private static func end(_ attempt: StoredAttempt) -> Line? {
        guard let seconds = attempt.endedSeconds, let outcome = attempt.outcome else { return nil }
        var text = "attempt \(attempt.lease.attempt) \(outcome.rawValue)"
        if let failureClass = attempt.failureClass { text += " (\(failureClass.rawValue))" }
        text += " after \(tenths(attempt.elapsedSeconds)) s"
        if outcome == .committed {
            text +=
                ": read \(tenths(attempt.cost.readSeconds)) s, computed "
                + "\(tenths(attempt.cost.computeSeconds)) s, wrote \(tenths(attempt.cost.writeSeconds)) s"
        }
        if attempt.cost.peakResidentBytes > 0 {
            text += ", peak \(attempt.cost.peakResidentBytes >> 20) MiB"
        }
        if !attempt.message.isEmpty { text += ": \(attempt.message)" }
        if outcome == .failed, !attempt.isCharged { text += " (not held against the tile)" }
        return Line(
            wallSeconds: seconds,
            cause: attempt.endedCause ?? "",
            unit: attempt.lease.unit,
            text: text
        )
    }

    private static func tenths(_ seconds: Double) -> String {
        guard seconds.isFinite, abs(seconds) < 1e12 else { return "?" }
        let tenths = Int((seconds * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    /// Causes are epoch and number.
    private static func order(_ cause: String) -> Int {
        let parts = cause.split(separator: ".").compactMap { Int($0) }
        guard parts.count == 2 else { return 0 }
        return parts[0] &* 1_000_000_000 &+ parts[1]
    }
}
