internal import Tiling
internal import WireProtocol

extension WorkerState {
    /// Stops the program when the state contradicts itself; for tests.
    package func checkInvariants() {
        let violations = invariantViolations()
        precondition(violations.isEmpty, violations.joined(separator: "\n"))
    }

    /// What does not hold although it always should between events.
    package func invariantViolations() -> [String] {
        var violations: [String] = []
        func require(_ condition: Bool, _ text: String) {
            if !condition { violations.append(text) }
        }
        require(effects.isEmpty, "effects are left over")
        require(running.count <= identity.slots, "more units run than there are slots")
        require(
            waiting.isEmpty || waiting.count + running.count <= identity.credit,
            "more leases are held than the credit"
        )
        require(
            running.count + results.count <= identity.credit + identity.slots,
            "more results are kept than the bound"
        )
        require(waiting.isEmpty || isInSession, "leases wait outside a session")
        require(waiting.isEmpty || drain == nil, "leases wait while draining")
        require(briefs.count <= Self.maximumBriefs, "too many rounds are kept")
        require(failures.isEmpty || !isInSession, "failures are kept in a session")
        require(
            !isInSession || results.allSatisfy { $0.sentAt != nil },
            "a result is untold in a session"
        )
        require(isInSession == (session != nil), "a session without a welcome")
        require(
            (outOfSessionSince == nil) == isInSession || phase == .created || exit != nil,
            "the time without a session is not counted"
        )
        let leases =
            running.filter { !$0.isCancelled }.map(\.lease) + waiting.map(\.lease)
            + results.map(\.result.lease) + failures.map(\.lease)
        require(Set(leases).count == leases.count, "a lease is held twice")
        require(exit == nil || nextDeadline == nil, "a deadline after leaving")
        return violations
    }
}
