package import WireProtocol

/// What a worker process is and offers, fixed at its start.
package struct WorkerIdentity: Hashable, Sendable {
    /// Identity of the process.
    package let workerID: WorkerID
    /// Host name, for logs.
    package let host: String
    /// Process number on that host, for logs.
    package let processID: Int
    /// Program and library versions.
    package let build: BuildIdentity
    /// Units computed at a time.
    package let slots: Int
    /// Leases held at a time.
    package let credit: Int
    /// Memory that one slot may use, bytes; 0 for no stated limit.
    package let memoryPerSlotBytes: Int

    /// The worker's own directory, absolute, where it does not see the run directory; nil where storage
    /// is shared.
    package let scratchDirectory: String?

    /// An identity; `slots` is in 1…``WireLimits/slots``, `credit` in `slots`…``WireLimits/leases``.
    ///
    /// One lease beyond the slots hides the time from a result to the next grant; more would hoard.
    package init(
        workerID: WorkerID,
        host: String,
        processID: Int,
        build: BuildIdentity,
        slots: Int,
        credit: Int,
        memoryPerSlotBytes: Int,
        scratchDirectory: String? = nil
    ) {
        precondition((1...WireLimits.slots).contains(slots), "slots out of range")
        precondition((slots...WireLimits.leases).contains(credit), "credit out of range")
        self.workerID = workerID
        self.host = host
        self.processID = processID
        self.build = build
        self.slots = slots
        self.credit = credit
        self.memoryPerSlotBytes = memoryPerSlotBytes
        self.scratchDirectory = scratchDirectory
    }
}
