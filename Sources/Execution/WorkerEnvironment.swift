/// Everything a worker uses of the world.
package struct WorkerEnvironment: Sendable {
    /// Where units are computed; with as many slots as the worker's identity says.
    package let slots: any SlotRunner
    /// The run's storage.
    package let storage: any WorkerStorage
    /// What travels; nil where storage is shared.
    package let transfers: (any WorkerTransfers)?
    /// Where facts are told.
    package let log: any WorkerLog
    /// A monotonic clock, from any origin; it should count the time of a suspended machine.
    package let now: @Sendable () -> Duration
    /// Waits until a time of that clock; ends early, with an error, when the task is cancelled.
    package let sleep: @Sendable (_ until: Duration) async throws -> Void
    /// Resident memory of the worker and its slots, bytes.
    package let residentBytes: @Sendable () -> Int
    /// Wall clock, seconds since 1970; shown, never used.
    package let wallClockSeconds: @Sendable () -> Double

    /// The world as seen by a worker.
    package init(
        slots: any SlotRunner,
        storage: any WorkerStorage,
        transfers: (any WorkerTransfers)? = nil,
        log: any WorkerLog,
        now: @escaping @Sendable () -> Duration,
        sleep: @escaping @Sendable (_ until: Duration) async throws -> Void,
        residentBytes: @escaping @Sendable () -> Int,
        wallClockSeconds: @escaping @Sendable () -> Double
    ) {
        self.slots = slots
        self.storage = storage
        self.transfers = transfers
        self.log = log
        self.now = now
        self.sleep = sleep
        self.residentBytes = residentBytes
        self.wallClockSeconds = wallClockSeconds
    }

    /// The world with the time of one clock.
    package init<Source: Clock<Duration>>(
        slots: any SlotRunner,
        storage: any WorkerStorage,
        transfers: (any WorkerTransfers)? = nil,
        log: any WorkerLog,
        clock: Source,
        residentBytes: @escaping @Sendable () -> Int,
        wallClockSeconds: @escaping @Sendable () -> Double
    ) {
        let origin = clock.now
        self.init(
            slots: slots,
            storage: storage,
            transfers: transfers,
            log: log,
            now: { origin.duration(to: clock.now) },
            sleep: { try await clock.sleep(until: origin.advanced(by: $0), tolerance: nil) },
            residentBytes: residentBytes,
            wallClockSeconds: wallClockSeconds
        )
    }
}
