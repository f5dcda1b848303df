/// A worker as its coordinator sees it now.
package struct WorkerReport: Hashable, Sendable, Codable {
    /// Whether it gets work.
    package enum State: String, Hashable, Sendable, Codable, CaseIterable {
        /// It gets work.
        case active
        /// It finishes what it has.
        case draining
        /// It failed too much and gets nothing for a while.
        case benched
        /// Its connection is gone; its leases wait for it.
        case away
        /// Its session ended.
        case left
    }

    /// Identity of the process.
    package var id: String
    /// Its host.
    package var host: String
    /// Its process number there.
    package var processID: Int
    /// Fingerprint of the key that its connection proved; empty when it is not known.
    package var key: String
    /// Units it computes at a time.
    package var slots: Int
    /// Units it holds, the first ``runningLimit`` of them, as `stage/tile`.
    package var running: [String]
    /// Units it holds altogether.
    package var leaseCount: Int
    /// Units it committed.
    package var committedCount: Int
    /// Attempts that failed there.
    package var failedCount: Int
    /// Resident memory as it last said, bytes; 0 when unknown.
    package var residentBytes: Int
    /// Time since it was last heard, seconds.
    package var silentSeconds: Double
    /// How far its wall clock is ahead of the coordinator's, seconds; nil when unknown.
    package var clockSkewSeconds: Double?
    /// Whether it gets work.
    package var state: State

    /// How many of its units a report names.
    package static let runningLimit = 16

    /// A report.
    package init(
        id: String,
        host: String,
        processID: Int,
        key: String,
        slots: Int,
        running: [String],
        leaseCount: Int,
        committedCount: Int,
        failedCount: Int,
        residentBytes: Int,
        silentSeconds: Double,
        clockSkewSeconds: Double?,
        state: State
    ) {
        self.id = id
        self.host = host
        self.processID = processID
        self.key = key
        self.slots = slots
        self.running = running
        self.leaseCount = leaseCount
        self.committedCount = committedCount
        self.failedCount = failedCount
        self.residentBytes = residentBytes
        self.silentSeconds = silentSeconds
        self.clockSkewSeconds = clockSkewSeconds
        self.state = state
    }
}
