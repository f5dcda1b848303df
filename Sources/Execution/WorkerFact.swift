package import Tiling
package import WireProtocol

/// Where a worker's facts go: the log.
package protocol WorkerLog: Sendable {
    /// Records a fact; called on the worker's executor, so it must be quick.
    func record(_ fact: WorkerFact)
}

/// What a worker's log tells, one line each.
package enum WorkerFact: Hashable, Sendable {
    /// A connection stands.
    case connected
    /// The connection ended.
    case disconnected
    /// Hello was said, with what is still held from earlier sessions.
    case greeted(running: Int, unacknowledged: Int)
    /// Admitted.
    case welcomed(runID: String, epoch: UInt64, session: UInt64)
    /// Not admitted for now; tried again after the wait.
    case deferred(reason: String, wait: Duration)
    /// Another run than before: what was held for the old one is dropped.
    case runChanged(from: String, to: String)
    /// A coordinator that was replaced since; it is not served.
    case outdatedCoordinator(epoch: UInt64, newest: UInt64)
    /// The run's storage can be used.
    case storageVerified(path: String)
    /// A unit was begun.
    case began(LeaseID)
    /// A unit was computed.
    case computed(LeaseID, TileCost)
    /// An attempt failed.
    case failed(AttemptFailure)
    /// The lease is no longer this worker's.
    case fenced(LeaseID)
    /// A lease was given back.
    case released(LeaseID, reason: String)
    /// A grant without the constants of its round: the session starts anew.
    case briefMissing(LeaseID)
    /// Nothing was heard for as long as a lease lasts; connecting anew.
    case silence(Duration)
    /// The coordinator does not know this connection.
    case resynchronising
    /// What came was no message; connecting anew.
    case unreadable(String)
    /// Handshakes fail.
    case handshakeFailed(String)
    /// Taking nothing new.
    case draining(reason: String)
    /// The coordinator will be back.
    case coordinatorRestarting
    /// A slot has a process.
    case slotStarted(processID: Int)
    /// A slot's process ended, computing a unit where `lease` is one; it is replaced.
    case slotEnded(processID: Int, lease: LeaseID?, reason: String, peakResidentBytes: Int)
    /// The worker leaves.
    case left(WorkerExit)
}

extension WorkerFact {
    /// How much a fact matters, in the log's own terms.
    package enum Level: String, Hashable, Sendable, CaseIterable {
        /// Each tile.
        case debug
        /// Trouble that was overcome.
        case info
        /// Milestones.
        case notice
        /// Somebody should look.
        case warning
        /// The worker cannot go on.
        case error
    }

    /// The stable name that operators filter by.
    package var event: String {
        switch self {
        case .connected: "worker.connected"
        case .disconnected: "worker.disconnected"
        case .greeted: "worker.greeted"
        case .welcomed: "worker.welcomed"
        case .deferred: "worker.deferred"
        case .runChanged: "worker.runChanged"
        case .outdatedCoordinator: "worker.outdatedCoordinator"
        case .storageVerified: "worker.storageVerified"
        case .began: "tile.began"
        case .computed: "tile.computed"
        case .failed: "tile.failed"
        case .fenced: "tile.fenced"
        case .released: "tile.released"
        case .briefMissing: "worker.briefMissing"
        case .silence: "worker.coordinatorSilent"
        case .resynchronising: "worker.resynchronising"
        case .unreadable: "worker.unreadableMessage"
        case .handshakeFailed: "worker.handshakeFailed"
        case .draining: "worker.draining"
        case .coordinatorRestarting: "worker.coordinatorRestarting"
        case .slotStarted: "slot.started"
        case .slotEnded: "slot.ended"
        case .left: "worker.left"
        }
    }

    /// How much it matters.
    package var level: Level {
        switch self {
        case .greeted, .began, .computed, .connected, .storageVerified, .slotStarted: .debug
        case .disconnected, .deferred, .fenced, .released, .silence, .resynchronising,
            .coordinatorRestarting, .briefMissing:
            .info
        case .welcomed, .draining: .notice
        case .runChanged, .outdatedCoordinator, .unreadable, .handshakeFailed, .failed,
            .slotEnded:
            .warning
        case .left(let exit): exit.exitCode == 1 || exit.exitCode == 4 ? .error : .notice
        }
    }

    /// The lease that it is about, where it is about one.
    package var lease: LeaseID? {
        switch self {
        case .began(let lease), .computed(let lease, _), .fenced(let lease),
            .released(let lease, _), .briefMissing(let lease):
            lease
        case .failed(let failure): failure.lease
        case .slotEnded(_, let lease, _, _): lease
        default: nil
        }
    }

    /// True when a session, where there was one, is over with it.
    package var endsSession: Bool {
        switch self {
        case .disconnected, .greeted, .deferred, .runChanged, .outdatedCoordinator, .briefMissing,
            .silence, .unreadable, .handshakeFailed, .coordinatorRestarting:
            true
        case .connected, .welcomed, .storageVerified, .began, .computed, .failed, .fenced,
            .released,
            .resynchronising, .draining, .slotStarted, .slotEnded, .left:
            false
        }
    }

    /// Peak resident memory that it tells, bytes; nil where it tells none.
    package var peakResidentBytes: Int? {
        switch self {
        case .computed(_, let cost): cost.peakResidentBytes
        case .failed(let failure): failure.peakResidentBytes
        case .slotEnded(_, _, _, let bytes): bytes
        default: nil
        }
    }

    /// What happened, as a sentence for people; what varies stands in it.
    package var sentence: String {
        switch self {
        case .connected: "connected to the coordinator"
        case .disconnected: "the connection to the coordinator ended; dialling again"
        case .greeted(let running, let unacknowledged):
            "said hello with \(running) leases running and \(unacknowledged) results unacknowledged"
        case .welcomed(let runID, let epoch, let session):
            "joined run \(runID), epoch \(epoch), session \(session)"
        case .deferred(let reason, let wait): "not admitted: \(reason); next try in \(wait)"
        case .runChanged(let old, let new): "run \(old) was replaced by run \(new)"
        case .outdatedCoordinator(let epoch, let newest):
            "a coordinator of epoch \(epoch) answered, but epoch \(newest) was seen"
        case .storageVerified(let path): "the run directory \(path) can be used"
        case .began(let lease): "computing \(lease)"
        case .computed(let lease, let cost): "computed \(lease) in \(cost.totalSeconds) s"
        case .failed(let failure):
            "\(failure.lease) failed (\(failure.failureClass.rawValue)): \(failure.message)"
        case .fenced(let lease): "\(lease) is no longer this worker's; its outcome is discarded"
        case .released(let lease, let reason): "gave back \(lease): \(reason)"
        case .briefMissing(let lease): "\(lease) was granted before its constants came"
        case .silence(let duration): "the coordinator was silent for \(duration); connecting anew"
        case .resynchronising: "the coordinator asks for a new hello"
        case .unreadable(let reason): "a message of the coordinator cannot be read: \(reason)"
        case .handshakeFailed(let reason): "the connection was not accepted: \(reason)"
        case .draining(let reason): "taking nothing new: \(reason)"
        case .coordinatorRestarting: "the coordinator restarts; computing goes on"
        case .slotStarted(let processID): "process \(processID) serves a slot"
        case .slotEnded(_, _, let reason, _): reason
        case .left(let exit): "leaving: \(exit)"
        }
    }
}
