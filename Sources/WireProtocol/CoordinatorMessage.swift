package import ContentDigest
package import Lattice
package import Tiling

/// What the coordinator says to a worker.
package enum CoordinatorMessage: Hashable, Sendable {
    /// The worker is part of the run.
    case welcome(Welcome)
    /// The worker is not part of the run.
    case refuse(Refusal)
    /// What a round of a stage is computed with, or a part of it; sent before the session's first
    /// lease of that round.
    case stage(StageBrief)
    /// Units to compute.
    case lease([LeaseGrant])
    /// These results are durable: the worker may forget them.
    case committed([LeaseID])
    /// These leases are no longer the worker's: stop computing them, delete their files.
    case stale([LeaseID])
    /// Answer to a heartbeat; any other message proves as much.
    case heartbeat(sequence: UInt64)
    /// Finish what runs, take nothing new, then leave.
    case drain(reason: String)
    /// The coordinator leaves.
    case goodbye(GoodbyeReason)
    /// The coordinator does not know this connection: say hello again.
    case resync
    /// A piece of a file is wanted.
    case request(FileRequest)
    /// The answer to a request of the worker.
    case piece(FilePiece)
}

/// Why the coordinator leaves.
package enum GoodbyeReason: String, Hashable, Sendable, CaseIterable {
    /// The run is over.
    case finished
    /// The run was cancelled.
    case cancelled
    /// The coordinator will be back: keep what is computed and keep knocking.
    case restarting
}

/// What a worker needs to know of the run it joins.
package struct Welcome: Hashable, Sendable {
    /// Identity of the run.
    package var runID: String
    /// Incarnation of the coordinator: raised at each of its starts.
    package var epoch: UInt64
    /// Number of this session within the epoch.
    package var session: UInt64
    /// Time between heartbeats, milliseconds.
    package var heartbeatMilliseconds: Int
    /// Silence after which leases are taken back, milliseconds.
    package var leaseMilliseconds: Int
    /// Identity of the plan.
    package var planDigest: ContentDigest
    /// The plan's specification, read by the analysis.
    package var specification: [UInt8]
    /// The run directory as the coordinator names it, where storage is shared.
    package var runDirectory: String
    /// Content of the file `tiles/.probe` there, by which a worker knows that it sees the same one.
    package var storageProbe: String

    /// A welcome.
    package init(
        runID: String,
        epoch: UInt64,
        session: UInt64,
        heartbeatMilliseconds: Int,
        leaseMilliseconds: Int,
        planDigest: ContentDigest,
        specification: [UInt8],
        runDirectory: String,
        storageProbe: String
    ) {
        self.runID = runID
        self.epoch = epoch
        self.session = session
        self.heartbeatMilliseconds = heartbeatMilliseconds
        self.leaseMilliseconds = leaseMilliseconds
        self.planDigest = planDigest
        self.specification = specification
        self.runDirectory = runDirectory
        self.storageProbe = storageProbe
    }

    /// Silences that end leases until a session without any counts as lost.
    package static let idlePatience = 2

    /// Time between heartbeats, milliseconds.
    ///
    /// - Parameter isIdle: true for a worker that holds nothing: it has nothing to lose, and as many beats
    ///   as of others would only keep the coordinator of a thousand of them busy. A heartbeat less than a lease:
    ///   a lease that it has not heard of yet must not make it late.
    /// - Returns: at least a session's own interval.
    package func heartbeatMilliseconds(isIdle: Bool) -> Int {
        isIdle
            ? max(heartbeatMilliseconds, leaseMilliseconds - heartbeatMilliseconds)
            : heartbeatMilliseconds
    }

    /// Silence that a worker bears, milliseconds: one that is idle is answered less often.
    package func silenceMilliseconds(isIdle: Bool) -> Int {
        isIdle ? Self.idlePatience * leaseMilliseconds : leaseMilliseconds
    }
}

/// Why a worker is not admitted.
package struct Refusal: Hashable, Sendable {
    /// What does not fit.
    package var code: RefusalCode
    /// What the worker has.
    package var found: String
    /// What the run needs.
    package var wanted: String

    /// A refusal.
    package init(code: RefusalCode, found: String, wanted: String) {
        self.code = code
        self.found = found
        self.wanted = wanted
    }
}

/// What can keep a worker from being admitted.
package enum RefusalCode: String, Hashable, Sendable, CaseIterable {
    /// Another version of the protocol.
    case protocolVersion
    /// Another version of Sectile, GDAL or PROJ.
    case build
    /// The worker identity is in use by another live connection or key.
    case identity
    /// A message broke the protocol.
    case malformed
    /// The coordinator takes no more workers.
    case full
    /// The run is over.
    case finished

    /// True when trying again later may succeed.
    package var isRetryable: Bool {
        switch self {
        case .full, .identity: true
        case .protocolVersion, .build, .malformed, .finished: false
        }
    }
}

/// The right to compute a unit, with what it reads.
package struct LeaseGrant: Hashable, Sendable {
    /// The unit and its fence.
    package var lease: LeaseID
    /// The cells to compute.
    package var core: CellWindow
    /// Committed objects of earlier stages of the same tile, in stage order.
    package var inputs: [TileObject]
    /// Time after which the attempt is ended, seconds.
    package var wallLimitSeconds: Int
    /// True when nothing else may run on the worker meanwhile: the unit ran out of memory before.
    package var runsAlone: Bool

    /// A grant.
    package init(
        lease: LeaseID,
        core: CellWindow,
        inputs: [TileObject],
        wallLimitSeconds: Int,
        runsAlone: Bool = false
    ) {
        self.lease = lease
        self.core = core
        self.inputs = inputs
        self.wallLimitSeconds = wallLimitSeconds
        self.runsAlone = runsAlone
    }
}
