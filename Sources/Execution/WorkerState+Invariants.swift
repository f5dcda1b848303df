internal import Tiling
internal import WireProtocol

extension WorkerState {
    /// Checks what always holds between events; for tests, after each step.
    package func checkInvariants() {
        precondition(effects.isEmpty, "effects are left over")
        precondition(running.count <= identity.slots, "more units run than there are slots")
        precondition(
            waiting.isEmpty || waiting.count + running.count <= identity.credit,
            "more leases are held than the credit"
        )
        precondition(
            running.count + results.count <= identity.credit + identity.slots,
            "more results are kept than the bound"
        )
        precondition(waiting.isEmpty || isInSession, "leases wait outside a session")
        precondition(waiting.isEmpty || drain == nil, "leases wait while draining")
        precondition(briefs.count <= Self.maximumBriefs, "too many rounds are kept")
        precondition(failures.isEmpty || !isInSession, "failures are kept in a session")
        precondition(
            !isInSession || results.allSatisfy { $0.sentAt != nil },
            "a result is untold in a session"
        )
        precondition(isInSession == (session != nil), "a session without a welcome")
        precondition((outOfSessionSince == nil) == isInSession || phase == .created || exit != nil)
        let leases =
            running.filter { !$0.isCancelled }.map(\.lease) + waiting.map(\.lease)
            + results.map(\.result.lease) + failures.map(\.lease)
        precondition(Set(leases).count == leases.count, "a lease is held twice")
        precondition(exit == nil || nextDeadline == nil, "a deadline after leaving")
    }
}
