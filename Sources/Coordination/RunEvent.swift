package import Messaging
package import Tiling
package import WireProtocol

/// Everything that can happen to a run; each is a fact about the past.
package enum RunEvent: Hashable, Sendable {
    /// A peer said something; `userID` is the key that its connection proved.
    case received(WorkerMessage, from: PeerID, userID: String)
    /// A peer said something that is no message.
    case messageRejected(Refusal, from: PeerID)
    /// A message could not be delivered: the connection is gone, or its reader does not read.
    case connectionLost(PeerID)
    /// A worker process of this host, started by this process, has ended.
    ///
    /// The class tells a crash, or an end by the system for want of memory; nil for any other end.
    case localWorkerExited(processID: Int, host: String, FailureClass?, reason: String)
    /// A worker that is away, as a rule since before a restart, is known to be dead.
    case workerFoundDead(WorkerID, reason: String)
    /// The object of a reported result was compared with its description; nil when it agrees.
    case objectVerified(LeaseID, discrepancy: String?)
    /// The object of a reported result was fetched from its worker and is in place.
    case objectStored(LeaseID)
    /// A committed object was found missing or changed.
    case objectLost(WorkUnit, reason: String)
    /// The clock moved; said at least once each ``LeasePolicy/tickMilliseconds``.
    case timePassed
    /// Records could not be made durable; they will be tried again.
    case journalFailed(String)
    /// Records are durable again.
    case journalRecovered
    /// A round of a stage was reduced.
    case reductionFinished(Stage, round: Int, StageReduction)
    /// A round of a stage cannot be reduced.
    case reductionFailed(Stage, round: Int, reason: String)
    /// An operator asked that nothing new is begun.
    case pauseRequested
    /// An operator asked to go on, after a pause or with a run that was cancelled.
    case resumeRequested
    /// An operator asked to end the run.
    case cancelRequested
    /// An operator asked that a worker finishes and leaves.
    case drainRequested(WorkerID)
    /// Keys are no longer admitted; as `userID` in ``received(_:from:userID:)``.
    case keysRevoked(Set<String>)
    /// An operator asked to try quarantined tiles again: one, or all.
    case retryRequested(TileID?)
    /// The coordinator was asked to end, to be started again later.
    case shutdownRequested

    /// True for what happens all the time and, as a rule, changes nothing but when a worker was heard.
    var isRoutine: Bool {
        switch self {
        case .timePassed, .received(.heartbeat, _, _): true
        default: false
        }
    }

    /// What a worker is refused with.
    package typealias Refusal = WireProtocol.Refusal
}
