extension SimulatedCluster {
    /// What goes wrong, how often and for how long.
    package struct Options: Sendable, Hashable {
        /// The network's faults.
        package var network = FaultyNetwork.Options()
        /// The disks' faults.
        package var disk = FaultyDisk.Options()
        /// Durations.
        package var pace = Pace.hurried
        /// Number of workers.
        package var workerCount = 3
        /// Rows and columns of tiles.
        package var tileRows = 3
        package var tileColumns = 4
        /// Mean time between kills of a worker, milliseconds; nil for none.
        package var workerKillMilliseconds: Int?
        /// Mean time between kills of the coordinator, milliseconds; nil for none.
        package var coordinatorKillMilliseconds: Int?
        /// Mean time between partitions, milliseconds; nil for none.
        package var partitionMilliseconds: Int?
        /// Mean time between stalls of the coordinator, milliseconds; nil for none.
        package var stallMilliseconds: Int?
        /// Mean time between stalls of a worker, milliseconds; nil for none.
        package var workerStallMilliseconds: Int?
        /// Mean time between fillings of the disks, which then take nothing for a while,
        /// milliseconds; nil for none.
        package var fillMilliseconds: Int?
        /// Mean time between an operator's requests, milliseconds; nil for none.
        package var operatorMilliseconds: Int?
        /// Mean time between losses and changes of committed objects, milliseconds; nil for none.
        package var rotMilliseconds: Int?
        /// Probability that a kill of the coordinator strikes between two of its next actions.
        package var crashBetweenActions = 0.5
        /// Probability that a worker dies between writing an object and reporting it, or just after.
        package var crashAtReport = 0.0
        /// True when clocks on the wall show anything at all.
        package var hasWildWallClocks = false
        /// Probability that an attempt fails with a class that counts.
        package var attemptFailure = 0.0
        /// Probability that an attempt of the first worker does, in each of its lives.
        package var firstWorkerFailure = 0.0
        /// Probability that a result of the first worker is wrong, in each of its lives.
        package var wrongResult = 0.0
        /// Ordinals of tiles whose input cannot be read.
        package var unreadable: Set<Int> = []
        /// Faults end then, so that every run can finish; milliseconds.
        package var calmAfterMilliseconds = 20_000
        /// A run that takes longer has not finished; milliseconds.
        package var limitMilliseconds = 600_000
        /// Steps between two passes over all tiles that derive the coordinator's state again.
        package var checkInterval = 1
        /// True when what the coordinator remembers has to stay within a bound.
        package var boundsMemory = false

        /// A world without faults.
        package init() {}
    }
}
