import RunStore

/// Whether a run that was ended on purpose may begin again.
///
/// A service manager starts a coordinator again whatever ended it; what an operator has cancelled, or a
/// limit has given up, must not go on by that.
struct Restart {
    /// True when the operator asks for it.
    let isWanted: Bool
    /// Quarantined tiles beyond which the run is hopeless; nil for any number.
    let quarantineLimit: Int?
    /// The run directory, for messages.
    let directory: String

    /// Checks that the run may go on as the journal knows it.
    ///
    /// - Throws: `CommandError` with exit code 2 where an operator has to decide first.
    func check(_ snapshot: JournalSnapshot) throws {
        guard !isWanted, let reason = reason(against: snapshot) else { return }
        throw CommandError.usage("\(directory): \(reason)")
    }

    private func reason(against snapshot: JournalSnapshot) -> String? {
        switch snapshot.phase {
        case .cancelled:
            return
                "the run was cancelled; `sectile resume \(directory)` or --retry begins it again "
                + "from what is committed, --new from nothing"
        case .failed:
            let count = snapshot.units.count { $0.state == .quarantined }
            guard let quarantineLimit, count > quarantineLimit else { return nil }
            return "the run was given up: \(count) tiles are quarantined, more than "
                + "\(quarantineLimit) (--max-quarantined); mend the cause, then give --retry, or a "
                + "higher limit"
        case .running, .paused, .done, .incomplete: return nil
        }
    }
}
