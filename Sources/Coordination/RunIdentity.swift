package import WireProtocol

/// Who a coordinator is and what it tells its workers.
package struct RunIdentity: Hashable, Sendable {
    /// Identity of the run.
    package var runID: String
    /// Incarnation of the coordinator.
    package var epoch: UInt64
    /// What a worker's build has to equal.
    package var build: BuildIdentity
    /// The run directory as workers with shared storage find it.
    package var runDirectory: String
    /// Content of `tiles/.probe` there.
    package var storageProbe: String

    /// The identity of a coordinator.
    package init(
        runID: String,
        epoch: UInt64,
        build: BuildIdentity,
        runDirectory: String,
        storageProbe: String
    ) {
        self.runID = runID
        self.epoch = epoch
        self.build = build
        self.runDirectory = runDirectory
        self.storageProbe = storageProbe
    }
}
