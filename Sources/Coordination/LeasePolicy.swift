import WireProtocol

/// The durations and limits by which leases are granted and taken back.
package struct LeasePolicy: Hashable, Sendable {
    /// Time between a worker's heartbeats, milliseconds.
    package var heartbeatMilliseconds = 3000
    /// Silence after which a worker's leases are taken back, milliseconds: three heartbeats.
    package var leaseMilliseconds = 9000
    /// Time after which a worker ends an attempt, seconds.
    package var wallLimitSeconds = 3600
    /// Charged failures after which a tile is quarantined, if on two hosts where there are two, else on
    /// two workers where there are two; twice as many are enough anywhere.
    package var chargeLimit = 3
    /// Failures to read or write files after which a tile is quarantined.
    package var storageFailureLimit = 100
    /// Losses of a computing worker after which a tile is quarantined, if on two hosts where there are two.
    ///
    /// Until then it is tried again under a wait. What a coordinator's own end parts does not count.
    package var lossLimit = 20
    /// Failures in a row after which a worker is benched, if there is another.
    package var benchAfterFailures = 5
    /// Length of the first bench, milliseconds; it doubles each time, up to 64 times this.
    package var benchMilliseconds = 60_000
    /// Wait before a failed tile is tried again, milliseconds; it doubles with each failure.
    package var backoffMilliseconds = 500
    /// The longest such wait, milliseconds.
    package var backoffLimitMilliseconds = 30_000
    /// True when a second worker may try a tile whose first is slow, at the end of a stage.
    package var speculates = true
    /// Least age of a lease before a second worker tries its tile, milliseconds.
    package var speculationFloorMilliseconds = 30_000
    /// Age, as a multiple of the third quartile of attempts, before a second worker tries.
    package var speculationFactor = 2.0
    /// The most sessions at a time.
    package var sessionLimit = 4096
    /// The most slots that a worker may offer.
    package var slotLimit = 1024
    /// The most leases that a worker may hold.
    package var creditLimit = 4096
    /// Quarantined tiles beyond which the run stops; nil for no limit.
    package var quarantineLimit: Int?
    /// Time without a commit, although there is work and somebody for it, before that is said,
    /// milliseconds; longer where units take longer.
    package var stallAlarmMilliseconds = 900_000
    /// Time without a worker that could take work before that is said, milliseconds.
    package var noWorkersAlarmMilliseconds = 60_000
    /// How long a unit with two different results may wait for a third worker, milliseconds.
    package var arbitrationMilliseconds = 600_000
    /// Most bytes of a part of a round's brief.
    package var briefPartBytes = WireLimits.opaqueBytes

    /// The defaults.
    package init() {}

    /// Time between two looks at deadlines, milliseconds.
    package var tickMilliseconds: Int { max(5, min(250, heartbeatMilliseconds / 4)) }

    /// Gap between two looks beyond which the coordinator itself was stopped, milliseconds.
    package var stallMilliseconds: Int { max(tickMilliseconds * 4, heartbeatMilliseconds) }
}
