/// What a coordinator's process has to say; the script reckons with it.
struct EngineReport: Encodable {
    /// When the process began to work.
    var start: ProcessUsage
    /// The plan was made.
    var planned: ProcessUsage?
    /// The journal was open and checked.
    var opened: ProcessUsage?
    /// The state was restored.
    var restored: ProcessUsage?
    /// The port was open.
    var ready: ProcessUsage?
    /// The first events had been applied.
    var underWay: ProcessUsage?
    /// Sessions were idle from here.
    var idleFrom: ProcessUsage?
    /// Sessions were idle to here.
    var idleTo: ProcessUsage?
    /// The first lease could be granted.
    var begun: ProcessUsage?
    /// The last commit was durable and reduced.
    var finished: ProcessUsage?
    /// The coordinator had ended.
    var end: ProcessUsage?
    /// Most memory so far, bytes.
    var peakBytes = 0
    /// How the run ended.
    var outcome = ""
    /// When the last worker had joined, seconds since boot.
    var lastJoinedAt = 0.0
    /// When a worker was given up, seconds since boot; 0 for never.
    var lostAt = 0.0
    /// When the last tile was granted again, seconds since boot; 0 for never.
    var lastGrantAgainAt = 0.0
    /// Grants beyond the first of a tile.
    var grantedAgain = 0
    /// Grants.
    var granted = 0
    /// Commits.
    var committed = 0

    /// An empty report.
    init(start: ProcessUsage) {
        self.start = start
    }

    /// Takes over what was counted.
    mutating func take(_ meter: EngineMeter) {
        let counts = meter.all
        begun = counts.begun
        finished = counts.finished
        lastJoinedAt = counts.lastJoined
        lostAt = counts.lost
        lastGrantAgainAt = counts.lastGrantAgain
        grantedAgain = counts.grantedAgain
        granted = counts.granted
        committed = counts.committed
    }
}
