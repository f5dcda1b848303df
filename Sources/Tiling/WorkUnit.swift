/// One tile of one round of one stage: what is leased, computed and committed.
///
/// Most stages have the single round 0; a stage whose reduction asks for more work (an optimum at the
/// edge of what was searched) is run again in the next round.
package struct WorkUnit: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// The stage.
    package let stage: Stage
    /// The round of the stage, from 0.
    package let round: Int
    /// The tile.
    package let tile: TileID

    /// The most rounds that a stage may take.
    package static let maximumRounds = 64

    /// A tile of a round of a stage.
    package init(stage: Stage, round: Int = 0, tile: TileID) {
        precondition((0..<Self.maximumRounds).contains(round), "round out of range")
        self.stage = stage
        self.round = round
        self.tile = tile
    }

    /// Text like `balance/r001c002`, with the round where it is not 0: `bandwidth.1/r001c002`.
    package var description: String {
        round == 0 ? "\(stage.rawValue)/\(tile)" : "\(stage.rawValue).\(round)/\(tile)"
    }

    package static func < (lhs: Self, rhs: Self) -> Bool {
        (lhs.stage, lhs.round, lhs.tile) < (rhs.stage, rhs.round, rhs.tile)
    }
}

/// The right to compute a unit once: a unit and the attempt that fences it.
package struct LeaseID: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// What is computed.
    package let unit: WorkUnit
    /// Which try; never reused for the unit, not even by a restarted coordinator.
    package let attempt: Attempt

    /// A lease of a unit.
    package init(unit: WorkUnit, attempt: Attempt) {
        self.unit = unit
        self.attempt = attempt
    }

    package var description: String { "\(unit)#\(attempt)" }

    package static func < (lhs: Self, rhs: Self) -> Bool {
        (lhs.unit, lhs.attempt) < (rhs.unit, rhs.attempt)
    }
}
