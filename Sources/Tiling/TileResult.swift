/// What a worker reports of a finished unit: its file, its partial sums, and what it cost.
package struct TileResult: Hashable, Sendable, Codable {
    /// The lease under which it was computed.
    package let lease: LeaseID
    /// The written file.
    package let object: TileObject
    /// The unit's contribution to its stage's reduction, opaque to the engine, at most
    /// ``maximumPartialBytes``.
    package let partial: [UInt8]
    /// What the computation took.
    package let cost: TileCost

    /// The largest partial that a message or the journal accepts.
    package static let maximumPartialBytes = 3 << 20

    /// A result of a lease.
    package init(lease: LeaseID, object: TileObject, partial: [UInt8], cost: TileCost) {
        self.lease = lease
        self.object = object
        self.partial = partial
        self.cost = cost
    }
}

/// What computing a unit took, for estimates, logs and the report; never part of a result's identity.
package struct TileCost: Hashable, Sendable, Codable {
    /// Reading inputs, seconds.
    package var readSeconds: Double
    /// Computing, seconds.
    package var computeSeconds: Double
    /// Writing and syncing, seconds.
    package var writeSeconds: Double
    /// Peak resident memory of the computing process, bytes; 0 when unknown.
    package var peakResidentBytes: Int

    /// The cost of a unit.
    package init(
        readSeconds: Double = 0,
        computeSeconds: Double = 0,
        writeSeconds: Double = 0,
        peakResidentBytes: Int = 0
    ) {
        self.readSeconds = readSeconds
        self.computeSeconds = computeSeconds
        self.writeSeconds = writeSeconds
        self.peakResidentBytes = peakResidentBytes
    }

    /// All steps together, seconds.
    package var totalSeconds: Double { readSeconds + computeSeconds + writeSeconds }
}
